"""A run that was ended anywhere and resumed is, bit for bit, the run that was never ended."""

import dataclasses
import json
import shutil
from importlib import import_module

import chex
import jax
import numpy as np
import pytest

import zoo
from zoo import _catalogue
from zoo.train import recipe_for, run, trainers
from zoo.train.callback import Callback
from zoo.train.checkpoints.checkpoint import list_steps, read
from zoo.train.checkpoints.manifest import digest
from zoo.train.config.recipe import book
from zoo.train.config.run_options import RunOptions
from zoo.train.data.dataset import Split, load_data
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.pipeline.fingerprint import fingerprint
from zoo.train.runs.setup import setup
from zoo.train.trained.file import read_model
from zoo.train.tree import flatten, unflatten_into

pytestmark = pytest.mark.usefixtures("quick_compiler")
IRIS = dataclasses.replace(recipe_for("mlp", "iris"), epochs=3, batch_size=40)  # three steps an epoch
EVERY = {"ckpt_every": "1", "keep": 100, "quiet": True, "log_every": 2, "compile_cache": "off"}


@pytest.fixture(scope="module")
def made():
    """What every run of this file was set up with, by its recipe and options."""
    return {}


@pytest.fixture(autouse=True)
def _compile_once(monkeypatch, made):
    """All runs of one recipe share one compiled program, no picture is drawn, and no power is cut."""
    monkeypatch.setattr("os.fsync", lambda file: None)

    def once(recipe, place, **options):
        name = json.dumps([dataclasses.asdict(recipe), options], default=str)
        if name not in made:
            made[name] = setup(recipe, place, **options)
        return made[name]

    monkeypatch.setattr(import_module("zoo.train.runs.start"), "setup", once)
    monkeypatch.setattr(import_module("zoo.train.runs.setup"), "load_data", fewer)
    monkeypatch.setattr(import_module("zoo.train.runs.result"), "draw", lambda result: {})


def fewer(name, place, options):
    """The first of the examples."""
    data = load_data(name, place, options)

    def first(split, count):
        count = 30 * count if data.task == "language" else count
        return Split(*(None if each is None else each[:count] for each in split))

    return dataclasses.replace(data, train=first(data.train, 90), test=first(data.test, 32))


SMALL = {"width": 8, "hidden": (8,), "filters": (4, 4), "order": 2, "n": 2, "units": 8, "rows": 3, "columns": 3}
SMALL |= {"grid": (3, 2, 2), "temperatures": 5, "runs": 4, "primary": 2}


def short(name, dataset=None, variant=""):
    """A few steps of a model's recipe, with an evaluation in between where an epoch can be that short."""
    recipe, kinds = (
        recipe_for(name, dataset, variant),
        {option.name: type(option.default) for option in _catalogue.card(name).options if option.default != ()},
    )
    m = dict(recipe.m) | {option: size for option, size in SMALL.items() if kinds.get(option) is type(size)}
    if recipe.epochs == 1 and trainers.traits(recipe.trainer).batch == "all":  # in closed form
        return dataclasses.replace(recipe, m=m)
    if recipe.trainer == "language":
        return dataclasses.replace(recipe, m=m, d={"window": 16}, steps=6, batch_size=4, warmup_epochs=0)
    if trainers.traits(recipe.trainer).batch == "any" and recipe.epochs == 1:  # in one pass
        return dataclasses.replace(recipe, m=m | {"hidden": 8}, steps=6, batch_size=15)
    return dataclasses.replace(recipe, m=m, steps=6, batch_size=30, warmup_epochs=0)


def cut(whole, step, place):
    """A copy of a run as a kill leaves it: a checkpoint, and of all else what was written until some time later."""
    shutil.copytree(whole, place)
    (place / "result.json").unlink(missing_ok=True)
    with (place / "metrics.jsonl").open("a") as file:
        file.write('{"split": "train", "st')
    return place / "checkpoints" / str(step)


def left(folder, step):
    """All that a run leaves behind, but for the clock."""
    tensors, about = read_model(folder / "model.safetensors")
    rows = (folder / "metrics.jsonl").read_text()
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    return read(folder / "checkpoints" / str(step)).tensors(), tensors, about, rows, metrics


def assert_same_bits(one, other):
    chex.assert_trees_all_equal_structs(one[0], other[0])
    for mine, theirs in zip(one[:2], other[:2], strict=True):
        assert {name: a.tobytes() for name, a in mine.items()} == {name: a.tobytes() for name, a in theirs.items()}
    assert one[2:] == other[2:]


# By trainer: the model, the data and the recipe that prove it; of several models the one with the shortest name.
CASES = {
    recipe.trainer: (name, recipe.dataset, recipe.variant)
    for name in sorted(zoo.list_models(), key=len, reverse=True)
    for recipe in reversed(book(name).recipes)
}
CASES |= {"language": ("lstm", "text"), "supervised": ("mlp", None)}
OTHERS = {"language-transformer": ("transformer", "text"), "supervised-seq2seq": ("attention", None)}
FIRST = {"adversarial", "counting", "dual", "language", "self_organising", "supervised"}  # others solve in a step


def cases():
    return [
        pytest.param(case, id=name, marks=() if name in FIRST else pytest.mark.expensive)
        for name, case in (CASES | OTHERS).items()
    ]


def test_every_trainer_is_resumed_below():
    assert {name: short(*case).trainer for name, case in CASES.items()} == {name: name for name in trainers.names()}


@pytest.mark.fault(row=1)
@pytest.mark.parametrize("case", cases())
def test_a_resumed_run_equals_the_uninterrupted_one_bit_for_bit(case, tmp_path):
    recipe = short(*case)
    whole = run(recipe, RunOptions(out=tmp_path / "whole", **EVERY))
    last = whole.setup.plan.steps
    steps = list_steps(whole.folder)
    assert steps == list(range(1, last + 1))
    # Between two rows, and with every trainer at a row that was not told yet, too; a run of one step was ended before
    # its result was told.
    for step in (1,) if last == 1 else (2, 5):
        point = cut(whole.folder, step, tmp_path / f"cut{step}")
        run(recipe, RunOptions(resume=point, **EVERY))
        assert_same_bits(left(whole.folder, last), left(tmp_path / f"cut{step}", last))


def test_pictures_and_scores_of_a_resumed_run_are_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.undo()
    whole = run(IRIS, RunOptions(out=tmp_path / "whole", **EVERY))
    point = cut(whole.folder, 4, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "plots")
    run(IRIS, RunOptions(resume=point, **EVERY))
    for picture in ("plots/curves.png", "plots/confusion.png"):
        assert (tmp_path / "cut" / picture).read_bytes() == (whole.folder / picture).read_bytes()


STATES = [
    {"opt": "adam", "ema": 0.9},
    {"opt": "muon", "accumulate": 2},
    {"opt": "lamb", "sched": "plateau", "step_epochs": 1, "decay": 0.5},
    {"opt": "momentum", "accumulate": 3, "sched": "plateau", "clip_grad": 1.0, "ema": 0.5},
]


@pytest.mark.parametrize("change", STATES, ids=lambda change: "-".join(map(str, change.values())))
def test_the_state_of_every_kind_of_optimizer_comes_back_with_its_types(change, tmp_path):
    recipe = dataclasses.replace(IRIS, **change)
    whole = run(recipe, RunOptions(out=tmp_path / "whole", **EVERY))
    advance, key = whole.setup.advance, whole.setup.key
    fit, template = advance.init(key), advance.template(key)
    back = unflatten_into(template["fit"], flatten(fit))
    chex.assert_trees_all_equal(back, fit)
    assert jax.tree.structure(back) == jax.tree.structure(fit)
    assert [leaf.dtype for leaf in jax.tree.leaves(back)] == [leaf.dtype for leaf in jax.tree.leaves(fit)]
    run(recipe, RunOptions(resume=cut(whole.folder, 5, tmp_path / "cut"), **EVERY))
    assert_same_bits(left(whole.folder, 9), left(tmp_path / "cut", 9))


def test_patience_and_the_best_model_go_on_where_they_were(tmp_path):
    recipe = dataclasses.replace(IRIS, patience=2, val_share=0.2, epochs=40, lr=1.0, sched="constant")
    whole = run(recipe, RunOptions(out=tmp_path / "whole", best="loss", **EVERY))
    best = whole.metrics["step"]
    val = [row for row in whole.rows if row["split"] == "val"]
    assert best == min(val, key=lambda row: row["loss"])["step"]
    last = list_steps(whole.folder)[-1]
    assert best < last - 1 < 79, "patience ended it, and the cut lies between"
    point = cut(whole.folder, last - 1, tmp_path / "cut")
    (tmp_path / "cut" / "model.safetensors").write_bytes(b"of a later moment that is forgotten")
    again = run(recipe, RunOptions(resume=point, best="loss", **EVERY))
    assert again.rows == whole.rows
    assert again.metrics == whole.metrics
    assert (again.folder / "model.safetensors").read_bytes() == (whole.folder / "model.safetensors").read_bytes()


@pytest.fixture
def iris(tmp_path):
    return run(IRIS, RunOptions(out=tmp_path / "iris", **EVERY))


def test_a_metric_that_decides_needs_examples_held_back_and_a_name_that_is_measured(tmp_path):
    with pytest.raises(
        BadInput, match=r"--best loss needs examples to judge by that are not reported: give --val-share 0\.1"
    ):
        run(IRIS, RunOptions(out=tmp_path / "a", best="loss", quiet=True))
    with pytest.raises(BadInput, match="--best speed is not measured here; there are accuracy, loss"):
        run(dataclasses.replace(IRIS, val_share=0.2), RunOptions(out=tmp_path / "b", best="speed", quiet=True))


def test_a_run_that_came_to_its_end_says_so_and_changes_nothing(iris, capsys):
    before = {path: path.read_bytes() for path in iris.folder.rglob("*") if path.is_file() and path.name != ".lock"}
    again = run(IRIS, RunOptions(resume=iris.folder))
    assert "is finished, nothing is left to do; a higher --epochs continues it" in capsys.readouterr().out
    assert (again.rows, again.metrics) == (iris.rows, iris.metrics)
    assert all(path.read_bytes() == content for path, content in before.items())


def test_a_kill_behind_the_last_checkpoint_leaves_no_more_of_them_than_are_to_stay(iris):
    (iris.folder / "result.json").unlink()
    assert list_steps(iris.folder) == list(range(1, 10))
    run(IRIS, RunOptions(resume=iris.folder, **EVERY | {"keep": 2}))
    assert list_steps(iris.folder) == [8, 9]


def test_a_run_that_was_ended_before_its_first_checkpoint_begins_anew_with_the_weights_it_began_with(iris, tmp_path):
    recipe = dataclasses.replace(IRIS, epochs=1)
    whole = run(recipe, RunOptions(out=tmp_path / "whole", init_from=iris.folder, **EVERY))
    shutil.copytree(whole.folder, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "checkpoints")
    with pytest.raises(CheckpointUnusable, match=r"it has no checkpoint\. --overwrite starts it again"):
        run(recipe, RunOptions(resume=tmp_path / "cut", quiet=True))
    (tmp_path / "cut" / "result.json").unlink()
    with pytest.raises(CheckpointUnusable, match=r"lr +0\.01 in the run, 3 now"):
        run(dataclasses.replace(recipe, lr=3), RunOptions(resume=tmp_path / "cut", quiet=True))
    run(recipe, RunOptions(resume=tmp_path / "cut", **EVERY))
    assert_same_bits(left(whole.folder, 3), left(tmp_path / "cut", 3))


def test_a_lengthened_run_goes_on_and_says_what_becomes_of_the_schedule(iris, tmp_path, capsys):
    longer = run(dataclasses.replace(IRIS, epochs=4), RunOptions(resume=iris.folder, log_every=3))
    out = " ".join(capsys.readouterr().out.split())
    assert "resumed step 9 of 12 (epoch 3)" in out
    assert "length 12 steps, 9 before: the cosine schedule is stretched" in out
    assert "rows every 3 steps" in out
    assert longer.rows[: len(iris.rows)] == iris.rows
    steps = [row["step"] for row in longer.rows if row["split"] == "train"]
    assert steps == sorted(set(steps))
    assert steps[-1] == 12


def test_a_lengthened_run_of_a_constant_rate_is_the_longer_run_bit_for_bit(tmp_path):
    recipe = dataclasses.replace(IRIS, sched="constant")
    run(recipe, RunOptions(out=tmp_path / "short", **EVERY))
    recipe = dataclasses.replace(recipe, epochs=4)
    run(recipe, RunOptions(resume=tmp_path / "short", **EVERY))
    run(recipe, RunOptions(out=tmp_path / "long", **EVERY))
    state = [read(tmp_path / name / "checkpoints" / "12").tensors() for name in ("short", "long")]
    chex.assert_trees_all_equal(*({k: v for k, v in each.items() if k.startswith("fit/")} for each in state))


@pytest.mark.fault(row=12)
def test_row_12_another_recipe_is_refused_with_a_table_before_anything_is_loaded(iris, monkeypatch):
    monkeypatch.setattr(import_module("zoo.train.runs.start"), "setup", None)
    other = dataclasses.replace(IRIS, opt="sgd", m={"hidden": (3,)}, seed=1)
    with pytest.raises(CheckpointUnusable) as error:
        run(other, RunOptions(resume=iris.folder, quiet=True))
    text = " ".join(str(error.value).split())
    assert "opt 'adamw' in the run, 'sgd' now" in text
    assert "m.hidden [16] in the run, [3] now" in text
    assert "seed 0 in the run, 1 now" in text
    assert "start a new run with its weights: --init-from" in text


def test_a_field_that_came_into_the_zoo_later_is_what_it_usually_is(iris):
    from zoo.train.runs.resume import find

    manifest = iris.folder / "checkpoints" / "9" / "manifest.json"
    found = json.loads(manifest.read_text())["manifest"]
    del found["recipe"]["clip_grad"], found["recipe"]["m"]["hidden"]
    manifest.write_text(json.dumps({"manifest": found, "sha256": digest(found)}))
    assert find(iris.folder, dataclasses.replace(IRIS, m={})) is not None
    with pytest.raises(CheckpointUnusable, match=r"clip_grad +None in the run, 1\.0 now"):
        find(iris.folder, dataclasses.replace(IRIS, m={}, clip_grad=1.0))


def test_options_that_are_spelled_out_mean_what_they_mean_by_default():
    from zoo.train.runs.compatibility import _flat

    ring = recipe_for("gan")
    spelled = dataclasses.replace(ring, t={**ring.t, "loss": "non_saturating", "d_steps": 1})
    assert _flat(dataclasses.asdict(ring)) == _flat(dataclasses.asdict(spelled))
    other = dataclasses.replace(ring, t={**ring.t, "loss": "hinge"})
    assert _flat(dataclasses.asdict(other)) != _flat(dataclasses.asdict(ring))


@pytest.mark.fault(row=12)
def test_row_12_other_data_shapes_types_or_a_shorter_length_are_refused(iris, monkeypatch):
    manifest = iris.folder / "checkpoints" / "9" / "manifest.json"

    def changed(**values):

        found = json.loads(manifest.read_text())["manifest"] | values
        manifest.write_text(json.dumps({"manifest": found, "sha256": digest(found)}))

    good = json.loads(manifest.read_text())["manifest"]
    with pytest.raises(CheckpointUnusable, match="9 steps in the run, 3 now: it can only be lengthened"):
        run(dataclasses.replace(IRIS, epochs=1), RunOptions(resume=iris.folder, **EVERY))
    changed(tree={**good["tree"], "fit/params/head/w": ["float16", [16, 3]], "fit/more": ["int32", []]})
    refused = r"unexpected  fit/more int32\[\](.|\n)*differing   fit/params/head/w: float16\[16, 3\], expected float32"
    with pytest.raises(CheckpointUnusable, match=refused):
        run(dataclasses.replace(IRIS, epochs=5), RunOptions(resume=iris.folder, **EVERY))
    changed(tree=good["tree"], data="0" * 64)
    with pytest.raises(CheckpointUnusable, match="iris does not have the same examples as when the run started"):
        run(dataclasses.replace(IRIS, epochs=5), RunOptions(resume=iris.folder, **EVERY))


def test_a_run_of_a_version_that_held_targets_in_float32_goes_on(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for name, array in (("x", random.normal(size=(40, 3))), ("y", 1e8 + random.normal(size=40))):
        np.save(tmp_path / f"{name}.npy", array)

    def former(data):
        narrow = (part._replace(y=part.y.astype(np.float32)) for part in (data.train, data.test))
        return fingerprint(dataclasses.replace(data, **dict(zip(("train", "test"), narrow, strict=True))))

    monkeypatch.setattr("zoo.train.runs.setup.fingerprint", former)
    recipe = dataclasses.replace(recipe_for("linear", "npy_table_values"), steps=2, d={"folder": str(tmp_path)})
    run(recipe, RunOptions(out=tmp_path / "run", **EVERY))
    monkeypatch.undo()
    longer = run(dataclasses.replace(recipe, steps=4), RunOptions(resume=tmp_path / "run", **EVERY))
    assert longer.metrics["step"] == 4
    np.save(tmp_path / "y.npy", 1e8 + random.normal(size=40))
    with pytest.raises(CheckpointUnusable, match="does not have the same examples"):
        run(dataclasses.replace(recipe, steps=6), RunOptions(resume=tmp_path / "run", **EVERY))


def test_a_fingerprint_knows_every_example_and_class():
    data = load_data("iris")
    other = data.train._replace(y=np.where(np.arange(120) == 7, 2, data.train.y))
    prints = [data, dataclasses.replace(data, train=other), dataclasses.replace(data, classes=("a", "b", "c"))]
    assert len({fingerprint(each) for each in prints}) == 3
    assert fingerprint(load_data("iris")) == fingerprint(data)


@pytest.mark.fault(row=22)
@pytest.mark.parametrize("harm", [lambda text: text.replace(b'"step": 2', b'"step": 1', 1), lambda text: text[:700]])
def test_row_22_metrics_that_are_torn_or_were_changed_are_gone_on_with_from_where_they_are_whole(iris, capsys, harm):
    metrics = iris.folder / "metrics.jsonl"
    whole = metrics.read_bytes()
    metrics.write_bytes(harm(whole))
    (iris.folder / "result.json").unlink()
    again = run(IRIS, RunOptions(resume=iris.folder, **EVERY))
    assert "metrics.jsonl was changed: its first" in capsys.readouterr().err
    assert metrics.read_bytes() == whole
    assert again.rows == iris.rows


class Ear(Callback):
    """Remembers how many rows it heard."""

    heard = 0

    def on_metrics(self, row, fit):
        self.heard += 1

    def state_dict(self):
        return {"heard": self.heard}

    def load_state_dict(self, state):
        self.heard = state["heard"]


def test_what_a_callback_of_ones_own_remembers_goes_on(tmp_path):
    ears = [Ear(), Ear()]
    whole = run(IRIS, RunOptions(out=tmp_path / "whole", **EVERY), ears)
    again = [Ear(), Ear()]
    run(IRIS, RunOptions(resume=cut(whole.folder, 4, tmp_path / "cut"), **EVERY), again)
    assert [ear.heard for ear in ears] == [ear.heard for ear in again] == [len(whole.rows)] * 2


@pytest.mark.parametrize("where", ["", "model.safetensors", "checkpoints/9"])
def test_a_new_run_takes_the_weights_that_fit_and_says_which(iris, tmp_path, capsys, where):
    wider = dataclasses.replace(IRIS, m=dict(IRIS.m) | {"hidden": (16, 5)}, epochs=1, lr=1e-9)
    run(wider, RunOptions(out=tmp_path / "new", init_from=iris.folder / where, compile_cache="off"))
    out = " ".join(capsys.readouterr().out.split())
    assert "3 of 6 arrays" in out
    assert "taken params/body/0/w [4, 16]" in out
    assert "differs params/head/w: [16, 3] there, [5, 3] here" in out
    assert "new params/body/" in out
    mine, theirs = (zoo.load(folder).params["body"]["0"]["w"] for folder in (tmp_path / "new", iris.folder))
    np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_weights_of_which_none_fit_are_refused(iris, tmp_path):
    recipe = dataclasses.replace(recipe_for("linear"), epochs=1)
    with pytest.raises(CheckpointUnusable, match="no weights of it fit linear"):
        run(recipe, RunOptions(out=tmp_path / "new", init_from=iris.folder, quiet=True))


def test_going_on_and_beginning_anew_exclude_each_other(iris, tmp_path):
    for other in ({"overwrite": True}, {"init_from": iris.folder}):
        with pytest.raises(BadInput, match="--resume continues a run and cannot be combined with"):
            RunOptions(resume=iris.folder, **other)
    with pytest.raises(BadInput, match="a run is resumed in its own folder"):
        run(IRIS, RunOptions(resume=iris.folder, out=tmp_path / "elsewhere"))
    with pytest.raises(BadInput, match=r"does not exist: name the folder of a run"):
        run(IRIS, RunOptions(resume=tmp_path / "nowhere"))
    shutil.copytree(iris.folder / "checkpoints" / "9", tmp_path / "9")
    with pytest.raises(
        BadInput, match="this checkpoint is not in the folder of a run; --init-from loads its weights alone"
    ):
        run(IRIS, RunOptions(resume=tmp_path / "9"))
