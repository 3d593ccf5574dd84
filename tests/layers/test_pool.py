import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.layers import by_hand
from zoo.layers import avg_pool, global_avg_pool, global_max_pool, max_pool, upsample

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
ARTICLE = jnp.array([[15.0, 8.0], [20.0, 9.0]]).reshape(1, 2, 2, 1)


def run(layer, x):
    return np.asarray(layer.apply({}, {}, x)[0])


def test_max_pool_of_the_article_gives_20():
    assert run(max_pool(2), ARTICLE).ravel() == [20]


def test_avg_pool_of_the_article_gives_13():
    assert run(avg_pool(2), ARTICLE).ravel() == [13]


# input, arguments, and by hand: (size, strides, padding)
POOLS = {
    "1-D": ((2, 7, 3), (2,), ([2], [2], [(0, 0)])),
    "2-D": ((2, 6, 5, 2), (2,), ([2, 2], [2, 2], [(0, 0)] * 2)),
    "overlapping": ((1, 7, 6, 2), (3, 2), ([3, 3], [2, 2], [(0, 0)] * 2)),
    "gaps": ((1, 7, 2), (2, 3), ([2], [3], [(0, 0)])),
    "same": ((1, 7, 6, 2), (3, 2, "SAME"), ([3, 3], [2, 2], [(1, 1), (0, 1)])),
    "per axis": ((1, 4, 6, 2), ((1, 3), (2, 1)), ([1, 3], [2, 1], [(0, 0)] * 2)),
    "pairs": ((1, 4, 2), (3, 1, [(2, 0)]), ([3], [1], [(2, 0)])),
    "3-D": ((1, 4, 3, 5, 1), (2, None, "SAME"), ([2] * 3, [2] * 3, [(0, 0), (0, 1), (0, 1)])),
}


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(("pool", "join"), [(max_pool, np.max), (avg_pool, np.mean)], ids=["max", "avg"])
def test_pooling_equals_the_windows_written_out(pool, join, name):
    shape, arguments, by = POOLS[name]
    x = (rng.normal(size=shape) - 5).astype(np.float32)  # below 0: padding with zeros would show
    np.testing.assert_allclose(run(pool(*arguments), x), by_hand.pool(x, join, *by), rtol=1e-5)


def test_max_pool_keeps_integer_dtypes_and_avg_pool_does_not_overflow():
    x = np.full((1, 4, 1), 200, np.uint8)
    assert run(max_pool(2, 2, [(1, 1)]), x).dtype == np.uint8
    np.testing.assert_array_equal(run(avg_pool(4), x).ravel(), [200.0])


def test_tied_maxima_share_the_gradient():
    gradient = jax.grad(lambda x: max_pool(2).apply({}, {}, x)[0].sum())(jnp.ones((1, 4, 4, 1)))
    np.testing.assert_allclose(gradient, np.full((1, 4, 4, 1), 0.25))


def test_the_gradient_of_max_pool_goes_to_the_largest():
    gradient = jax.grad(lambda x: max_pool(2).apply({}, {}, x)[0].sum())(ARTICLE)
    np.testing.assert_array_equal(gradient.ravel(), [0, 0, 1, 0])


def test_global_pools_return_one_value_per_channel():
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    np.testing.assert_allclose(run(global_avg_pool(), x), x.reshape(2, 12, 5).mean(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(run(global_max_pool(), x), x.reshape(2, 12, 5).max(1))


def test_upsampling_by_the_nearest_repeats_every_cell():
    x = jnp.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(run(upsample((1, 2)), x)[0, :, :, 0], [[1, 1, 2, 2], [3, 3, 4, 4]])


def test_linear_upsampling_interpolates_between_the_centres():
    x = jnp.array([0.0, 4.0]).reshape(1, 2, 1)
    np.testing.assert_allclose(run(upsample(2, "linear"), x).ravel(), [0, 1, 3, 4])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: max_pool(0), "size must be a positive integer"),
        (lambda: avg_pool(2, 0), "strides must be a positive integer"),
        (lambda: max_pool(2, padding="full"), "padding 'FULL' is not known"),
        (lambda: upsample(2, "lineal"), "did you mean 'linear'"),
        (lambda: upsample(1.5), "factor must be a positive integer"),
    ],
)
def test_invalid_arguments_raise_when_the_layer_is_built(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_window_larger_than_the_image_raises():
    with pytest.raises(ValueError, match=r"max_pool\(3\): a window of 3x3 does not fit an input of 2x8"):
        run(max_pool(3), jnp.zeros((1, 2, 8, 1)))


@pytest.mark.parametrize("pool", [max_pool, avg_pool])
@pytest.mark.parametrize(
    ("size", "strides", "padding", "n"),
    [(2, 2, (2, 0), 4), (2, 2, (0, 2), 4), (2, 2, (0, 3), 3), (3, 1, (0, 3), 4), (2, 1, (1, 1), 0)],
)
def test_a_window_wholly_in_the_padding_raises(pool, size, strides, padding, n):
    with pytest.raises(ValueError, match=r"pool\(\d\): with the padding .* a window lies wholly in the padding"):
        run(pool(size, strides, [padding]), jnp.zeros((1, n, 1)))


def test_partial_windows_at_both_ends_are_pooled():
    x = jnp.arange(1.0, 5).reshape(1, 4, 1)
    np.testing.assert_array_equal(run(avg_pool(2, 2, [(1, 1)]), x).ravel(), [1, 2.5, 4])
    np.testing.assert_array_equal(run(max_pool(2, 2, [(1, 1)]), x).ravel(), [1, 3, 4])
    np.testing.assert_array_equal(run(max_pool(3, 3, [(2, 1)]), x).ravel(), [1, 4])


def test_max_pool_of_booleans_is_whether_any_is_true():
    x = jnp.array([True, False, False, False]).reshape(1, 4, 1)
    assert run(max_pool(2), x).ravel().tolist() == [True, False]
    assert run(max_pool(2, 2, [(1, 1)]), x).ravel().tolist() == [True, False, False]


@pytest.mark.parametrize("pool", [global_avg_pool(), global_max_pool()])
def test_global_pools_of_no_cells_raise(pool):
    with pytest.raises(ValueError, match="expects at least one cell"):
        run(pool, jnp.zeros((2, 0, 3, 4)))
