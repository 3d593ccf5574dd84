"""Sequences through the whole run: lengths, tags, tokens; and the model that is loaded from it."""

import dataclasses

import numpy as np
import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Place, load_data
from zoo.train.errors import BadInput
from zoo.train.runs.setup import setup

pytestmark = pytest.mark.usefixtures("quick_compiler")
TAGS = dataclasses.replace(recipe_for("bigru", "future"), d={"examples": 200, "steps": 8}, epochs=1, m={"width": 6})


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    return run(TAGS, RunOptions(out=tmp_path_factory.mktemp("runs") / "tags", quiet=True))


def test_accuracy_of_tagging_is_that_of_the_tagged_steps(tags):
    model, (x, y, lengths) = zoo.load(tags.folder), load_data("future", Place(), TAGS.d).test[:3]
    said = model.predict_indices(x, lengths)
    np.testing.assert_array_equal(model.predict(x, lengths), np.array(["heads", "tails"])[said])
    assert said.shape == y.shape
    assert np.mean(said[y >= 0] == y[y >= 0]) == pytest.approx(tags.metrics["accuracy"], abs=1e-6)
    assert np.sum(tags.scores["confusion"]) == np.sum(y >= 0)


def test_a_loaded_tagger_takes_sequences_of_any_length_and_one_alone(tags):
    model, x = zoo.load(tags.folder), load_data("future", Place(), TAGS.d).test.x
    assert model.predict(x[:3, :5]).shape == (3, 5)
    assert model.predict(x[0]).shape == (8,)
    np.testing.assert_allclose(model.probabilities(x[:2]).sum(-1), 1, rtol=1e-5)


def test_what_stands_in_the_padding_changes_no_prediction(tags):
    model, (x, _, lengths) = zoo.load(tags.folder), load_data("future", Place(), TAGS.d).test[:3]
    other = np.where((np.arange(8) < lengths[:, None])[..., None], x, 7)
    valid = np.arange(8) < lengths[:, None]
    np.testing.assert_array_equal(model.outputs(other, lengths)[valid], model.outputs(x, lengths)[valid])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([8, 9], r"lengths must lie in 0 .. 8, the time axis; example 1 has 9"),
        ([8, -1], r"example 1 has -1"),
        ([8], r"lengths must be 2 whole numbers"),
        ([8.0, 8.0], r"lengths must be 2 whole numbers"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(tags, lengths, message):
    with pytest.raises(ValueError, match=message):
        zoo.load(tags.folder).predict(np.zeros((2, 8, 1)), lengths)


def test_a_scale_is_fitted_on_valid_steps_alone():
    parts = setup(TAGS)
    x, _, lengths = parts.data.train[:3]
    valid = x[np.arange(8) < lengths[:, None]]
    assert float(parts.scaler.shift[0]) == pytest.approx(valid.mean(), rel=1e-5)
    assert valid.mean() != pytest.approx(x.mean(), rel=1e-2)


def test_tokens_are_trained_on_and_loaded_without_a_scale(tmp_path):
    recipe = dataclasses.replace(
        recipe_for("gru", "copy"), d={"examples": 100, "delay": 3, "length": 2}, epochs=1, m={"width": 6}
    )
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, pictures=False))
    model = zoo.load(result.folder)
    assert model.scaler is None
    assert model.about["made_for"] == {"outputs": 8, "each": True, "vocabulary": 10, "shape": [7]}
    assert model.about["vocabulary"][-2:] == ["blank", "go"]
    assert model.predict(load_data("copy", Place(), recipe.d).test.x[:2]).shape == (2, 7)


@pytest.mark.expensive
def test_a_regression_over_time_draws_its_memory(tmp_path):
    recipe = dataclasses.replace(recipe_for("gru", "adding"), d={"examples": 100, "steps": 6}, epochs=1, m={"width": 4})
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True))
    assert (result.folder / "plots" / "lags.png").exists()
    assert result.metrics["mse"] > 0


@pytest.mark.parametrize(
    ("model", "dataset", "reason"),
    [
        ("mlp", "future", "mlp accepts image or table or points data; future is sequence data of shape 30x1"),
        ("lstm", "iris", "lstm accepts image or sequence or text or series data; iris is table data.*mlp accepts it"),
    ],
)  # fmt: skip
def test_a_model_and_data_that_do_not_go_together_raise_with_another_choice(model, dataset, reason):
    with pytest.raises(BadInput, match=reason):
        recipe_for(model, dataset)


# By task: a set of it, made small.
ASKED = {
    "multiclass": ("digits", {}),
    "regression": ("adding", {"steps": 8, "examples": 20}),
    "tagging": ("future", {"steps": 8, "examples": 20}),
    "tagging of tokens": ("copy", {"delay": 2, "length": 2, "examples": 20}),
    "forecast": ("sine", {"steps": 100, "window": 8, "horizon": 2}),
    "forecast of the change": ("sine", {"steps": 100, "window": 8, "horizon": 2, "relative": True}),
    "language": ("text", {"characters": 2000, "window": 8}),
}


def one_of(first, *others):
    """The models of a kin: the first for everybody, the others in CI."""
    return [first, *(pytest.param(name, marks=pytest.mark.expensive) for name in others)]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", one_of("lstm", "rnn", "gru"))
def test_a_one_way_net_does_every_task(name, asked, key):
    assert "loss" in a_step(name, asked, key)


@pytest.mark.parametrize("asked", ["tagging of tokens", "forecast"])
@pytest.mark.parametrize("name", one_of("bilstm", "birnn", "bigru"))
def test_a_two_way_net_does_what_lets_it_read_ahead(name, asked, key):
    assert "loss" in a_step(name, asked, key)


@pytest.mark.parametrize("name", ["birnn", "bilstm", "bigru"])
def test_a_two_way_net_is_refused_a_language(name):
    with pytest.raises(BadInput, match="text"):
        recipe_for(name, "text")


def a_step(name, asked, key):
    """What a training step tells: traced, not compiled."""
    dataset, options = ASKED[asked]
    recipe = dataclasses.replace(recipe_for(name, dataset), d=options, m={"width": 4, "dropout": 0.1}, batch_size=8)
    return setup(recipe).advance.template(key)["totals"]["sum"]
