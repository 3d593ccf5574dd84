"""The LSTM's chunked backward pass, held to the plain scan in float64."""

import jax
import numpy as np
import pytest

from tests.layers.recurrence import float64, gradients, held_to_the_plain_form, mapped
from zoo.layers.fast.chunked import chunk_length
from zoo.layers.lstm import lstm_cell
from zoo.layers.scan import scan
from zoo.layers.sequence import Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("time", "case"),
    [
        (5, "forward"),
        (23, "reverse"),
        (23, "forward lengths"),
        (23, "reverse lengths"),
        (23, "last lengths"),
        (28, "reverse last"),
        (28, "rows lengths"),
    ],
)
def test_the_chunked_lstm_has_the_gradients_of_the_plain_scan(time, case):
    held_to_the_plain_form(lstm_cell(6), time, case)


def test_the_chunked_gradient_is_that_of_finite_differences():
    with float64():
        layer = scan(lstm_cell(3), output="last")
        rng = np.random.default_rng(0)
        x = rng.normal(size=(2, 9, 2))
        params, _ = jax.tree.map(lambda s: rng.normal(size=s.shape), jax.eval_shape(layer.init, jax.random.key(0), x))
        loss = jax.jit(lambda params: (layer.apply(params, {}, Sequence(x, np.array([9, 4])))[0] ** 2).sum())
        got = jax.jit(jax.grad(loss))(params)
        way = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape), params)
        ends = [loss(jax.tree.map(lambda p, w, s=s: p + s * 1e-5 * w, params, way)) for s in (1, -1)]
        slope = sum(jax.tree.leaves(jax.tree.map(lambda g, w: (g * w).sum(), got, way)))
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-5, rtol=1e-7)


@pytest.mark.expensive
def test_second_derivatives_agree_and_forward_mode_has_the_plain_form():
    with float64():
        fast, plain, params = gradients(lstm_cell(3))
        rng = np.random.default_rng(1)
        way = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape), params)

        def product(loss):
            """Gives the Hessian times `way`, reverse over reverse."""

            def slope(p):
                return sum(jax.tree.leaves(jax.tree.map(lambda g, w: (g * w).sum(), jax.grad(loss)(p), way)))

            return jax.jit(jax.grad(slope))(params)

        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-10), product(fast), product(plain))
        slope = jax.jit(lambda p: jax.jvp(plain, (p,), (way,))[1])(params)
        want = sum(jax.tree.leaves(jax.tree.map(lambda g, w: (g * w).sum(), jax.jit(jax.grad(fast))(params), way)))
        np.testing.assert_allclose(slope, want, rtol=1e-10)
        with pytest.raises(TypeError, match="forward-mode"):
            jax.jvp(fast, (params,), (way,))


def test_an_ensemble_of_chunked_lstms_has_each_members_gradient():
    mapped(lstm_cell(4))


def test_chunks_are_of_7_to_16_steps():
    assert [chunk_length(time) for time in (1, 16, 28, 128, 784)] == [1, 16, 14, 16, 16]
    assert all(7 <= chunk_length(time) <= 16 for time in range(17, 500))
