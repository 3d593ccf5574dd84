"""The task bits: loss and metrics against numpy, and a run from data to predictions and pictures."""

import json
from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo.train import RunOptions, recipe_for, run
from zoo.train.cli import run as command
from zoo.train.data.dataset import Dataset, Place, Split, load_data
from zoo.train.errors import BadInput
from zoo.train.metrics.bits import errors_by_length
from zoo.train.runs.setup import setup
from zoo.train.tasks import task_for

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
Z = rng.normal(size=(4, 5, 3)).astype(np.float32)
Y = np.where((np.arange(5) >= [[3], [2], [0], [5]])[..., None], rng.integers(0, 2, (4, 5, 3)), -1)


def test_loss_and_metrics_count_the_steps_with_an_answer_alone():
    task = task_for("bits", outputs=3)
    nats = np.log1p(np.exp(np.where(Y == 1, -1, 1) * Z.astype(np.float64)))
    wrong = ((Z > 0) != (Y == 1)) & (Y >= 0)
    for row in range(3):
        there = Y[row, :, 0] >= 0
        assert float(task.loss(Z, Y)[row]) == pytest.approx(nats[row][there].mean(), rel=1e-5)
        assert float(task.metrics["bit_accuracy"](Z, Y)[row]) == pytest.approx(1 - wrong[row][there].mean())
    np.testing.assert_array_equal(task.metrics["wrong_bits"](Z, Y), wrong.sum((1, 2)))
    np.testing.assert_array_equal(task.metrics["exact_match"](Z, Y), ~wrong.any((1, 2)))
    assert float(task.loss(Z, Y)[3]) == 0, "without an answer"
    assert task.higher_is_better is False


def test_predictions_are_the_bits_whose_logit_is_above_0():
    task = task_for("bits", outputs=3)
    np.testing.assert_array_equal(task.predict(Z), Z > 0)
    np.testing.assert_array_equal(task.predict(Z), task.probabilities(Z) > 0.5)


def test_the_baseline_is_the_share_of_ones_in_the_answers():
    y = np.array([[[1, 0], [1, 1]], [[-1, -1], [1, 0]]])
    found = task_for("bits", outputs=2).baseline(Dataset("bits", "bits", Split(y, y), Split(y, y)), "sequence")
    np.testing.assert_allclose(found.outputs, [np.log(2.5 / 0.5), np.log(1 / 2)], rtol=1e-6)


def test_errors_are_means_over_answers_of_one_length():
    truth, said = np.zeros((3, 4, 2), int), np.zeros((3, 4, 2), int)
    truth[0, 2:], truth[1, 2:] = -1, -1
    said[0, 0], said[1, 3], said[2] = 1, 1, 1
    assert errors_by_length(truth, said) == {"steps": [2, 4], "wrong_bits": [1.0, 8.0]}


def test_targets_of_another_shape_are_refused():
    task = task_for("bits", outputs=3)
    for measure in (task.loss, *task.metrics.values()):
        with pytest.raises(ValueError, match=r"outputs \(4, 5, 3\) require targets of that shape, got \(4, 5\)"):
            measure(jnp.asarray(Z), jnp.asarray(Y[..., 0]))


SMALL = {"ntm": {"width": 8, "slots": 6, "word": 4}, "dnc": {"width": 8, "slots": 6, "word": 4, "heads": 2}}
DATA = {"examples": 60, "longest": 3, "bits": 2}


@pytest.fixture(scope="module", params=["ntm", "dnc"])
def done(request, tmp_path_factory):
    recipe = replace(recipe_for(request.param, "copy_bits"), m=SMALL[request.param], d=DATA, epochs=1)
    return run(recipe, RunOptions(out=tmp_path_factory.mktemp("runs") / "bits", quiet=True))


def test_a_run_scores_its_saved_model_alike_and_draws_the_memory_and_the_errors_by_length(done):
    model, (x, y, *_) = zoo.load(done.folder), load_data("copy_bits", Place(), DATA).test
    wrong = ((model.predict(x) != y) & (y >= 0)).sum((1, 2))
    assert done.metrics["wrong_bits"] == pytest.approx(wrong.mean(), rel=1e-5)
    assert done.metrics["exact_match"] == pytest.approx((wrong == 0).mean(), rel=1e-5)
    told = json.loads((done.folder / "result.json").read_text())
    by_length = errors_by_length(y, model.predict(x))
    assert by_length in [value for value in walk(told) if isinstance(value, dict)]
    for name in ("memory", "lengths"):
        assert (done.folder / "plots" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"


def walk(tree):
    yield tree
    for value in tree.values() if isinstance(tree, dict) else ():
        yield from walk(value)


def test_predict_gives_the_bits_of_every_step(done, tmp_path, capsys):
    x = load_data("copy_bits", Place(), DATA).test.x[:2]
    for i, each in enumerate(x):
        np.save(tmp_path / f"{i}.npy", each)
    assert command("predict", [str(done.folder), *map(str, sorted(tmp_path.glob("*.npy"))), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["predictions"]
    for each, said in zip(told, zoo.load(done.folder).predict(x), strict=True):
        assert each["bits"] == " ".join("".join(map(str, step)) for step in said.tolist())


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (replace(recipe_for("ntm"), dataset="adding", task="bits"), "--task bits needs bits at every step as targets"),
        (replace(recipe_for("ntm"), task="tagging"), "--task tagging needs a class per step as targets"),
        (replace(recipe_for("lstm"), task="bits"), "--task bits needs bits"),
    ],
)
def test_data_that_do_not_suit_are_refused(recipe, message):
    with pytest.raises(BadInput, match=message):
        setup(replace(recipe, d={"examples": 20} if recipe.dataset != "digits" else {}))
