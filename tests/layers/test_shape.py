import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import flatten, identity, reshape


def test_a_flattened_image_of_28x28_has_784_inputs():
    assert flatten(jnp.ones((3, 28, 28, 1))).shape == (3, 784)


def test_flatten_concatenates_the_rows():
    np.testing.assert_array_equal(flatten(jnp.array([[[1, 2], [3, 4]]])), [[1, 2, 3, 4]])


def test_flatten_keeps_an_empty_batch_and_makes_a_column_of_one_axis():
    assert flatten(jnp.ones((0, 4, 5))).shape == (0, 20)
    assert flatten(jnp.ones(7)).shape == (7, 1)


def test_identity_returns_x():
    x = jnp.ones(3)
    assert identity(x) is x


@pytest.mark.parametrize(
    ("shape", "x", "want"),
    [((2, 3), (4, 6), (4, 2, 3)), ((-1,), (4, 2, 3), (4, 6)), ((3, -1), (0, 6), (0, 3, 2)), ((), (4, 1), (4,))],
)
def test_reshape_keeps_the_batch(shape, x, want):
    assert reshape(*shape).apply({}, {}, jnp.ones(x))[0].shape == want


@pytest.mark.parametrize(("shape", "x"), [((4,), (2, 6)), ((4, -1), (2, 6)), ((), (2, 6))])
def test_a_shape_of_another_size_raises(shape, x):
    with pytest.raises(ValueError, match=r"reshape\(.*\) does not match 6 values per example"):
        reshape(*shape).apply({}, {}, jnp.ones(x))


@pytest.mark.parametrize("shape", [(-1, -1), (-2,), (1.5,), ("2",)])
def test_invalid_arguments_raise_when_the_layer_is_built(shape):
    with pytest.raises(ValueError, match="expected integers, at most one of them -1"):
        reshape(*shape)
