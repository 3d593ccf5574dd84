import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import embed

pytestmark = pytest.mark.usefixtures("quick_compiler")

TABLE = {"w": np.arange(10.0, dtype=np.float32).reshape(5, 2)}


@pytest.mark.parametrize("dtype", ["int32", "uint8", "int16"])
def test_each_token_returns_its_row(dtype):
    words = jnp.array([[0, 4], [1, 1]], dtype)
    y, _ = embed(5, 2).apply(TABLE, {}, words)
    np.testing.assert_array_equal(y, [[[0, 1], [8, 9]], [[2, 3], [2, 3]]])


def test_the_gradient_of_a_row_sums_over_the_occurrences_of_its_token():
    words = jnp.array([1, 1, 3])
    gradient = jax.grad(lambda params: embed(5, 2).apply(params, {}, words)[0].sum())(TABLE)
    np.testing.assert_array_equal(gradient["w"][:, 0], [0, 2, 0, 1, 0])


def test_a_token_outside_the_vocabulary_gives_nan():
    y, _ = jax.jit(embed(5, 2).apply)(TABLE, {}, jnp.array([-1, 5, 4]))
    assert jnp.isnan(y).all(-1).tolist() == [True, True, False]


def test_rows_have_length_one_on_average(key):
    w = embed(500, 64).init(key, jnp.zeros(1, "int32"))[0]["w"]
    assert float(jnp.square(w).sum(-1).mean()) == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("dtype", ["float32", "bool"])
def test_non_integers_raise_at_init_and_apply(dtype, key):
    x = jnp.ones((2, 3), dtype)
    with pytest.raises(TypeError, match=rf"embed\(5, 2\) expects integers from 0 to 4, got {dtype}"):
        embed(5, 2).init(key, x)
    with pytest.raises(TypeError, match="expects integers"):
        embed(5, 2).apply(TABLE, {}, x)


@pytest.mark.parametrize(("arguments", "name"), [((0, 2), "vocabulary"), ((5, 0), "width"), ((5.0, 2), "vocabulary")])
def test_invalid_arguments_raise_when_the_layer_is_built(arguments, name):
    with pytest.raises(ValueError, match=f"embed: {name} must be a positive integer"):
        embed(*arguments)
