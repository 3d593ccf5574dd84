"""`predict` answers the test examples as `evaluate` scored them, for data of every kind, type and task."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.train.inference.same_answers import CASES, MORE, in_answers, scores
from zoo.layers import Sequence
from zoo.train import RunOptions, run
from zoo.train.data.dataset import Place, load_data
from zoo.train.data.sources import sources
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import read_inputs
from zoo.train.inference.predict import predictions
from zoo.train.pipeline.stream import Stream
from zoo.train.runs.best_model import best_model_callback, saved_in
from zoo.train.runs.setup import setup
from zoo.train.tasks import task_for
from zoo.train.tasks._alignment_figure import text_of
from zoo.train.tasks._beam_search import compiled_search
from zoo.train.trained.model import load

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_every_kind_and_task_of_the_data_sets_is_held():
    assert {(each.kind, each.task) for each in sources().values()} <= set(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=map(" ".join, CASES))
def test_answers_to_files_are_those_that_were_scored(case, tmp_path):
    held(case, tmp_path, untrained)


@pytest.mark.expensive
@pytest.mark.parametrize("case", MORE.values(), ids=MORE)
def test_answers_are_those_that_were_scored_for_every_type_of_numbers(case, tmp_path):
    held(case, tmp_path, trained)


def held(case, folder, saved):
    (folder / "data").mkdir()
    recipe, files = case(folder / "data")
    told = saved(recipe, folder / "run")
    model = load(folder / "run", model=recipe.model if ".py:" in recipe.model else None)
    for place in (
        (Place(), Place(in_memory=0))
        if recipe.d.get("level") != "words" and recipe.d.get("window") != 0
        else (Place(),)
    ):
        again = evaluate(model, place=place).metrics
        assert again == {name: told[name] for name in again}, place
    test = load_data(recipe.dataset, Place(), recipe.d).test
    batches = read_inputs([str(each) for each in files(test)], InputSpec.of(dict(model.about)))
    answers = [each for batch in batches for each in predictions(model, batch)]
    if model.task.name == "language":
        [answer] = answers
        return agrees({"nats": np.log(answer["perplexity"]), "accuracy": answer["accuracy"]}, told)
    if model.task.name == "seq2seq":  # scored by the sequences of the beam search, which `predict` writes
        read = Sequence(test.x, test.lengths)
        found = compiled_search(model.model, model.params, model.state, read, end=len(model.classes), beams=5)
        texts = [text_of(row, model.classes) for row in np.asarray(found.tokens[:, 0])]
        wanted = [text_of(row[row >= 0], model.classes) for row in test.y]
        assert [each["text"] for each in answers] == texts[: len(answers)]
        return agrees({"exact_match": np.mean([a == b for a, b in zip(texts, wanted, strict=True)])}, told)
    said = model.predict_indices(test.x[:], test.lengths)
    agrees(scores(said, test, model.task.name, recipe.d.get("relative", False)), told)
    found = in_answers(answers, model.classes)
    if found is None:
        return agrees({name: np.mean([each[name] for each in answers]) for name in ("mse", "sse")}, told)
    if test.lengths is not None:
        said = np.concatenate([each[:length] for each, length in zip(said, test.lengths[: len(answers)], strict=False)])
    for some in np.split(found, max(1, len(found) // len(said))):  # a table is read from two files
        same(some.ravel(), said.ravel()[: some.size], model.target_scaler)
    return None


def same(found, said, scaler):
    """Checks that classes are equal, and values but for the order of sums, which depends on the number of rows."""
    if scaler is None:
        np.testing.assert_array_equal(found, said)
    else:
        rows = (each.reshape(-1, len(scaler.scale)) for each in (found, said))
        np.testing.assert_allclose(*((each - scaler.shift) * scaler.scale for each in rows), rtol=0, atol=2e-6)


def agrees(found, told):
    for name, value in found.items():
        assert told[name] == pytest.approx(value, rel=1e-5, abs=1e-5 if name == "r2" else 0), name


def untrained(recipe, folder):
    """Saves the model of a run before its first step; returns its scores on the test split."""
    folder.mkdir()
    parts = setup(recipe)
    fit = parts.advance.init(parts.key)
    *_, row = parts.evaluate(fit, 0)
    best_model_callback(parts, saved_in(folder), None).on_metrics(row, fit)
    return row


def trained(recipe, folder):
    """Saves the model of a short run; returns its scores on the test split."""
    steps = {} if recipe.model == "markov" else {"steps": 3}
    options = RunOptions(out=folder, quiet=True, pictures=False, ckpt_every="off")
    return run(replace(recipe, **steps), options).metrics


class Whole:
    """Iterator that gives one batch, again and again."""

    def __init__(self, batch):
        self.batch = batch

    def __iter__(self):
        return self

    def __next__(self):
        return self.batch

    def get_state(self):
        return 0

    def set_state(self, state):
        pass


def test_a_stream_is_scored_as_the_same_arrays_in_a_folder(tmp_path):
    recipe, _ = CASES["table", "multiclass"](tmp_path)
    *_, told = (parts := setup(recipe)).evaluate(parts.advance.init(parts.key), 0)
    train, test = ({"x": each.x, "y": each.y} for each in (parts.data.train, parts.data.test))
    opened = Stream(Whole(train), test, steps_per_epoch=1).opened(recipe)
    *_, row = (parts := setup(opened.recipe, own=opened)).evaluate(parts.advance.init(parts.key), 0)
    assert (row["accuracy"], row["loss"]) == (told["accuracy"], pytest.approx(told["loss"], rel=1e-5))


@pytest.mark.parametrize(
    ("task", "outputs", "told"),
    [
        (task_for("binary"), [[1e-9]], {"class": "b"}),
        (task_for("multiclass", "quadratic", 2), [[20.0, 25.0]], {"class": "b"}),
        (task_for("tagging", outputs=2), [[[0.0, 1e-9]]], {"tags": ["b"]}),
        (task_for("multilabel", outputs=2), [[1e-9, -1.0]], {"labels": ["a"]}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_answer_is_the_scored_one_where_rounded_probabilities_are_equal(task, outputs, told):
    model = SimpleNamespace(task=task, classes=("a", "b"), outputs=np.float32)
    [answer] = task.describe(model, outputs, None)
    assert answer | told == answer
