import jax
import jax.numpy as jnp
import pytest

from zoo.layers import conv, dense, flatten, gru_cell, lstm_cell, scan, serial
from zoo.train.runtime.jaxpr import CONVOLUTION, loop_matmul_sizes, primitives


def test_a_convolution_is_found_inside_inner_programs(key):
    model = serial(conv(2, 3), flatten, dense(1))
    x = jnp.ones((1, 4, 4, 2))
    params, state = model.init(key, x)
    inside = jax.make_jaxpr(lambda x: jax.jit(jax.checkpoint(lambda x: model.apply(params, state, x)[0]))(x))(x)
    assert CONVOLUTION in primitives(inside)
    assert CONVOLUTION not in primitives(jax.make_jaxpr(lambda x: x @ x)(jnp.ones((2, 2))))


@pytest.mark.parametrize(("cell", "gates", "at_once"), [(lstm_cell, 4, 1), (gru_cell, 3, 2)])
def test_the_products_of_a_recurrent_network_are_those_of_one_time_step(cell, gates, at_once, key):
    batch, steps, numbers, width = 2, 5, 3, 8
    layer = scan(cell(width))
    x = jnp.ones((batch, steps, numbers))
    params, state = layer.init(key, x)
    forward = loop_matmul_sizes(jax.make_jaxpr(lambda p: layer.apply(p, state, x)[0])(params))
    assert len(forward) == at_once
    assert sum(forward) == batch * (numbers + width) * gates * width
    both = loop_matmul_sizes(jax.make_jaxpr(jax.grad(lambda p: layer.apply(p, state, x)[0].sum()))(params))
    # The weights' gradient is made outside the loop over time, chunk by chunk, in products that are larger.
    assert max(both) == batch * max(numbers + width if at_once == 1 else width, width) * gates * width


def test_products_outside_of_loops_do_not_count():
    assert loop_matmul_sizes(jax.make_jaxpr(lambda x: x @ x)(jnp.ones((4, 4)))) == []
