"""Batches of one's own: resumed behind the batch that was learned from last, and refused with reasons."""

import dataclasses
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from zoo.train import RunOptions, Stream, recipe_for, run
from zoo.train.checkpoints.checkpoint import read
from zoo.train.data.dataset import load_data, source
from zoo.train.errors import BadInput, CheckpointUnusable, RunFailed
from zoo.train.pipeline.stream import check_labels

pytestmark = pytest.mark.usefixtures("quick_compiler")
QUIET = {"quiet": True, "pictures": False, "compile_cache": "off", "ckpt_every": "1", "keep": 100, "log_every": 2}
IRIS = load_data("iris")
TEST = {"x": IRIS.test.x, "y": IRIS.test.y}
HOLE = np.where(np.arange(120).reshape(30, 4) == 119, np.nan, IRIS.test.x)
RECIPE = dataclasses.replace(recipe_for("mlp", "iris"), steps=7, m={"hidden": (8,)})


@pytest.fixture(autouse=True)
def _no_power_is_cut(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)


class Loader:
    """What grain's iterators are: batches in an order that a state decides, which may be bytes or plain values."""

    def __init__(self, pack=bytes, size=16, end=None):
        self.at, self.size, self.end, self.pack = 0, size, end, pack

    def __iter__(self):
        return self

    def __next__(self):
        if self.at == self.end:
            raise StopIteration
        chosen = np.random.default_rng(self.at).permutation(len(IRIS.train.x))[: self.size]
        self.at += 1
        return {"x": IRIS.train.x[chosen], "y": IRIS.train.y[chosen]}

    def get_state(self):
        return str(self.at).encode() if self.pack is bytes else {"at": self.at}

    def set_state(self, state):
        self.at = int(state) if self.pack is bytes else state["at"]


def stream(loader, **more):
    return Stream(**({"train": loader, "test": TEST, "steps_per_epoch": 4} | more))


def left(folder):
    tensors = {name: array.tobytes() for name, array in read(folder / "checkpoints" / "7").tensors().items()}
    return tensors, (folder / "metrics.jsonl").read_text(), (folder / "model.safetensors").read_bytes()


def test_what_a_stream_holds_is_told_and_the_task_of_the_recipe_decides_instead():
    guessed = stream(Loader()).opened(RECIPE)
    assert (guessed.kind.task, guessed.data.classes) == ("multiclass", ("0", "1", "2"))
    assert guessed.data.notes == (
        "Stream, x: rows of a table with 4 features",
        "Stream, y of test: 3 classes, 0 to 2 (10, 10, 10 examples); to predict numbers instead, --task regression "
        "(Recipe.task)",
    )
    numbers = stream(Loader()).opened(dataclasses.replace(recipe_for("linear"), task="regression"))
    assert (numbers.kind.task, numbers.data.outputs, numbers.data.classes) == ("regression", 1, ())
    assert numbers.data.notes[1].endswith(
        "a number to predict per example, from 0 to 2; if they are classes, give "
        "integers, as y.astype(int) or y.argmax(axis=1)"
    )
    as_floats = {"x": IRIS.test.x, "y": IRIS.test.y.astype(np.float32)}
    with pytest.raises(BadInput, match=r"y holds float32 .*expected classes, integers from 0 to 2"):
        stream(Loader(), test=as_floats).opened(RECIPE)


def test_integers_of_a_stream_are_predicted_as_numbers(tmp_path):
    recipe = dataclasses.replace(recipe_for("linear"), task="regression", steps=3)
    result = run(recipe, RunOptions(out=tmp_path / "run", **QUIET), stream=stream(Loader()))
    spread = (IRIS.test.y.astype(np.float64) ** 2).mean() ** 0.5
    assert 0 < result.metrics["rmse"] < 2 * spread


@pytest.mark.parametrize("pack", [bytes, dict])
def test_a_resumed_run_goes_on_behind_the_batch_that_was_learned_from_last(pack, tmp_path):
    whole = run(RECIPE, RunOptions(out=tmp_path / "whole", **QUIET), stream=stream(Loader(pack)))
    assert {"steps": whole.setup.plan.steps, "batch": whole.setup.recipe.batch_size} == {"steps": 7, "batch": 16}
    step, cut = "2" if pack is bytes else "5", tmp_path / "cut"
    shutil.copytree(whole.folder, cut)
    (cut / "result.json").unlink()
    run(RECIPE, RunOptions(resume=cut / "checkpoints" / step, **QUIET), stream=stream(Loader(pack)))
    assert left(cut) == left(whole.folder)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-reader")]


def test_grain_plugs_in(tmp_path):
    grain = pytest.importorskip("grain.python", reason="grain is not installed: pip install grain")

    def loader():
        numbers = grain.MapDataset.range(len(IRIS.train.x)).shuffle(seed=1).repeat()
        rows = numbers.map(lambda i: {"x": IRIS.train.x[i], "y": IRIS.train.y[i]})
        return rows.batch(16, drop_remainder=True).to_iter_dataset()

    whole = run(RECIPE, RunOptions(out=tmp_path / "whole", **QUIET), stream=stream(loader()))
    shutil.copytree(whole.folder, tmp_path / "cut")
    (tmp_path / "cut" / "result.json").unlink()
    run(RECIPE, RunOptions(resume=tmp_path / "cut" / "checkpoints" / "3", **QUIET), stream=stream(loader()))
    assert left(tmp_path / "cut") == left(whole.folder)


def test_the_first_batches_that_gave_the_scale_are_learned_from_all_the_same(tmp_path):
    seen = []

    class Watched(Loader):
        def set_state(self, state):
            super().set_state(state)
            seen.append(self.at)

    run(RECIPE, RunOptions(out=tmp_path / "run", **QUIET), stream=stream(Watched()))
    assert seen == [0]


def test_a_validation_set_of_ones_own_decides_which_model_is_kept(tmp_path):
    val = {"x": IRIS.train.x[:20], "y": IRIS.train.y[:20]}
    patient = dataclasses.replace(RECIPE, patience=1)
    result = run(patient, RunOptions(out=tmp_path / "run", **QUIET), stream=stream(Loader(), val=val))
    assert {row["split"] for row in result.rows} == {"train", "val", "test"}
    with pytest.raises(BadInput, match=r"a stream has no validation split .* give Stream\(val="):
        run(patient, RunOptions(out=tmp_path / "other", **QUIET), stream=stream(Loader()))


def test_other_data_does_not_go_on_with_the_run(tmp_path):
    whole = run(RECIPE, RunOptions(out=tmp_path / "whole", **QUIET), stream=stream(Loader()))
    with pytest.raises(CheckpointUnusable, match="does not have the same examples"):
        run(
            dataclasses.replace(RECIPE, steps=9),
            RunOptions(resume=whole.folder, **QUIET),
            stream=stream(Loader(), test={"x": IRIS.test.x + 1, "y": IRIS.test.y}),
        )
    with pytest.raises(BadInput, match=r"continue from Python with run\(recipe, RunOptions\(resume="):
        source("stream")


class Broken(Loader):
    """After three batches something goes wrong; the first look at them sees nothing of it."""

    def __init__(self, how):
        super().__init__(end=3)
        self.how = how

    def __next__(self):
        try:
            return super().__next__()
        except StopIteration:
            if not self.looked:
                raise
            return self.how(self)

    looked = False

    def set_state(self, state):
        super().set_state(state)
        self.looked = True


def ends(loader):
    raise StopIteration


def shrinks(loader):
    return {"x": IRIS.train.x[:5], "y": IRIS.train.y[:5]}


def lacks(loader):
    return {"x": IRIS.train.x[:16]}


def below(loader):
    return {"x": IRIS.train.x[:16], "y": np.where(np.arange(16) == 5, -1, IRIS.train.y[:16])}


def above(loader):
    return {"x": IRIS.train.x[:16], "y": np.where(np.arange(16) == 7, 3, IRIS.train.y[:16])}


def unknown(loader):
    return {"x": np.where(np.arange(64).reshape(16, 4) == 38, np.nan, IRIS.train.x[:16]), "y": IRIS.train.y[:16]}


def fails(loader):
    raise OSError("shard-07.bin: input/output error")


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        (ends, RunFailed, r"no batch for step 4: make it endless .*\.repeat\(\)"),
        (shrinks, BadInput, r"step 4 .* has x float32\[5, 4\], the first had float32\[16, 4\]"),
        (lacks, BadInput, r"step 4 .* must be \{\"x\": array, \"y\": array\}, got x"),
        (below, BadInput, "step 4 .*, row 5: y has class -1, expected 0 to 2"),
        (above, BadInput, "step 4 .*, row 7: y has class 3, expected 0 to 2"),
        (unknown, BadInput, r"step 4 of Stream\(train=...\): x, row 9, column 2 .*found nan"),
        (fails, RunFailed, "shard-07"),
    ],
)
def test_what_goes_wrong_in_the_iterator_is_told_with_the_step(how, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        run(RECIPE, RunOptions(out=tmp_path / "run", **QUIET), stream=stream(Broken(how)))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-reader")]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: stream([]), "the list of batches is empty"),
        (lambda: stream(Loader(end=0)), "has no batch"),
        (lambda: stream(Loader(), steps_per_epoch=0), "steps_per_epoch must be at least 1, got 0"),
        (lambda: stream(Loader(), test={"x": IRIS.test.x[:, :2], "y": IRIS.test.y}), r"test has \(2,\) and \(\)"),
        (lambda: stream(Loader(), test={"x": IRIS.test.x, "y": IRIS.test.y[:3]}), "must have as many examples"),
        (lambda: stream(Loader(), test=IRIS.test.x), r"must be \{\"x\": array, \"y\": array\}, got ndarray"),
        (
            lambda: stream(Loader(), test={"x": HOLE, "y": IRIS.test.y}),
            r"Stream\(test=...\): x, row 29, column 3 .*nan",
        ),
        (lambda: stream(Loader(), val={"x": HOLE, "y": IRIS.test.y}), r"Stream\(val=...\): x, row 29, column 3 .*nan"),
        (lambda: stream(Loader(), classes=("one",)), "y has class 2, expected 0 to 0"),
        (lambda: stream(Loader(), test={"x": IRIS.test.x + 1j, "y": IRIS.test.y}), "x holds complex64, expected num"),
        (lambda: stream(Loader(), test={"x": IRIS.test.x, "y": IRIS.test.y.astype(str)}), "y holds <U.*, expected num"),
        (
            lambda: stream(Loader(), test={"x": IRIS.test.x, "y": IRIS.test.y[:, None]}),
            r"y \(\) an example, test has \(4,\) and \(1,\)",
        ),
        (
            lambda: stream(Loader(), val={"x": IRIS.test.x[:, :2], "y": IRIS.test.y}),
            r"Stream\(val=...\): x \(2,\) and y \(\) an example, expected those of the batches, \(4,\) and \(\)",
        ),
        (lambda: stream(Loader(), test={"x": IRIS.test.x, "y": IRIS.test.y * 0 - 1}), "row 0: y has class -1"),
        (
            lambda: stream(Loader(), test={"x": IRIS.test.x, "y": IRIS.test.y.astype(np.int64) + 2**40}),
            r"y has class 1,099,511,627,778, too large for a class",
        ),
    ],
)
def test_what_is_no_stream_is_refused_before_the_run_begins(made, message, tmp_path):
    with pytest.raises(BadInput, match=message):
        run(RECIPE, RunOptions(out=tmp_path / "run", **QUIET), stream=made())
    assert not (tmp_path / "run").exists()


@pytest.mark.expensive
def test_the_example_in_the_documentation_runs(tmp_path, monkeypatch):
    page = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "data.md", "exec"), {"__name__": "data"})
    assert (tmp_path / "runs" / "stream" / "result.json").exists()


def test_an_animal_that_cannot_read_such_batches_is_refused(tmp_path):
    with pytest.raises(BadInput, match="cnn accepts image data; stream is table data"):
        run(recipe_for("cnn"), RunOptions(out=tmp_path / "run", **QUIET), stream=stream(Loader()))


def test_labels_in_columns_or_one_hot_rows_are_refused_with_the_cure():
    for y in (np.eye(3, dtype=np.int64), np.arange(3)[:, None]):
        with pytest.raises(BadInput, match=r"expected classes, integers from 0 to 2 \(examples,\): .*y.ravel\(\)"):
            check_labels(y, 3, "a batch")
