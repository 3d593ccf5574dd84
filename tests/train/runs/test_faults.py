"""Faults that a whole run survives; test_fault_rows.py lists all faults, and how to find the tests of each."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.train.data.images import write_mnist
from zoo.train import recipe_for, run
from zoo.train.__main__ import main
from zoo.train.callback import Callback
from zoo.train.checkpoints.checkpoint import list_steps, newest, read
from zoo.train.config.recipe import Recipe
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, RunFailed
from zoo.train.runs.lock import Lock, check_free
from zoo.train.runs.metrics_log import MetricsLog

pytestmark = pytest.mark.usefixtures("quick_compiler")
HOUSE = str(Path(zoo.__file__).parent.parent)
IRIS = Recipe("logistic", "iris", epochs=3, batch_size=40)
WORDS = ("-m", "zoo.train", "--model", "mlp", "--dataset", "iris", "--quiet")
LONG = ("--epochs", "1e6", "--log-every", "1000")  # by default the first row comes after 40,000 steps


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    monkeypatch.setattr(import_module("zoo.train.runs.result"), "draw", lambda result: {})


def python(*words, **environment):
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env={**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended_well(process):
    said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return said[0]


def wait_for(process, there):
    until = time.monotonic() + 60
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


def left(folder, step):
    return {name: array.tobytes() for name, array in read(folder / "checkpoints" / str(step)).tensors().items()}


@pytest.mark.fault(row=1)
@pytest.mark.slow
@pytest.mark.expensive
def test_row_1_a_run_killed_twice_ends_with_the_same_bits(tmp_path):
    words = [*WORDS, "--epochs", "150", "--ckpt-every", "20"]
    ended_well(python(*words, "--out", tmp_path / "whole"))
    again, seen = [*words, "--out", tmp_path / "cut"], -1
    for _ in range(2):
        process = python(*again)
        wait_for(process, lambda: max(list_steps(tmp_path / "cut"), default=-1) > seen)  # noqa: B023
        process.kill()
        process.communicate()
        seen = newest(tmp_path / "cut", print).step
        assert seen < 1200
        again = ["-m", "zoo.train", "--quiet", "--resume", tmp_path / "cut"]
    ended_well(python(*again))
    assert left(tmp_path / "whole", 1200) == left(tmp_path / "cut", 1200)
    for name in ("metrics.jsonl", "model.safetensors", "plots/curves.png"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


@pytest.mark.fault(row=3)
@pytest.mark.fault(row=4)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGTERM, 143, marks=pytest.mark.expensive), (signal.SIGINT, 130)]
)
def test_rows_3_and_4_a_signal_checkpoints_and_tells_the_command_that_goes_on(tmp_path, number, code):
    process = python(*WORDS, *LONG, "--out", tmp_path / "run")
    wait_for(process, (tmp_path / "run" / "metrics.jsonl").exists)
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert process.returncode == code
    assert f"resume it with: python -m zoo.train --resume {tmp_path / 'run'}" in said
    step = newest(tmp_path / "run", print).step
    assert f"the checkpoint of step {step:,} of 8,000,000 is kept" in said
    assert zoo.load(tmp_path / "run").about["model"] == "mlp"


class Signal(Callback):
    """Asks the run to end while it is scored: between the scores and what comes after them."""

    def on_metrics(self, row, fit):
        if row["split"] == "test" and row["epoch"] == 2:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.fault(row=3)
def test_row_3_a_signal_while_the_run_is_scored_ends_it_after_the_scores(tmp_path):
    done = run(IRIS, RunOptions(out=tmp_path / "run", quiet=True), [Signal()])
    assert done.signal == signal.SIGTERM
    assert 6 <= list_steps(done.folder)[-1] == done.rows[-1]["step"] < 9
    again = run(IRIS, RunOptions(resume=done.folder, quiet=True))
    assert [row["step"] for row in again.rows if row["split"] == "test"] == [3, 6, 9]


SLOW_DISK = """
import sys, time, zoo.train.checkpoints.writer as saver
write = saver.write
saver.write = lambda *args: (print("writing", file=sys.stderr, flush=True), time.sleep(60), write(*args))
from zoo.train.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.fault(row=4)
@pytest.mark.slow
def test_row_4_a_second_signal_ends_at_once_and_leaves_the_folder_whole(tmp_path):
    words = (*LONG, "--ckpt-every", "1000000", "--out", tmp_path / "run")
    process = python("-c", SLOW_DISK, *WORDS[2:], *words)
    wait_for(process, (tmp_path / "run" / "metrics.jsonl").exists)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert list_steps(tmp_path / "run") == []
    assert json.loads((tmp_path / "run" / "config.json").read_text())["recipe"]["model"] == "mlp"


DEAF = """
import hashlib, sys
from zoo.train.runtime.signals import exit_within
with exit_within(0.2):
    print("deaf", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 200_000_000)
"""


@pytest.mark.fault(row=3)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_row_3_a_command_that_is_deaf_in_a_long_compilation_ends_all_the_same(number, code):
    process = python("-c", DEAF)
    assert process.stdout is not None
    assert process.stdout.readline() == "deaf\n"
    time.sleep(0.3)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == code
    assert "saved files are complete" in said


DOWNLOADING = """
import time
from zoo.train.runtime.signals import exit_within
with exit_within():
    try:
        print("loading", flush=True)
        time.sleep(60)
    finally:
        print("tidied", flush=True)
"""


@pytest.mark.fault(row=3)
def test_row_3_a_signal_while_data_is_loaded_tidies_up_and_ends():
    process = python("-c", DOWNLOADING)
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert (process.returncode, said) == (143, "tidied\n")


def full(times):
    """A disk that takes no checkpoint so many times."""
    write, failed = import_module("zoo.train.checkpoints.checkpoint").write_fsynced, []

    def writes(path, content):
        if len(failed) < times:
            failed.append(path)
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    return writes


@pytest.mark.fault(row=5)
def test_row_5_a_run_goes_on_when_the_disk_is_full_for_a_while(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("zoo.train.checkpoints.checkpoint.write_fsynced", full(times=1))
    done = run(IRIS, RunOptions(out=tmp_path / "run", ckpt_every="4", quiet=True))
    assert done.metrics["epoch"] == 3
    assert list_steps(done.folder) == [8, 9]
    said = capsys.readouterr().err
    assert "warning: no checkpoint of step 4" in said
    assert "state.safetensors cannot be written: No space left on device" in said
    assert " bytes needed, " in said
    assert " free; there is none yet" in said


@pytest.mark.fault(row=5)
def test_row_5_a_run_whose_last_checkpoint_cannot_be_written_fails_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.train.checkpoints.checkpoint.write_fsynced", full(times=99))
    with pytest.raises(RunFailed, match=r"no checkpoint of step 9: .*No space left.* bytes needed, .* free"):
        run(IRIS, RunOptions(out=tmp_path / "run", quiet=True))
    assert zoo.load(tmp_path / "run").about["metrics"]["epoch"] == 3


@pytest.mark.fault(row=5)
def test_row_5_metrics_that_cannot_be_written_end_the_run_with_the_reason(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zoo.train.runs.metrics_log.os.fsync", full)
    with pytest.raises(RunFailed, match=r"run cannot be written: No space left on device; [\d,]+ bytes free"):
        run(IRIS, RunOptions(out=tmp_path / "run", quiet=True, ckpt_every="off"))


def test_rows_are_on_the_disk_before_the_checkpoint_that_knows_of_them(tmp_path, monkeypatch):
    saver = import_module("zoo.train.checkpoints.writer")
    done, write = [], saver.write
    monkeypatch.setattr(MetricsLog, "sync", lambda journal: done.append("rows"))
    monkeypatch.setattr(saver, "write", lambda *given: (done.append("checkpoint"), write(*given)))
    run(IRIS, RunOptions(out=tmp_path / "run", ckpt_every="4", quiet=True))
    assert done == ["rows", "checkpoint"] * 3 + ["rows"], "of steps 4, 8, 9, and the end"


class Meanwhile(Callback):
    """Does something to the folder of the run once, after a row."""

    def __init__(self, act):
        self.act, self.done = act, False

    def on_start(self, setup, folder):
        self.folder = folder

    def on_metrics(self, row, fit):
        if not self.done:
            self.done = True
            self.act(self.folder)


def replaced(folder):
    folder.rename(folder.with_name("moved"))
    folder.mkdir()
    (folder / "metrics.jsonl").write_text("mine")


LOST = {  # noticed at a row, and at a checkpoint between two rows
    "deleted": (shutil.rmtree, "is no longer there: it was deleted or renamed", 1),
    "renamed": (lambda folder: folder.rename(folder.with_name("moved")), "is no longer there", 9),
    "replaced": (replaced, "is another folder than when the run started: it was replaced", 9),
}


@pytest.mark.parametrize(("act", "said", "log_every"), LOST.values(), ids=LOST)
def test_a_run_whose_folder_is_gone_ends_with_a_line_and_writes_nothing_there(tmp_path, act, said, log_every):
    folder = tmp_path / "run"
    options = RunOptions(out=folder, ckpt_every="1", log_every=log_every, quiet=True)
    with pytest.raises(RunFailed, match=rf"^{re.escape(str(folder))} {said}[^\n]*\.?$") as caught:
        run(IRIS, options, [Meanwhile(act)])
    assert caught.value.exit_code == 1
    assert (folder.exists() and (folder / "metrics.jsonl").read_text()) in (False, "mine")
    assert [path.name for path in folder.glob("*")] in ([], ["metrics.jsonl"])
    if (tmp_path / "moved").exists():  # nothing was lost: the run goes on under its new name
        again = run(IRIS, RunOptions(resume=tmp_path / "moved", quiet=True))
        assert again.metrics["epoch"] == 3


def test_a_result_is_not_written_into_a_folder_that_was_replaced_while_pictures_were_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(import_module("zoo.train.runs.result"), "draw", lambda result: replaced(result.folder) or {})
    with pytest.raises(RunFailed, match="it was replaced"):
        run(IRIS, RunOptions(out=tmp_path / "run", ckpt_every="off", quiet=True))
    assert not (tmp_path / "run" / "result.json").exists()


HOLDER = """
import sys
from pathlib import Path
from zoo.train.runs.lock import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.fault(row=13)
def test_row_13_a_second_run_in_a_folder_is_refused_and_a_dead_ones_lock_is_not(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"recipe": {"model": "logistic"}}')
    words = [sys.executable, "-c", HOLDER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": HOUSE}
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for more in ((), ("--overwrite",), ("--resume",)):
            assert main(["--model", "logistic", "--dataset", "iris", "--out", str(tmp_path), *more]) == 2
            said = capsys.readouterr().err
            assert f"is in use by process {holder.pid} on {os.uname().nodename}" in said
        with pytest.raises(BadInput, match="is in use"), Lock(tmp_path):
            pass
        holder.kill()
    check_free(tmp_path)
    with Lock(tmp_path), pytest.raises(BadInput, match=f"process {os.getpid()} "):
        check_free(tmp_path)
    check_free(tmp_path)


@pytest.mark.fault(row=14)
def test_row_14_a_bad_state_is_never_saved_and_the_last_good_one_stays(tmp_path, monkeypatch):
    from zoo.train.engine.loop import Diverged
    from zoo.train.trainers import make

    def poisoned(*args):
        """Finite metrics, and from the fifth step on parameters that are not."""
        trainer = make(*args)
        jnp = import_module("jax.numpy")

        def step(fit, batch, key):
            new, metrics = trainer.step({name: each for name, each in fit.items() if name != "n"}, batch, key)
            bad = fit["n"] >= 4
            params = import_module("jax").tree.map(lambda leaf: jnp.where(bad, jnp.nan, leaf), new["params"])
            return new | {"params": params, "n": fit["n"] + 1}, metrics

        return trainer._replace(init=lambda key, batch: trainer.init(key, batch) | {"n": jnp.int32(0)}, step=step)

    monkeypatch.setattr("zoo.train.trainers.numbers.make", poisoned)
    with pytest.raises(Diverged, match=r"at step 6 of 9(.|\n)*The model of epoch 1 is kept"):
        run(IRIS, RunOptions(out=tmp_path / "run", ckpt_every="1", quiet=True))
    assert newest(tmp_path / "run", print).step == 4


@pytest.mark.fault(row=14)
@pytest.mark.expensive
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_row_14_a_player_that_is_no_number_any_more_stops_the_game_and_the_last_good_state_goes_on(
    tmp_path, monkeypatch, player
):
    from zoo.train.engine.loop import Diverged
    from zoo.train.trainers import make

    jax = import_module("jax")

    def poisoned(*args):
        """From the fifth step on one player's parameters are infinite."""
        trainer = make(*args)

        def step(fit, batch, key):
            new, metrics = trainer.step({name: each for name, each in fit.items() if name != "n"}, batch, key)
            far = jax.tree.map(lambda leaf: jax.numpy.where(fit["n"] >= 4, jax.numpy.inf, leaf), new["params"][player])
            return new | {"params": {**new["params"], player: far}, "n": fit["n"] + 1}, metrics

        return trainer._replace(init=lambda key, batch: trainer.init(key, batch) | {"n": jax.numpy.int32(0)}, step=step)

    recipe = Recipe("gan", "ring", trainer="adversarial", m={"latent": 2, "hidden": (4,)}, steps=9, batch_size=20000)
    options = {"ckpt_every": "1", "keep": 99, "quiet": True, "pictures": False}
    monkeypatch.setattr("zoo.train.trainers.numbers.make", poisoned)
    with pytest.raises(Diverged, match=r"is not finite at step \d"):
        run(recipe, RunOptions(out=tmp_path / "run", **options))
    good = newest(tmp_path / "run", print)
    assert 3 <= good.step <= 6
    assert all(np.isfinite(array).all() for array in good.tensors().values() if array.dtype.kind == "f")
    assert np.isfinite(zoo.load(tmp_path / "run").sample(9)).all()


@pytest.mark.expensive
@pytest.mark.fault(row=19)
@pytest.mark.slow
def test_row_19_a_damaged_compile_cache_is_compiled_anew(tmp_path):
    cache = tmp_path / "cache"
    words = (*WORDS, "--epochs", "1", "--no-pictures", "--compile-cache", cache)
    slowly = {"XLA_FLAGS": "", "JAX_DISABLE_MOST_OPTIMIZATIONS": "0"}  # the tests' own are too fast to keep
    ended_well(python(*words, "--out", tmp_path / "one", **slowly))
    entries = [path for path in cache.iterdir() if path.is_file()]
    if not entries:
        pytest.skip("this machine compiles so fast that jax keeps nothing")
    for path in entries:
        path.write_bytes(b"rubbish")
    ended_well(python(*words, "--out", tmp_path / "two", **slowly))
    assert (tmp_path / "one" / "metrics.jsonl").read_bytes() == (tmp_path / "two" / "metrics.jsonl").read_bytes()


@pytest.mark.expensive
@pytest.mark.fault(row=21)
@pytest.mark.slow
def test_row_21_a_run_is_resumed_on_four_devices_and_on_another_mesh_close_and_says_so(tmp_path):
    recipe = recipe_for("mlp", "iris")
    whole = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, ckpt_every="400"))
    (whole.folder / "result.json").unlink()
    four = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=4"
    words = ("-m", "zoo.train", "--resume", whole.folder / "checkpoints" / "400", "--no-quiet", "--no-pictures")
    said = ended_well(python(*words, XLA_FLAGS=four))
    assert "close    but not bit for bit" in said
    assert "1 x cpu cpu then, 4 x cpu cpu now" in said
    rows = [json.loads(line) for line in (whole.folder / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1] == pytest.approx(whole.rows[-1], abs=1e-3)
    (whole.folder / "result.json").unlink()
    mesh = ("--mesh", "data=2,model=2", "--shard", "body/0/w=None,model", "head/w=model,None")
    said = ended_well(python(*words, *mesh, XLA_FLAGS=four))
    assert "no mesh then, mesh data=2 model=2, shard body/0/w=None,model, shard head/w=model,None now" in said
    rows = [json.loads(line) for line in (whole.folder / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1] == pytest.approx(whole.rows[-1], abs=1e-3)


HOMELESS = """
import os, pwd, sys, tempfile
def nobody(number): raise KeyError(f"uid not found: {number}")
pwd.getpwuid = nobody  # as in a container for a user who is in no list
tempfile.tempdir = os.environ["TMPDIR"]  # python would look for another place
from zoo.__main__ import main
def run(*words):
    code = main(words)
    assert code == 0, (words, code)
images, common = sys.argv[1], ("--quiet", "--m.hidden", "8", "-b", "500")
run("train", "--model", "mlp", "--dataset", "mnist", "--data-dir", images, "--offline", "--out", "run", *common,
    "--steps", "4", "--ckpt-every", "2")
run("train", "--resume", "run/checkpoints/2")
run("sample", "lstm-text", "--length", "5")
"""


@contextmanager
def no_room(folder):
    """A disk for temporary files that is full, or where none can be made a folder that is not there."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "tmpfs", folder]
    full = shutil.which("mount") and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if not full:
        folder.rmdir()
    try:
        if full:
            (folder / "all").write_bytes(bytes(4096))
        yield folder
    finally:
        if full:
            subprocess.run(["umount", folder], check=True)


@pytest.mark.expensive
@pytest.mark.fault(row=23)
@pytest.mark.slow
def test_row_23_without_a_home_and_a_place_for_temporary_files_a_run_needs_but_its_folders(tmp_path):
    here, images = tmp_path / "here", tmp_path / "images"
    here.mkdir()
    images.mkdir()
    write_mnist(images)
    named = ("HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "JAX_COMPILATION_CACHE_DIR")
    bare = {name: value for name, value in os.environ.items() if name not in named}
    with no_room(tmp_path / "tmp") as place:
        done = subprocess.run(
            [sys.executable, "-c", HOMELESS, images],
            env={**bare, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu", "TMPDIR": str(place)},
            cwd=here, capture_output=True, text=True, timeout=480, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "compiled programs are not cached" in done.stderr
    assert list_steps(here / "run") == [2, 4]
    assert {"confusion.png", "curves.png"} <= {path.name for path in (here / "run" / "plots").iterdir()}
    assert [path.name for path in here.iterdir()] == ["run"]


def test_the_command_line_restores_the_runs_recipe_and_options(tmp_path, monkeypatch, capsys):
    words = ["--model", "logistic", "--dataset", "iris", "-b", "40", "--lr", "0.03", "--log-every", "2"]
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--epochs", "2", "--out", "x", "--ckpt-every", "1", "--quiet", "--compile-cache", "off"]) == 0
    assert main(["--resume", "x"]) == 0
    assert "is finished" not in capsys.readouterr().out, "quiet is remembered as well"
    assert main(["--resume", "--out", "x", "--epochs", "3", "--no-quiet"]) == 0
    said = capsys.readouterr().out
    assert "logistic on iris · 3 epochs · batch 40" in said
    assert "resumed  step 6 of 9" in said
    assert "-m zoo predict x FILES...\n" in said
    rows = [json.loads(line) for line in Path("x/metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "train"] == [2, 3, 4, 6, 8, 9]
    config = json.loads(Path("x/config.json").read_text())
    assert (config["recipe"]["lr"], config["recipe"]["epochs"], len(config["earlier"])) == (0.03, 3, 1)
    assert main(["--resume=x", "--lr", "0.5"]) == 3
    assert "lr                   0.03 in the run, 0.5 now" in capsys.readouterr().err
    assert main(["--resume"]) == 2
    assert "--resume needs the folder of a run, as in --resume runs/mine" in capsys.readouterr().err
    assert main(["--resume", "--out", "y"]) == 2
    assert "--resume y does not exist" in capsys.readouterr().err
    begins = [*words, "--resume", "--out", "y", "--epochs", "1"]
    assert main(begins) == 0, "what is not there yet is begun by the words that say what to train"
    assert main([*begins, "--epochs", "2", "--no-quiet"]) == 0
    assert "resumed  step 3 of 6" in capsys.readouterr().out
    Path("z").mkdir()
    Path("z/mine.txt").write_text("of somebody")
    assert main([*words, "--resume", "--out", "z"]) == 2
    assert "is not empty and holds no run" in capsys.readouterr().err
    for bad in ("0", "x", "-5", "5d", "1.5", "0s", ""):
        assert main([*words, "--ckpt-every", bad]) == 2
    assert main([*words, "--keep", "0"]) == 2
    capsys.readouterr()
