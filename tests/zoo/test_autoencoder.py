"""Autoencoders: the tied decoder by hand, layers named as those of classifiers, and principal components."""

from functools import partial

import jax
import numpy as np
import pytest

from zoo import autoencoder, cnn, mlp
from zoo.train import RunOptions, recipe_for, run
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.tree import by_path

pytestmark = pytest.mark.usefixtures("quick_compiler")
KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)


def made(model):
    """A model with parameters that are no zeros, so that biases count."""
    params, state = jax.jit(model.init)(KEY, X)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: leaf + rng.normal(0, 0.1, leaf.shape).astype(np.float32), params), state


def test_a_tied_decoder_has_the_transposed_weights_of_the_encoder():
    model = autoencoder((4, 4, 1), latent=2, hidden=(5,), activation="tanh", tied=True)
    params, state = made(model)
    named = {name: np.asarray(leaf, np.float64) for name, leaf in by_path(params).items()}
    w, b, v, c = (named[name] for name in ("body/0/w", "body/0/b", "latent/w", "latent/b"))
    code = np.tanh(X.reshape(3, 16).astype(np.float64) @ w + b) @ v + c
    wanted = np.tanh(code @ v.T + named["decoder/1/b"]) @ w.T + named["decoder/0/b"]
    np.testing.assert_allclose(model.apply(params, state, X)[0].reshape(3, 16), wanted, atol=1e-5)
    np.testing.assert_allclose(model.features(params, state, X), code, atol=1e-5)
    assert {*by_path(params["decoder"])} == {"0/b", "1/b"}


@pytest.mark.parametrize("options", [{"hidden": (5,)}, {"hidden": (), "filters": (2, 3)}, {"tied": True}])
def test_a_reconstruction_is_the_decoded_code(options):
    model = autoencoder((4, 4, 1), latent=2, **options)
    params, state = made(model)

    def both(params, state, x):
        code = model.features(params, state, x)
        return code, model.decode(params, state, code), model.apply(params, state, x)[0]

    code, decoded, reconstructed = jax.jit(both)(params, state, X)
    assert code.shape == (3, 2)
    np.testing.assert_allclose(decoded, reconstructed, atol=1e-6)


def test_the_layers_of_the_encoder_have_names_and_shapes_of_those_of_classifiers():
    def shapes(model):
        return {name: leaf.shape for name, leaf in by_path(jax.eval_shape(model.init, KEY, X)[0]).items()}

    dense, conv = autoencoder((4, 4, 1), hidden=(5, 3)), autoencoder((4, 4, 1), hidden=(), filters=(2, 3))
    for model, other, part in ((dense, mlp(10, hidden=(5, 3)), "body"), (conv, cnn(10, filters=(2, 3)), "stage")):
        wanted = {name: shape for name, shape in shapes(other).items() if name.startswith(part)}
        assert len(wanted) >= 4
        assert {name: shapes(model)[name] for name in wanted} == wanted


def test_unsuitable_options_are_refused_with_the_cure():
    with pytest.raises(ValueError, match="tied weights are those of dense layers"):
        autoencoder((4, 4, 1), filters=(2,), tied=True)
    with pytest.raises(ValueError, match="2 stages of filters need sizes divisible by 4, got 6x6; use 1 stage"):
        autoencoder((6, 6, 1), filters=(2, 3))
    with pytest.raises(ValueError, match="latent, hidden and filters"):
        autoencoder((4,), latent=0)


@pytest.mark.expensive
def test_a_linear_autoencoder_of_digits_has_the_error_of_the_dropped_eigenvalues(tmp_path):
    result = run(recipe_for("autoencoder", "digits", "linear"), RunOptions(out=tmp_path / "run", quiet=True))
    x = np.asarray(result.setup.data.train.x, np.float64).reshape(-1, 64)
    variances = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    error = np.square(result.load().predict(x.reshape(-1, 8, 8, 1).astype(np.uint8)).reshape(-1, 64) - x)
    assert error.sum(axis=1).mean() == pytest.approx(variances[:-10].sum(), rel=0.005)
    assert result.scores["pca"]["sse_train"] == pytest.approx(result.scores["pca"]["dropped"], rel=0.005)


def test_a_linear_autoencoder_of_few_columns_has_the_error_of_the_dropped_eigenvalues():
    x = np.random.default_rng(2).normal(size=(80, 5)) @ np.diag([3, 2, 1, 0.5, 0.5]) + 1
    model = autoencoder((5,), latent=2, hidden=(4,), activation="linear")
    recipe = Recipe("autoencoder", "iris", task="reconstruct", lr=0.03, sched="cosine")
    trainer = make(model, task_for("reconstruct"), Run(recipe, 600, 1, data_parallel()))
    batch = {"x": x.astype(np.float32)}

    @jax.jit
    def trained(key):
        step = partial(trainer.step, batch=batch, key=key)
        return jax.lax.scan(lambda fit, _: (step(fit)[0], None), trainer.init(key, batch), length=600)[0]

    fit = trained(KEY)
    made = np.asarray(model.apply(fit["params"], fit["state"], batch["x"])[0], np.float64)
    dropped = np.linalg.eigvalsh(np.cov(x.T, bias=True))[:-2].sum()
    assert np.square(made - x).sum(axis=1).mean() == pytest.approx(dropped, rel=0.005)
