"""The deep convolutional GAN: its shapes, its first kernels, and the sizes that it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import dcgan
from zoo.train import recipe_for
from zoo.train.errors import BadInput
from zoo.train.trained.build import MadeFor, make_model

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("shape", "filters"), [((8, 8, 1), (4, 6)), ((28, 28, 1), (4, 6)), ((32, 32, 3), (4, 6, 8)), ((12, 20, 3), (4,))]
)
def test_images_of_any_size_that_halves_come_out_as_large_as_they_are(shape, filters):
    model = dcgan(shape, latent=5, filters=filters)
    params, state = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((2, 5)))
    made, _ = jax.eval_shape(model.apply, params, state, jnp.zeros((2, 5)))
    assert made.shape == (2, *shape)
    player, own = params["discriminator"], state.get("discriminator", {})
    assert jax.eval_shape(model.discriminator.apply, player, own, made)[0].shape == (2, 1)
    halved = [side >> len(filters) for side in shape[:2]]
    assert params["generator"]["first"]["0"]["w"].shape == (5, halved[0] * halved[1] * filters[-1])


def test_kernels_begin_as_in_the_paper_and_batch_norm_spares_the_image_and_the_score(key):
    params, state = dcgan((16, 16, 1), latent=64, filters=(32, 64)).init(key, jnp.zeros((2, 64)))
    for leaf in jax.tree.leaves(params):
        if leaf.ndim > 1 and leaf.size > 1000:
            assert float(leaf.std()) == pytest.approx(0.02, rel=0.1)
    assert set(state["generator"]) == {"first", "stage1"}
    assert set(state["discriminator"]) == {"stage1"}


def test_images_lie_between_minus_1_and_1(key):
    model = dcgan((8, 8, 1), latent=5, filters=(4,))
    params, state = model.init(key, jnp.zeros((2, 5)))
    loud = jax.tree.map(lambda leaf: 1000 * leaf, params)
    made, _ = model.apply(loud, state, jax.random.normal(key, (9, 5)))
    assert float(jnp.abs(made).max()) == pytest.approx(1)
    assert np.isfinite(made).all()


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        (
            (28, 28, 1),
            {"filters": (4, 6, 8)},
            "3 stages of filters halve an image so often, 28x28 cannot be; give it 2",
        ),
        ((8, 6, 1), {}, "2 stages of filters halve an image so often, 8x6 cannot be; give it 1 number"),
        ((15, 15, 1), {}, "15x15 cannot be; take images of even height and width"),
        ((64,), {}, r"makes images \(height, width, channels\), not examples of shape \(64,\)"),
        ((8, 8, 1), {"filters": ()}, "at least one stage"),
        ((8, 8, 1), {"filters": (4, 0)}, "width must be a whole number above 0, got 0"),
        ((8, 8, 1), {"latent": 0}, "latent must be a whole number above 0, got 0"),
    ],
)
def test_what_cannot_be_made_is_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        dcgan(shape, **options)
    with pytest.raises(BadInput, match=message):
        make_model("dcgan", MadeFor(10, shape=shape), options)


def test_tables_are_refused():
    with pytest.raises(BadInput, match="dcgan reads image data; iris is table data"):
        recipe_for("dcgan", "iris")
