"""When the memory runs out: what is needed, what there is, what to try; and bf16 from the command line to the model."""

import json
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest

import zoo
from tests.zoo.test_precision import PRODUCT, SUMMED
from zoo.__main__ import main as umbrella
from zoo.train.__main__ import main
from zoo.train.cli import dry_run as show_dry_run
from zoo.train.config.recipe import recipe_for
from zoo.train.config.run_options import RunOptions
from zoo.train.inference import memory as memory_of_answers
from zoo.train.runs import out_of_memory as memory
from zoo.train.runs.out_of_memory import savings
from zoo.train.runs.run import run
from zoo.train.runs.setup import setup
from zoo.train.runtime import out_of_memory as runtime_memory
from zoo.train.runtime.out_of_memory import OutOfMemory, is_exhausted

IRIS = replace(recipe_for("mlp", "iris"), epochs=1, warmup_epochs=0, m={"hidden": (3,)})
CLASSES = 3

pytestmark = pytest.mark.usefixtures("quick_compiler")


def real_error():
    """What XLA itself raises: an array larger than any machine's memory."""
    with pytest.raises(Exception) as caught:
        jax.block_until_ready(jax.jit(lambda: jax.numpy.ones((1 << 26, 1 << 26)))())
    return caught.value


def test_xlas_own_error_is_known_and_others_are_not():
    assert is_exhausted(real_error())
    assert is_exhausted(np._core._exceptions._ArrayMemoryError((1,), np.dtype(float)))
    assert not is_exhausted(jax.errors.JaxRuntimeError("INVALID_ARGUMENT: no"))


@pytest.fixture
def full(monkeypatch):
    """A run whose step finds no memory."""
    error = real_error()

    def call(self, *args):
        raise error

    monkeypatch.setattr("zoo.train.engine.steps.StepProgram.__call__", call)
    monkeypatch.setattr(
        memory, "required_memory", lambda found: (3 if found.setup.recipe.dtype == "float32" else 2) << 30
    )
    monkeypatch.setattr(runtime_memory, "available_memory", lambda: 1 << 30)


@pytest.mark.expensive
@pytest.mark.usefixtures("full")
def test_a_run_that_finds_no_memory_says_what_it_needs_and_what_to_try(tmp_path, capsys):
    words = ["--model", "mlp", "--dataset", "iris", "--m.hidden", "3", "--epochs", "1", "--quiet"]
    assert main([*words, "--out", str(tmp_path / "run"), "--compile-cache", "off"]) == 1
    told = capsys.readouterr().err
    assert "Out of memory allocating" in told
    assert "a step needs 3 GiB, the machine has 1 GiB. What a step needs with:" in told
    assert "\n  --dtype bf16: 2 GiB (a little less exact)" in told
    assert "--remat" not in told, "it needs as much"
    assert "Traceback" not in told


@pytest.mark.usefixtures("full")
def test_it_is_told_even_where_nothing_can_be_measured(tmp_path, monkeypatch):
    def no_more(*args):
        raise MemoryError

    monkeypatch.setattr(memory, "dry_run", no_more)
    with pytest.raises(OutOfMemory, match="an unknown amount") as caught:
        run(IRIS, RunOptions(out=tmp_path / "run", quiet=True, compile_cache="off"))
    assert "--remat: unknown" in str(caught.value)


def test_what_is_tried_depends_on_the_trainer_and_on_what_was_tried():
    def flags(recipe, **options):
        return [way.flags for way in savings(recipe, RunOptions(**options))]

    cnn = recipe_for("cnn")
    assert flags(cnn) == ["--remat", "--batch-size 32 --accumulate 2", "--dtype bf16"]
    assert flags(replace(cnn, dtype="bf16", accumulate=2), remat=True) == ["--batch-size 32 --accumulate 4"]
    assert flags(recipe_for("dcgan")) == ["--remat", "--batch-size 32", "--dtype bf16"]
    assert flags(recipe_for("perceptron")) == ["--batch-size 32"]
    assert flags(recipe_for("markov")) == []


@pytest.mark.parametrize("limit", [1 << 50, 1])
def test_a_dry_run_tells_what_there_is_and_what_to_try_only_if_that_is_less(limit, monkeypatch):
    monkeypatch.setattr(show_dry_run, "available_memory", lambda: limit)
    monkeypatch.setattr(memory, "dry_run", lambda recipe, options: SimpleNamespace(memory={"arguments": 1}))
    found = SimpleNamespace(memory={"arguments": 1 << 20, "temporary": 1 << 20}, setup=SimpleNamespace(recipe=IRIS))
    lines = show_dry_run._memory(found, RunOptions())
    assert lines[:2] == ["memory, arguments: 1 MiB", "memory, temporary: 1 MiB"]
    assert lines[2].startswith("memory, total: 2 MiB of 1 ")
    assert bool(lines[3:]) == (limit == 1)


def test_a_run_in_half_precision_is_loaded_as_it_was_scored(tmp_path):
    result = run(
        replace(IRIS, dtype="bf16"),
        RunOptions(out=tmp_path / "run", quiet=True, compile_cache="off", pictures=False),
    )
    assert json.loads((tmp_path / "run" / "config.json").read_text())["recipe"]["dtype"] == "bf16"
    model, x = zoo.load(tmp_path / "run"), result.setup.data.test.x
    assert {leaf.dtype.name for leaf in jax.tree.leaves(model.params)} == {"float32"}
    right = model.predict_indices(x) == result.setup.data.test.y
    assert np.mean(right) == pytest.approx(result.metrics["accuracy"], abs=1e-6)
    plain = zoo.mlp(CLASSES, hidden=(3,))
    exact, _ = plain.apply(model.params, model.state, model.scaler.apply(x))
    assert 0 < np.abs(model.outputs(x) - exact).max() < 0.1


def test_a_rematerialised_run_gives_the_same(key):
    recipe = replace(recipe_for("lstm"), m={"width": 4})
    batch = {"x": np.zeros((4, 8, 8, 1), np.float32), "y": np.arange(4)}
    plain, again = (setup(recipe, remat=remat).trainer for remat in (False, True))
    fit = jax.jit(plain.init)(key, batch)
    steps = [jax.jit(each.step).trace(fit, batch, key) for each in (again, plain)]
    assert ["remat" in str(step.jaxpr) for step in steps] == [True, False]
    got, wanted = (step.lower().compile()(fit, batch, key)[1] for step in steps)
    assert got["grad_norm"] == pytest.approx(float(wanted["grad_norm"]), rel=1e-5)


@pytest.mark.parametrize(
    ("model", "dataset", "more"),
    [
        ("cnn", "digits", {"m": {"filters": (4, 6), "hidden": 8}}),
        ("lstm", "text", {"m": {"width": 8}, "d": {"characters": 20_000}}),
        ("dcgan", "digits", {"m": {"filters": (4,)}}),
    ],
)
def test_no_norm_loss_or_sum_of_a_whole_step_is_half_precision(model, dataset, more, key):
    parts = setup(replace(recipe_for(model, dataset), dtype="bf16", batch_size=8, **more), score_samples=False)
    feed, advance = parts.advance.feed, parts.advance
    fit = jax.eval_shape(advance.made, key, advance.arrays)
    batch = jax.eval_shape(lambda arrays: feed.batch(arrays, feed.order(key), 0, key), advance.arrays)
    program, (new, _) = jax.make_jaxpr(parts.trainer.step, return_shape=True)(fit, batch, key)
    assert set(PRODUCT.findall(str(program))) == {"bf16"}
    assert SUMMED.findall(str(program)) == []
    assert "bfloat16" not in {str(leaf.dtype) for leaf in jax.tree.leaves(new)}


@pytest.fixture
def full_of_answers(monkeypatch):
    """A trained model whose batch finds no memory."""
    error = real_error()

    def call(*args):
        raise error

    monkeypatch.setattr("zoo.train.trained.model.Trained.outputs", call)
    monkeypatch.setattr("zoo.train.engine.evaluate.Evaluator.__call__", call)
    monkeypatch.setattr(memory_of_answers, "batch_memory", lambda trained, count: count << 19)
    monkeypatch.setattr(runtime_memory, "available_memory", lambda: 1 << 28)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        # In float32: 4 + 1 + 3 times 10^12 parameters and 3, two moments of adamw, and the gradient.
        (["mlp", "--m.hidden", str(10**12)], "8.00e12 parameters and does not fit in memory: a step needs 116 TiB"),
        (["mlp", "--m.hidden", *["2"] * 2000], "hidden asks for 2,000 layers, at most 1,500 can be compiled"),
        (["perceptron", "--dataset", "circle"], "a step needs 12 B and more (parameters 12 B), there are 11 B"),
    ],
    ids=["units", "layers", "no gradient"],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_a_model_that_fits_no_memory_is_refused_before_it_is_compiled(
    words, reason, dry, tmp_path, monkeypatch, capsys
):
    if "11 B" in reason:
        monkeypatch.setattr(runtime_memory, "available_memory", lambda: 11)
    monkeypatch.setattr("zoo.train.engine.steps.StepProgram.programs", None)
    dataset = [] if "--dataset" in words else ["--dataset", "iris"]
    assert main(["--model", *words, *dataset, "--out", str(tmp_path / "run"), *dry, "--compile-cache", "off"]) == 2
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("full_of_answers")
@pytest.mark.parametrize("words", [["evaluate", "mlp-iris"], ["predict", "mlp-iris", "flowers.csv"]])
def test_a_command_of_a_trained_model_that_finds_no_memory_says_so_in_the_same_words(
    words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers.csv").write_text("5.1,3.5,1.4,0.2\n")
    assert umbrella(words) == 1
    told = capsys.readouterr().err
    assert "error: the memory ran out: " in told
    assert "Out of memory allocating" in told
    assert "a batch of 1,000 inputs needs 500 MiB, the machine has 256 MiB. What a batch of 1,000 inputs" in told
    assert "\n  100 inputs: 50 MiB\n" in told
    assert "Traceback" not in told


def test_what_a_batch_needs_grows_with_it_and_holds_the_parameters():
    trained = zoo.load("mlp-iris")
    small, large = (memory_of_answers.batch_memory(trained, count) for count in (1, 1000))
    held = sum(leaf.nbytes for leaf in jax.tree.leaves(trained.params))
    assert held < small < large
    assert large - small >= 999 * 4 * (4 + CLASSES)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("seeds", ["1", pytest.param("2", marks=pytest.mark.expensive)])
def test_a_sweep_that_finds_no_memory_says_so_for_every_setting(seeds, tmp_path, monkeypatch, capsys):
    def call(self, *args):
        raise real_error()

    monkeypatch.setattr("zoo.train.sweeps.vmapped_training.VmappedRuns.__call__", call)
    words = ["sweep", "--model", "mlp", "--dataset", "iris", "--m.hidden", "3", "--epochs", "1", "--seeds", seeds]
    assert umbrella([*words, "--out", str(tmp_path / "sweep"), "--compile-cache", "off"]) == 1
    told = capsys.readouterr().out
    assert f"{seeds} of {seeds} failed" in told
    assert "a step needs 3 GiB, the machine has 1 GiB. What a step needs with:" in told
    assert "--dtype bf16: 2 GiB" in told
