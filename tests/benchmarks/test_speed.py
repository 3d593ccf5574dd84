"""The comparison's parts work without a single peer, and the table says what was measured and nothing else."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest

from benchmarks import __main__ as command
from benchmarks import rounds
from benchmarks.clock import Clock, Steps
from benchmarks.lowerings import by_turns
from benchmarks.ours import MODELS, build, model_of
from benchmarks.peers import PEERS
from benchmarks.speed import brief, draw, table
from benchmarks.whole import _COMMANDS
from benchmarks.workloads import LARGE, WORKLOADS, batches, floats, make_data, windows
from zoo.train import recipe_for
from zoo.train.cli.train_args import Command, read

FIGURE = {"ms": 2.0, "first": 3.0, "import": 1.0, "peak_mb": 400.0, "parameters": 535818, "loss": 2.3, "last": 2.0}
WHERE = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today"}


@pytest.fixture
def kept():
    slower = [FIGURE | {"ms": ms} for ms in (3.0, 5.0, 6.0)]
    return {"mlp": {"limit": [100.0], "peers": {"ours": [FIGURE] * 3, "flax": slower}, "failed": {}} | WHERE}


def test_the_clock_keeps_the_first_step_apart_and_counts_no_warm_up(monkeypatch):
    now = iter([10.0, 11.0, 13.0, 15.0, 17.0])
    monkeypatch.setattr("benchmarks.clock.time.perf_counter", lambda: next(now))
    clock = Clock(seconds=4, began=2.0)
    assert clock(1, 2.5) == 1
    assert clock(1, 0.0) == 1  # a turn of one second: a quarter of it would be no step at all
    assert clock(4, 0.0) == 1
    assert clock(8, 0.0) == 0
    assert (clock.first, clock.loss) == (8.0, 2.5)
    assert clock.per_step == pytest.approx((2 / 4 + 2 / 8) / 2)


def test_a_whole_epoch_ends_after_its_steps():
    steps = Steps(10, began=0.0)
    assert [steps(1, 2.3), steps(6, 2.2), steps(3, 2.1)] == [9, 3, 0]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.expensive if name in LARGE else ()) for name in MODELS]
)
def test_our_models_have_the_parameters_that_every_peer_must_have(name):
    about = (WORKLOADS | LARGE)[name]
    work = replace(about, examples=600, batch=2)
    assert build(work, make_data(work)).parameters == about.parameters


@pytest.mark.expensive
@pytest.mark.parametrize("name", LARGE)
def test_the_products_of_a_large_workload_are_those_that_xla_counts(name):
    work = LARGE[name]
    model, data = model_of(work), make_data(replace(work, examples=600))
    x = jnp.asarray(data.x[:2]) / 255 if work.shape else jnp.asarray(data.x[: 2 * work.window]).reshape(2, -1)
    params, state = jax.eval_shape(model.init, jax.random.key(0), x)
    cost = jax.jit(lambda params, state, x: model.apply(params, state, x)[0]).lower(params, state, x).cost_analysis()
    # Three passes of a step; of the attention XLA counts what is masked as well, and it counts what is no product.
    assert 3e-9 * cost["flops"] / 2 * work.batch == pytest.approx(work.gflop, rel=0.1)


@pytest.mark.expensive
def test_our_side_trains_until_the_clock_says_so():
    work = replace(WORKLOADS["mlp"], examples=64, batch=16)
    clock = Clock(0.05, began=0.0)
    build(work, make_data(work)).go(clock)
    assert 1 < clock.loss < 4
    assert clock.per_step > 0
    assert len(clock.turns) >= 3


def test_batches_meet_every_example_and_windows_know_what_comes_next():
    work = replace(WORKLOADS["mlp"], examples=8)
    data, stream = make_data(work), batches(make_data(work), 4)
    seen = [next(stream)[0] for _ in range(2)]
    assert sum(int(x.astype(int).sum()) for x in seen) == int(data.x.astype(int).sum())
    x, y = next(windows(make_data(replace(WORKLOADS["characters"], examples=500)), 3))
    assert x.shape == y.shape == (3, 128)
    assert (x[:, 1:] == y[:, :-1]).all()


def test_the_variational_autoencoder_is_that_of_the_recipe_of_mnist():
    work, recipe = WORKLOADS["vae"], recipe_for("vae", "mnist")
    asked = {"batch_size": work.batch, "opt": work.opt, "lr": work.rate, "normalize": work.normalize, "m": work.sizes}
    assert asked == {name: getattr(recipe, name) for name in asked}


def test_images_are_normalised_as_the_workload_says():
    data = make_data(replace(WORKLOADS["vae"], examples=8))
    unit, standard = floats(data, "unit").x, floats(data).x
    assert (unit.min(), unit.max()) == (0, 1)
    assert (standard.mean(), standard.std()) == pytest.approx((0, 1), abs=1e-3)


def test_what_is_not_installed_or_not_written_is_left_out_and_named(monkeypatch):
    peers = {"ours": PEERS["ours"], "flax": PEERS["flax"]._replace(packages=("no_such_package",))}
    monkeypatch.setattr(rounds, "TIMED", peers | {"nnx": PEERS["nnx"]._replace(packages=(), workloads=("mlp",))})
    told = []
    assert rounds.taking_part("rows", ["ours", "flax", "nnx"], told.append) == ["ours"]
    assert "no_such_package is not installed" in told[0]
    assert "Flax nnx is left out: not written" in told[1]


def test_a_peer_that_fails_is_named_and_the_others_go_on(monkeypatch):
    def run(words, malloc, python=""):
        if words[0] == "flax":
            raise subprocess.CalledProcessError(1, "worker", stderr="Traceback\nTypeError: no such layer")
        return {"gflops": 100.0} if words[0] == "limit" else FIGURE

    monkeypatch.setattr(rounds, "run_worker", run)
    found = rounds.measure("mlp", ["ours", "flax"], 2, 1, False, print_fn=lambda line: None)
    assert found["failed"] == {"flax": "TypeError: no such layer"}
    assert len(found["peers"]["ours"]) == 2


def test_another_model_is_called_another_model():
    assert rounds.differences(535818, 2.3, {"flax": [FIGURE]}) == []
    told = rounds.differences(535818, 2.3, {"flax": [FIGURE | {"parameters": 500000, "loss": 9.0}]})
    assert "500,000 parameters, not 535,818" in told[0]
    assert "loss of 9.00" in told[1]


def test_the_table_says_what_was_measured(kept):
    text = table(kept)
    assert re.search(r"\| mlp: Flax linen \| 5 \(3 to 6\) \| 2.50 \(1.50 to 3.00\) \| 3.0 s \| 400 MB \| 25,600 ", text)
    assert "Measured on a desk; jax 1; today." in text


def test_the_short_table_has_the_fastest_of_each_kind(kept):
    peers = kept["mlp"]["peers"]
    peers["haiku"] = [FIGURE | {"ms": 4.0, "peak_mb": 300.0}] * 3
    peers["torch"], peers["torch-compile"] = ([FIGURE | {"ms": ms, "peak_mb": 9.0}] * 3 for ms in (9.0, 1.0))
    row = next(line for line in brief(kept).splitlines() if "512" in line)
    assert "| 2 ms | 2.00 x as long (2.00 to 2.00), Haiku | 0.50 x as long (0.50 to 0.50), PyTorch, compiled |" in row
    assert row.endswith("| 400 MB, 300 MB |")


def test_the_picture_is_drawn(kept, tmp_path):
    draw(kept, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes()[:4] == b"\x89PNG"


def test_the_command_prints_what_is_kept_and_leaves_the_readme_alone(kept, tmp_path, capsys):
    file = tmp_path / "speed.json"
    assert command.main(["--table", "--kept", str(file)]) == 1
    file.write_text(json.dumps(kept))
    assert command.main(["--table", "--kept", str(file)]) == 0
    assert "mlp: the zoo" in capsys.readouterr().out


def test_what_is_kept_in_the_project_is_whole():
    if command.KEPT.exists():
        assert table(json.loads(command.KEPT.read_text()))


def test_a_lowering_is_timed_by_turns_against_the_plain_form():
    little, much = (jax.jit(lambda x, n=n: jax.lax.fori_loop(0, n, lambda i, x: jnp.cos(x), x)) for n in (1, 200_000))
    said = by_turns(lambda: little(1.0), lambda: much(1.0), 4)
    assert float(re.search(r"ratio ([\d.]+)", said)[1]) > 2


def test_help_needs_no_peer():
    said = subprocess.run([sys.executable, "-m", "benchmarks", "--help"], capture_output=True, text=True, check=True)
    assert "--malloc" in said.stdout


@pytest.mark.parametrize("work", _COMMANDS)
def test_the_command_of_a_whole_run_is_one_that_the_zoo_understands(work):
    assert isinstance(read([*_COMMANDS[work].split(), "--dataset", "mnist"], "python -m zoo.train"), Command)
