"""Every cell against its equations, written out in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import compose, dense
from zoo.layers.base import Layer
from zoo.layers.cells import Cell, stateless_cell
from zoo.layers.gru import gru_cell
from zoo.layers.lstm import lstm_cell
from zoo.layers.rnn import rnn_cell
from zoo.layers.scan import scan

pytestmark = pytest.mark.usefixtures("quick_compiler")

H, P, FEATURES = 5, 3, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def norm(x, gain):
    return gain * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def filled(layer, x):
    """Parameters and state of random numbers: nothing is 0, and nothing has to be compiled."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def drawn(cell, key):
    """Parameters without a zero among them, an input and a carry, for jax and for numpy."""
    x = jax.random.normal(key, (2, FEATURES))
    params, _ = filled(cell, (None, x))
    carry = jax.tree.map(lambda leaf: jax.random.normal(key, leaf.shape), cell.carry(params, x))
    (after, y), _ = jax.jit(cell.apply)(params, {}, (carry, x))
    return jax.tree.map(np.asarray, (params, carry, x, after, y))


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)


def test_the_rnn_cell_is_elmans_equation(key):
    p, h, x, after, y = drawn(rnn_cell(H), key)
    close(y, np.tanh(x @ p["w_x"] + h @ p["w_h"] + p["b"]))
    close(after, y)


def test_the_rnn_cell_takes_an_activation_and_layer_norm(key):
    p, h, x, _, y = drawn(rnn_cell(H, "relu", layer_norm=True), key)
    close(y, np.maximum(norm(x @ p["w_x"], p["scale_x"]) + norm(h @ p["w_h"], p["scale_h"]) + p["b"], 0))


def test_the_lstm_cell_is_the_equations_with_a_forget_gate(key):
    p, (h, c), x, after, y = drawn(lstm_cell(H), key)
    i, f, g, o = np.split(x @ p["w_x"] + h @ p["w_h"] + p["b"], 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    close(y, sigmoid(o) * np.tanh(c))
    close(after[0], y)
    close(after[1], c)


def test_peepholes_connect_the_old_c_to_i_and_f_and_the_new_c_to_o(key):
    p, (h, c), x, _, y = drawn(lstm_cell(H, peepholes=True), key)
    i, f, g, o = np.split(x @ p["w_x"] + h @ p["w_h"] + p["b"], 4, axis=1)
    c = sigmoid(f + p["p_f"] * c) * c + sigmoid(i + p["p_i"] * c) * np.tanh(g)
    close(y, sigmoid(o + p["p_o"] * c) * np.tanh(c))


def test_the_projection_makes_h_smaller_than_c(key):
    p, (h, c), x, after, y = drawn(lstm_cell(H, projection=P), key)
    i, f, g, o = np.split(x @ p["w_x"] + h @ p["w_h"] + p["b"], 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    close(y, (sigmoid(o) * np.tanh(c)) @ p["w_p"])
    assert after[0].shape == (2, P)
    assert after[1].shape == (2, H)


def test_layer_norm_in_the_lstm_is_that_of_ba_et_al(key):
    p, (h, c), x, _, y = drawn(lstm_cell(H, layer_norm=True), key)
    gates = norm(x @ p["w_x"], p["scale_x"]) + norm(h @ p["w_h"], p["scale_h"]) + p["b"]
    i, f, g, o = np.split(gates, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    close(y, sigmoid(o) * np.tanh(norm(c, p["scale_c"]) + p["b_c"]))


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("reset", ["before", "after"])
def test_the_gru_cell_resets_before_or_after_the_product(reset, layer_norm, key):
    p, h, x, after, y = drawn(gru_cell(H, reset=reset, layer_norm=layer_norm), key)
    two = 2 * H

    def product(scale, product, part):
        return norm(product, p[scale][part]) if layer_norm else product

    def both(part, h):
        u = product("scale_x", x @ p["w_x"][:, part], part) + p["b"][part]
        return u, product("scale_h", h @ p["w_h"][:, part], part)

    r, z = np.split(sigmoid(sum(both(slice(0, two), h))), 2, axis=1)
    u, recurrent = both(slice(two, None), h if reset == "after" else r * h)
    n = np.tanh(u + (r * (recurrent + p["b_h"]) if reset == "after" else recurrent))
    close(y, z * h + (1 - z) * n)
    close(after, y)


def test_the_forget_gate_starts_open_and_recurrent_kernels_orthogonal(key):
    params, _ = lstm_cell(H, forget_bias=2.0).init(key, (None, jnp.zeros((1, FEATURES))))
    np.testing.assert_array_equal(params["b"], np.repeat([0, 2, 0, 0], H))
    for kernel in np.split(np.asarray(params["w_h"]), 4, axis=1):
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(H), atol=1e-5)


@pytest.mark.parametrize("cell", [rnn_cell(H), lstm_cell(H), lstm_cell(H, projection=P), gru_cell(H)])
def test_a_carry_of_none_is_the_first_carry_and_that_is_zero(cell, key):
    x = jnp.ones((2, FEATURES))
    params, state = filled(cell, (None, x))
    first = cell.carry(params, x)
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(first))
    got, want = (cell.apply(params, state, (carry, x))[0] for carry in (None, first))
    jax.tree.map(np.testing.assert_array_equal, got, want)


def test_a_cell_is_a_pair_and_a_part_of_compose_like_any_layer(key):
    cell = gru_cell(H)
    assert isinstance(cell, Layer)
    init, apply = cell
    assert (init, apply) == (cell.init, cell.apply)

    def wiring(call, x):
        carry, y = call("cell", x)
        return carry, call("head", y)

    both = compose(wiring, cell=cell, head=dense(2))
    x = jnp.ones((3, 6, FEATURES))
    model = scan(Cell(*both, carry=lambda params, x_t: cell.carry(params["cell"], x_t)))
    params, state = filled(model, x)
    assert model.apply(params, state, x)[0].shape == (3, 6, 2)


def test_a_first_carry_can_be_learned(key):
    cell = stateless_cell(
        lambda key, x: {"first": jnp.full(2, 3.0)},
        lambda params, carry, x, key: (carry + x, carry),
        lambda params, x: jnp.broadcast_to(params["first"], x.shape),
    )
    layer, x = scan(cell, output="last"), jnp.ones((4, 3, 2))
    params, state = layer.init(key, x)
    np.testing.assert_array_equal(layer.apply(params, state, x)[0], np.full((4, 2), 5.0))
    np.testing.assert_array_equal(jax.grad(lambda p: layer.apply(p, state, x)[0].sum())(params)["first"], [4, 4])


@pytest.mark.parametrize("make", [rnn_cell, lstm_cell, gru_cell])
def test_recurrent_dropout_drops_h_in_training_alone(make, key):
    plain, dropping = make(H), make(H, recurrent_dropout=0.5)
    x = jnp.ones((2, FEATURES))
    params, state = filled(plain, (None, x))
    carry = jax.tree.map(lambda leaf: leaf + 1, plain.carry(params, x))
    want = plain.apply(params, state, (carry, x))[0][1]
    np.testing.assert_array_equal(dropping.apply(params, state, (carry, x))[0][1], want)
    assert not np.allclose(dropping.apply(params, state, (carry, x), key)[0][1], want)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: rnn_cell(0), "width must be a positive integer"),
        (lambda: rnn_cell(4, "rleu"), "did you mean 'relu'"),
        (lambda: lstm_cell(4, projection=0), "projection must be a positive integer"),
        (lambda: gru_cell(4, reset="befor"), "did you mean 'before'"),
        (lambda: gru_cell(4, recurrent_dropout=1.0), "recurrent_dropout must be in"),
    ],
)
def test_invalid_arguments_raise_when_the_cell_is_built(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("make", "name", "fast"),
    [
        (rnn_cell, "rnn_cell", False),
        (lstm_cell, "lstm_cell", False),
        (lstm_cell, "lstm_cell", True),
        (gru_cell, "gru_cell", True),
    ],
)
def test_an_invalid_input_raises_an_error_that_names_the_cell(make, name, fast, key):
    layer = scan(make(H), fast=fast)
    params, state = filled(layer, jnp.ones((2, 3, FEATURES)))
    with pytest.raises(ValueError, match=rf"{name}\(5\) was initialised for 4 features, got 7"):
        layer.apply(params, state, jnp.ones((2, 3, 7)))
    with pytest.raises(ValueError, match=rf"{name}\(5\) expects float inputs .*int32\[2\]"):
        layer.apply(params, state, jnp.ones((2, 3), jnp.int32))


@pytest.mark.parametrize("make", [lstm_cell, gru_cell])
def test_kernels_are_factored_one_at_a_time_for_many_devices_of_one_cpu(make, key):
    """A batch of factorings wants more threads than devices that pass for many leave it, and waits for ever."""
    program = jax.make_jaxpr(lambda key: make(H).init(key, (None, jnp.ones((2, FEATURES)))))(key)
    factored = [e.invars[0].aval.ndim for e in equations(program) if e.primitive.name in ("qr", "geqrf")]
    assert factored == [2]


def equations(jaxpr):
    for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns:
        yield equation
        for value in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda v: hasattr(v, "jaxpr")):
            if hasattr(getattr(value, "jaxpr", value), "eqns"):
                yield from equations(value)
