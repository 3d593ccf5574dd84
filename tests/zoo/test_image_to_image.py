"""Tests of the denoiser and the colouriser: inputs, inputs of the discriminator, saved models."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Place, load_data

pytestmark = pytest.mark.usefixtures("quick_compiler")
TINY = {"filters": (2, 3), "rival": (2,)}
MODELS = ("denoise", "colorize")
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
rng = np.random.default_rng(0)


def colours(n=3):
    return jnp.asarray(rng.uniform(-0.9, 0.9, (n, 8, 8, 3)), jnp.float32)


def made_by(model, key):
    return jax.jit(lambda x: model.apply(*model.init(key, x), x)[0])


def test_the_denoisers_input_has_the_requested_noise_clipped_to_the_range(key):
    grey, model = jnp.zeros((20, 32, 32, 1)), zoo.denoise((32, 32, 1), noise=0.2)
    noisy = model.given(key, {"x": grey})
    assert noisy.std() == pytest.approx(0.2, rel=0.02)
    assert abs(noisy.mean()) < 0.005
    white = model.given(key, {"x": grey + 1})
    assert white.max() == 1
    assert (white < 1).mean() == pytest.approx(0.5, abs=0.02)
    assert (noisy != model.given(jax.random.key(1), {"x": grey})).all()


def test_the_denoiser_clips_its_input_to_the_range(key):
    model = zoo.denoise((8, 8, 3), **TINY)
    loud = colours() + 3 * jnp.asarray(rng.normal(size=(3, 8, 8, 3)), jnp.float32)
    make = made_by(model, key)
    np.testing.assert_array_equal(make(loud), make(loud.clip(-1, 1)))


def test_the_colourisers_input_is_the_luma_in_three_channels(key):
    x = colours()
    grey = zoo.colorize((8, 8, 3), **TINY).given(key, {"x": x})
    np.testing.assert_allclose(grey, np.repeat((np.asarray(x) @ LUMA)[..., None], 3, -1), atol=1e-6)


def test_the_colouriser_ignores_the_colours_of_its_input(key):
    model, x = zoo.colorize((8, 8, 3), **TINY), colours()
    make = made_by(model, key)
    of_grey = make(model.given(key, {"x": x}))
    np.testing.assert_allclose(make(x), of_grey, atol=1e-5)
    assert np.asarray(of_grey).std(axis=-1).min() > 0


@pytest.mark.parametrize("name", MODELS)
def test_the_discriminator_receives_the_image_and_the_generators_input(name, key):
    model, x = zoo.create(name, (8, 8, 3), **TINY), colours()
    given = model.given(key, {"x": x})
    params, state = jax.jit(model.init)(key, given)

    @jax.jit
    def score(sample, given):
        seen = model.judged(sample, given)
        return model.discriminator.apply(params["discriminator"], state["discriminator"], seen)[0]

    assert score(x, given).shape == (3, 1)
    assert (score(x, given) != score(x[::-1], given))[0]
    assert (score(x, given) != score(x, given[::-1]))[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.denoise((2,)), "denoise expects images .height, width, channels., got examples of shape .2,."),
        (lambda: zoo.denoise((8, 8, 1), noise=0), "denoise: noise must be a number > 0, got 0"),
        (lambda: zoo.colorize((8, 8, 1)), "colorize expects colour images .* got examples of shape .8, 8, 1."),
        (
            lambda: zoo.denoise((28, 28, 1), filters=(4, 4, 4, 4)),
            "denoise: 4 filters halve an image 3 times.*8, got 28x28; use f",
        ),
        (lambda: zoo.denoise((8, 8, 1), filters=(4,)), "unet: filters must have at least two numbers"),
    ],
)
def test_invalid_arguments_raise(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.expensive
def test_a_loaded_model_accepts_and_returns_images_as_stored(tmp_path):
    recipe = replace(recipe_for("denoise", "shapes"), m=TINY, d={"examples": 20}, steps=2, batch_size=4, expect=None)
    result = run(recipe, RunOptions(out=tmp_path, quiet=True))
    model, real = zoo.load(tmp_path), load_data("shapes", Place(), {"examples": 20}).test.x[:5]
    noisy = (real + rng.normal(0, 60, real.shape)).clip(0, 255).astype(np.uint8)
    made = model.predict(noisy)
    assert made.shape == real.shape
    assert 0 <= made.min() < made.max() <= 256
    scaled = model.scaler.apply(noisy)
    by_hand = model.target_scaler.invert(model.model.apply(model.params, model.state, scaled)[0])
    np.testing.assert_allclose(made, by_hand, rtol=1e-4, atol=0.01)
    np.testing.assert_allclose(model.predict(noisy[0]), made[0], rtol=1e-4, atol=0.01)
    assert {"psnr", "psnr_given", "gain", "ssim"} <= set(result.metrics)
    assert result.metrics["gain"] == pytest.approx(result.metrics["psnr"] - result.metrics["psnr_given"])
    with pytest.raises(ValueError, match="this model generates images from images, not from noise: use predict"):
        model.sample(3)
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == ["step-000002.png", "training.gif"]
    assert (tmp_path / "plots" / "before_after.png").is_file()
