"""The deep convolutional GAN: its shapes, its first kernels, and the sizes that it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import dcgan
from zoo.train import recipe_for
from zoo.train.errors import BadInput
from zoo.train.trained.build import ModelSpec, build

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("shape", "filters"), [((8, 8, 1), (4, 6)), ((28, 28, 1), (4, 6)), ((32, 32, 3), (4, 6, 8)), ((12, 20, 3), (4,))]
)
def test_generated_images_have_the_requested_size(shape, filters):
    model = dcgan(shape, latent=5, filters=filters)
    params, state = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((2, 5)))
    made, _ = jax.eval_shape(model.apply, params, state, jnp.zeros((2, 5)))
    assert made.shape == (2, *shape)
    player, own = params["discriminator"], state.get("discriminator", {})
    assert jax.eval_shape(model.discriminator.apply, player, own, made)[0].shape == (2, 1)
    halved = [side >> len(filters) for side in shape[:2]]
    assert params["generator"]["first"]["0"]["w"].shape == (5, halved[0] * halved[1] * filters[-1])


def test_kernels_are_initialised_as_in_the_paper_and_batch_norm_excludes_image_and_logit(key):
    params, state = jax.jit(dcgan((16, 16, 1), latent=64, filters=(32, 64)).init)(key, jnp.zeros((2, 64)))
    for leaf in jax.tree.leaves(params):
        if leaf.ndim > 1 and leaf.size > 1000:
            assert float(leaf.std()) == pytest.approx(0.02, rel=0.1)
    assert set(state["generator"]) == {"first", "stage1"}
    assert set(state["discriminator"]) == {"stage1"}


def test_images_lie_between_minus_1_and_1(key):
    model = dcgan((8, 8, 1), latent=5, filters=(4,))
    params, state = jax.jit(model.init)(key, jnp.zeros((2, 5)))
    loud = jax.tree.map(lambda leaf: 1000 * np.asarray(leaf), params)
    made, _ = jax.jit(model.apply)(loud, state, jax.random.normal(key, (9, 5)))
    assert float(jnp.abs(made).max()) == pytest.approx(1)
    assert np.isfinite(made).all()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        (
            (28, 28, 1),
            {"filters": (4, 6, 8)},
            "3 stages of filters need sizes divisible by 8, got 28x28; use 2 stages",
        ),
        ((8, 6, 1), {}, "2 stages of filters need sizes divisible by 4, got 8x6; use 1 stage"),
        ((15, 15, 1), {}, "got 15x15; use images of even height and width"),
        ((64,), {}, r"generates images \(height, width, channels\), got examples of shape \(64,\)"),
        ((8, 8, 1), {"filters": ()}, "at least one stage"),
        ((8, 8, 1), {"filters": (4, 0)}, "width must be a positive integer, got 0"),
        ((8, 8, 1), {"latent": 0}, "latent must be a positive integer, got 0"),
    ],
)
def test_invalid_arguments_raise(shape, options, message):
    with pytest.raises(ValueError, match=message):
        dcgan(shape, **options)
    with pytest.raises(BadInput, match=message):
        build("dcgan", ModelSpec(10, shape=shape), options)


def test_table_data_raise():
    with pytest.raises(BadInput, match="dcgan accepts image data; iris is table data"):
        recipe_for("dcgan", "iris")
