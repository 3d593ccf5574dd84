"""The U-Net keeps the laws of layers, gives images of the size that it was given, and refuses what it cannot halve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.laws import DEAR, LAWS
from zoo._unet import patches, unet

pytestmark = pytest.mark.usefixtures("quick_compiler")
LOOK = patches((3, 4))


@pytest.mark.parametrize("law", [pytest.param(law, marks=pytest.mark.expensive if law in DEAR else ()) for law in LAWS])
def test_the_patch_discriminator_satisfies_every_law(law, key):
    """The U-Net is tested through the models that are built on it."""
    LAWS[law](LOOK, jnp.asarray(np.random.default_rng(0).normal(size=(4, 8, 12, 3)), jnp.float32), key)


@pytest.mark.parametrize(("depth", "shape"), [(1, (2, 2)), (2, (28, 28)), (3, (8, 16)), (5, (32, 64))])
def test_any_size_divisible_by_2_to_the_depth_is_preserved(depth, shape, key):
    x = jax.ShapeDtypeStruct((3, *shape, 1), jnp.float32)
    net = unet(3, (2,) * (depth + 1))
    made = jax.eval_shape(net.init, key, x)
    assert jax.eval_shape(net.apply, *made, x)[0].shape == (3, *shape, 3)


@pytest.mark.parametrize("shape", [(28, 28), (32, 30), (4, 8)])
def test_any_other_size_raises_an_error_with_the_divisor(shape, key):
    with pytest.raises(ValueError, match=f"divisible by 8, got {shape[0]}x{shape[1]}; use fewer filters"):
        unet(1, (2, 2, 2, 2)).init(key, jnp.zeros((1, *shape, 1)))


def test_a_network_without_halvings_raises():
    with pytest.raises(ValueError, match="at least two numbers"):
        unet(1, (8,))


def made(net, x, key):
    return jax.jit(lambda x: net.apply(*net.init(key, x), x)[0])(x)


def test_outputs_are_between_minus_1_and_1(key):
    y = made(unet(1, (4, 4)), 100 * jax.random.normal(key, (2, 8, 8, 1)), key)
    assert 0.5 < jnp.abs(y).max() <= 1


def test_each_output_pixel_depends_on_near_and_far_pixels(key):
    """The straight way keeps what is sharp, the halvings bring what is far: both reach the output."""
    net = unet(1, (4, 4, 4))
    x = jax.random.normal(key, (1, 16, 16, 1))
    felt = jax.jit(jax.grad(lambda x: net.apply(*net.init(key, x), x)[0][0, 8, 8, 0]))(x)
    felt = jnp.abs(felt)[0, ..., 0]
    assert felt[8, 8] > 2 * jnp.median(felt)
    assert felt[2, 8] > 0
    assert felt[8, 13] > 0


def test_distant_patches_have_independent_logits(key):
    """What a change here adds to the score does not depend on a change there."""
    x = np.random.default_rng(0).normal(size=(1, 64, 64, 1)).astype(np.float32)
    here, there = x.copy(), x.copy()
    here[:, :8, :8], there[:, -8:, -8:] = 3, -3
    both = here.copy()
    both[:, -8:, -8:] = -3
    none, one, other, two = made(patches((4, 6)), np.concatenate([x, here, there, both]), key)[:, 0]
    assert abs(one - none) > 1e-3
    np.testing.assert_allclose(two - other, one - none, rtol=1e-3)
