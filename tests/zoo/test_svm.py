"""Kernels and coupled probabilities of support vector machines against numpy, and the model that is saved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo import svm
from zoo.train import recipe_for, run
from zoo.train.cli.train_args import Command, read
from zoo.train.config.run_options import RunOptions
from zoo.train.evaluation.figures import Drawing
from zoo.train.runs.setup import setup
from zoo.train.trained.file import read_model

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 3)), RNG.normal(size=(4, 3))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"kernel": "rbf", "gamma": 0.3}, np.exp(-0.3 * np.square(A[:, None] - B).sum(-1))),
        ({"kernel": "rbf"}, np.exp(-np.square(A[:, None] - B).sum(-1) / 3)),
        ({"kernel": "polynomial", "gamma": 0.3, "degree": 2, "offset": 0.5}, (0.3 * A @ B.T + 0.5) ** 2),
        ({"kernel": "linear"}, A @ B.T),
    ],
)
def test_kernels_are_those_of_numpy(options, wanted, key):
    model = svm(1, vectors=4, **options)
    params, state = model.init(key, jnp.zeros((1, 3)))
    np.testing.assert_allclose(model.kernel(params["machines"], jnp.asarray(A), jnp.asarray(B)), wanted, rtol=2e-5)
    weights = RNG.normal(size=(4, 1))
    params["machines"] |= {"vectors": jnp.asarray(B), "coefficients": jnp.asarray(weights), "bias": jnp.array([0.7])}
    np.testing.assert_allclose(model.decision(params, state, A), wanted @ weights + 0.7, rtol=1e-4, atol=1e-5)


def coupled(options, shares, logits, key):
    """Probabilities of a linear model whose machines give these logits, whatever the input."""
    model = svm(len(shares), kernel="none", **options)
    params, state = model.init(key, jnp.zeros((1, 2)))
    params["machines"]["bias"] = jnp.asarray(logits, jnp.float32)
    return jax.nn.softmax(model.apply(params, state, jnp.zeros((1, 2)))[0])[0]


def test_pairs_that_agree_are_coupled_to_the_probabilities_they_come_from(key):
    p = np.array([0.5, 0.1, 0.15, 0.25])
    pairs = [np.log(p[i] / p[j]) for i in range(4) for j in range(i + 1, 4)]
    np.testing.assert_allclose(coupled({}, p, pairs, key), p, rtol=1e-5)
    share = 1 / (1 + np.exp(-np.array([0.3, -1.0, 2.0])))
    rest = coupled({"scheme": "one_vs_rest"}, share, [0.3, -1.0, 2.0], key)
    np.testing.assert_allclose(rest, share / share.sum(), rtol=1e-5)


def test_pairs_that_are_certain_give_finite_gradients(key):
    model, x = svm(3, kernel="none"), jnp.zeros((1, 2))
    params, state = model.init(key, x)
    params["machines"]["bias"] = jnp.array([80.0, -80.0, 80.0])
    found = jax.grad(lambda params: model.apply(params, state, x)[0].sum())(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": "gauss"}, "kernel 'gauss' is not known"),
        ({"gamma": 0.0}, "gamma must be a number > 0"),
        ({"degree": 0}, "degree must be a positive integer"),
        ({"scheme": "pairs"}, "scheme 'pairs' is not known"),
        ({"vectors": 0}, "vectors must be a positive integer"),
    ],
)
def test_options_out_of_bounds_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        svm(2, **options)


def machines_of(recipe):
    parts = setup(recipe)
    return parts.advance.shapes(parts.key)[0]["params"]["machines"]["bias"].shape[0]


@pytest.mark.parametrize(("dataset", "machines"), [("iris", 3), ("breast_cancer", 1), ("diabetes", 1), ("circle", 1)])
def test_bundled_sets_train_by_the_recipe_as_it_is(dataset, machines):
    assert machines_of(recipe_for("svm", dataset)) == machines


@pytest.mark.parametrize(("target", "machines"), [("kind", 3), ("p,q", 2), ("p", 1), ("yes,no", 2)])
def test_tables_of_ones_own_train_by_the_recipe_whatever_their_target(target, machines, tmp_path):
    rows = [f"{i},{'abc'[i % 3]},{i / 7:.3f},{i / 9:.3f},{i % 2},{1 - i % 2}" for i in range(30)]
    (tmp_path / "own.csv").write_text("\n".join(["x,kind,p,q,yes,no", *rows]))
    words = ["--model", "svm", "--csv", str(tmp_path / "own.csv"), "--target", target]
    command = read([*words, "--task", "multilabel"] if target == "yes,no" else words, "train")
    assert isinstance(command, Command)
    assert machines_of(command.recipe) == machines


@pytest.mark.expensive
def test_a_run_saves_the_support_vectors_alone_and_draws_them(tmp_path):
    recipe = recipe_for("svm", "spiral")
    made = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, compile_cache="off", pictures=False))
    tensors, about = read_model(tmp_path / "run" / "model.safetensors")
    coefficients = tensors["params/machines/coefficients"]
    assert len(coefficients) == about["options"]["vectors"] == made.metrics["support_vectors"] < 250
    assert np.all(coefficients != 0)
    assert made.metrics["accuracy"] > 0.95
    assert made.metrics["kkt_gap"] <= 1e-3
    model, data = zoo.load(tmp_path / "run"), made.setup.data
    for figure in made.setup.trainer.figures:
        figure(Drawing(made.setup, model, data, tmp_path))
    assert (tmp_path / "margins.png").is_file()
    assert np.mean(model.predict_indices(data.test.x) == data.test.y) == pytest.approx(made.metrics["accuracy"])
    decision = model.model.decision(model.params, model.state, model.scaler.apply(data.train.x))[:, 0]
    assert np.mean((decision > 0) == data.train.y) > 0.95
