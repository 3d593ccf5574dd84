"""Generated images: their dtype, interpolations and nearest neighbours."""

import jax
import numpy as np
import pytest

from zoo.train.data.normalize import Scaler
from zoo.train.tasks.generation import generation
from zoo.train.trained.build import ModelSpec, build
from zoo.train.trained.generate_images import (
    as_stored,
    by_class,
    interpolate,
    is_image_generator,
    nearest_images,
    sample_images,
)
from zoo.train.trained.generator_input import sample_latents
from zoo.train.trained.model import Trained

pytestmark = pytest.mark.usefixtures("quick_compiler")

WANTED = ModelSpec(10, shape=(8, 8, 1))
OPTIONS = {"cgan": {"latent": 5, "hidden": (16,)}, "dcgan": {"latent": 5, "filters": (4,)}}


@pytest.fixture(scope="module", params=OPTIONS)
def maker(request):
    """A generator as it is once loaded, of whole numbers from 0 to 16."""
    model = build(request.param, WANTED, OPTIONS[request.param])
    features = 15 if request.param == "cgan" else 5
    params, state = model.init(jax.random.key(0), np.zeros((2, features), np.float32))
    params = jax.tree.map(lambda leaf: 3 * leaf, params)  # so that images differ
    about = {"model": request.param, "made_for": WANTED._asdict(), "input_shape": [features], "input_dtype": "uint8"}
    as_it_is, to_16 = Scaler(np.zeros(1), np.ones(1)), Scaler(np.full(1, 8.0), np.full(1, 1 / 8))
    classes = tuple("0123456789")
    return Trained(model, params, state, as_it_is, to_16, generation(), classes, about | {"kind": "image"})


def test_samples_are_stored_as_the_data_are(maker):
    images = sample_images(maker, 12, 0)
    assert (images.shape, images.dtype) == ((12, 8, 8, 1), np.uint8)
    assert images.max() <= 16
    assert images.std() > 0.1
    np.testing.assert_array_equal(images, sample_images(maker, 12, 0))
    assert not np.array_equal(images, sample_images(maker, 12, 1))
    assert is_image_generator(maker)


def test_a_sample_alone_is_that_of_a_larger_batch(maker, key):
    many = maker.sample(6, key, np.arange(6))
    np.testing.assert_allclose(maker.sample(1, key, np.array([0])), many[:1], atol=1e-4)
    noise = sample_latents(maker.model, WANTED, 6, key)
    made = maker.predict(noise)
    for row in range(6):
        np.testing.assert_allclose(maker.predict(noise[row : row + 1])[0], made[row], atol=1e-4)
        np.testing.assert_allclose(maker.predict(noise[row]), made[row], atol=1e-4)
    assert np.abs(made[0] - made[1]).max() > 0.1


def test_a_way_begins_and_ends_at_samples_and_keeps_the_class(maker, key):
    strips = interpolate(maker, 3, 5, key)
    assert strips.shape == (3, 5, 8, 8, 1)
    for end, place in ((0, 0), (1, -1)):
        given = sample_latents(maker.model, WANTED, 3, jax.random.fold_in(key, end), np.arange(3))
        want = as_stored(maker, maker.predict(given)).astype(int)
        assert np.abs(strips[:, place].astype(int) - want).max() <= 1, "but for rounding"


def test_a_way_asks_for_its_class_at_every_step(maker, key, monkeypatch):
    seen = []
    monkeypatch.setattr(Trained, "predict", lambda self, x: seen.append(x) or np.zeros((len(x), 8, 8, 1)))
    interpolate(maker, 2, 4, key, np.array([7, 3]))
    told, noise = seen[0][:, 5:], seen[0][:, :5].reshape(2, 4, 5)
    if by_class(maker):
        assert told.argmax(axis=1).tolist() == [7] * 4 + [3] * 4
        assert told.sum() == 8
    lengths = np.linalg.norm(noise, axis=-1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[:, 0], lengths[:, -1], 4, axis=1), rtol=1e-5)
    directions = noise / lengths[..., None]
    turns = np.sum(directions[:, 1:] * directions[:, :-1], axis=-1)
    np.testing.assert_allclose(turns, turns[:, :1].repeat(3, axis=1), rtol=1e-4)  # by one angle each step


def test_the_nearest_image_is_numpys():
    rng = np.random.default_rng(0)
    training = rng.integers(0, 255, (5200, 2, 2, 1)).astype(np.uint8)
    images = rng.integers(0, 255, (7, 2, 2, 1)).astype(np.uint8)
    apart = np.linalg.norm(images.reshape(7, 1, 4).astype(float) - training.reshape(1, -1, 4), axis=-1)
    got = np.linalg.norm(nearest_images(images, training).astype(float) - images, axis=(1, 2)).ravel()
    np.testing.assert_allclose(got, apart.min(axis=1))
    np.testing.assert_array_equal(nearest_images(training[[5199, 0]], training), training[[5199, 0]])


def test_the_nearest_image_far_from_0_is_found():
    training = np.arange(6.0).reshape(6, 1, 1, 1) + 1e9
    np.testing.assert_array_equal(nearest_images(training[[4, 1]] + 0.25, training), training[[4, 1]])


def test_a_way_between_samples_of_a_learned_prior_begins_and_ends_at_them(key):
    model = build("vae", WANTED, {"latent": 3, "hidden": (8,), "components": 4})
    params, state = model.init(jax.random.key(0), np.zeros((2, 8, 8, 1), np.float32))
    params["prior"]["mean"] = params["prior"]["mean"] + 5
    about = {"model": "vae", "made_for": WANTED._asdict(), "input_shape": [8, 8, 1], "input_dtype": "float32"}
    trained = Trained(model, params, state, None, None, generation(), tuple("0123456789"), about | {"kind": "image"})
    strips = interpolate(trained, 3, 5, key)
    for end, i in ((0, 0), (-1, 1)):
        wanted = model.decode(params, state, model.draw(params, jax.random.fold_in(key, i), 3))
        np.testing.assert_allclose(strips[:, end], wanted, rtol=1e-4, atol=1e-5)
