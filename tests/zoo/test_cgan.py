"""Tests of the conditional GAN: generator and discriminator receive the class; one class is an error."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import cgan
from zoo.train import recipe_for
from zoo.train.__main__ import main
from zoo.train.errors import BadInput
from zoo.train.trained.build import ModelSpec, build

pytestmark = pytest.mark.usefixtures("quick_compiler")
SMALL = {"latent": 4, "hidden": (8,)}
BATCH = {"x": jnp.zeros((3, 8, 8, 1)), "y": jnp.array([2, 0, 1])}


def test_the_class_label_follows_the_noise(key):
    given = cgan((8, 8, 1), 3, **SMALL).given(key, BATCH)
    np.testing.assert_array_equal(given[:, 4:], [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert float(jnp.abs(given[:, :4]).min()) > 0


def test_generator_and_discriminator_receive_the_class(key):
    model = cgan((8, 8, 1), 3, **SMALL)
    given = model.given(key, BATCH)
    params, state = jax.jit(model.init)(key, given)
    other = given.at[:, 4:].set(jnp.roll(given[:, 4:], 1, axis=1))
    made, same_noise = (jax.jit(model.apply)(params, state, each)[0] for each in (given, other))
    assert made.shape == (3, 8, 8, 1)
    assert float(jnp.abs(made - same_noise).max(axis=(1, 2, 3)).min()) > 1e-3

    @jax.jit
    def score(label):
        return model.discriminator.apply(params["discriminator"], {}, model.judged(made, label))[0]

    assert score(given).shape == (3, 1)
    assert float(jnp.abs(score(given) - score(other)).min()) > 1e-4
    quieter = given.at[:, :4].set(0)
    np.testing.assert_array_equal(score(given), score(quieter))  # the noise is the generator's own


@pytest.mark.parametrize(
    ("shape", "outputs", "options", "message"),
    [
        ((8, 8, 1), 1, {}, "at least 2 classes, got 1; use gan"),
        ((8, 8, 1), 3, {"latent": 0}, "latent must be a positive integer, got 0"),
        ((8, 8, 1), 3, {"hidden": ()}, "at least one hidden layer"),
        ((), 3, {}, "the shape of an example"),
    ],
)
def test_invalid_arguments_raise(shape, outputs, options, message):
    with pytest.raises(ValueError, match=message):
        cgan(shape, outputs, **options)
    with pytest.raises(BadInput, match=message):
        build("cgan", ModelSpec(outputs, shape=shape), options)


@pytest.mark.expensive
def test_a_batch_of_one_raises_in_training_with_the_layer_and_a_hint(tmp_path, capsys):
    words = ["--model", "cgan", "--m.hidden", "4", "--steps", "2", "--batch-size", "1", "--quiet", "--no-pictures"]
    assert main([*words, "--out", str(tmp_path / "run"), "--compile-cache", "off"]) == 2
    said = capsys.readouterr().err
    assert "error: cgan cannot be trained with --batch-size 1: batch_norm cannot train on one value per feature" in said
    assert "use a larger batch" in said
    assert "In layer generator/body/1" in said
    assert "Traceback" not in said


def test_data_without_classes_raise():
    with pytest.raises(BadInput, match="cgan accepts image data"):
        recipe_for("cgan", "diabetes")
