"""Two real processes on 127.0.0.1, joined by gloo: the same numbers as one, and what happens when one of them dies.

Each life of a run is a start of python, so that one chain of them is asked many questions:
a run of two is stopped by a signal to one, resumed by two, one of which is killed, and resumed by two and by one.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from zoo.train.checkpoint import newest, read

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_compiler")]
HOUSE = str(Path(zoo.__file__).parent.parent)
WORDS = ("--model", "mlp", "--epochs", "6", "--ckpt-every", "23", "--keep", "9", "--m.hidden", "32", "--no-pictures")
STEPS, STOPPED, KILLED = 138, 46, 92
TWO = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"

# A process that may send itself a signal when a row comes, so that it is the same step every time.
LIFE = """
import os, sys
from importlib import import_module
from zoo.train.callbacks import Callback
from zoo.train.command import main
number, step, *words = sys.argv[1:]
class Dies(Callback):
    def row(self, row, fit):
        if row["split"] == "test" and row["step"] == int(step):
            os.kill(os.getpid(), int(number))
module = import_module("zoo.train.run")
run = module.run
module.run = lambda recipe, options: run(recipe, options, [Dies()])
sys.exit(main(words))
"""

# What is spread over two processes: written and read, agreed on, told.
SPREAD = """
import sys
import jax, numpy as np
from zoo.train.hosts import agreed, check_same, from_first, is_first, put, readable
from zoo.train.join import join, together
from zoo.train.options import RunOptions
from zoo.train.placement import data_parallel
process = int(sys.argv[2])
options = join(RunOptions(distributed=sys.argv[1], processes=2, process=process))
with together():
    place, whole = data_parallel(), np.arange(12, dtype=np.float32).reshape(4, 3)
    tree = {"shared": put(whole, place.shared), "whole": put(whole, place.whole), "key": jax.random.key(3)}
    tree["put"] = put(tree["key"], place.whole)
    assert [len(each.addressable_shards[0].data) for each in (tree["shared"], tree["whole"])] == [2, 4]
    told = readable(tree)
    assert np.array_equal(told["shared"], whole) and np.array_equal(told["whole"], whole)
    assert np.array_equal(jax.random.key_data(told["put"]), jax.random.key_data(tree["key"]))
    assert agreed(5 + process, 15 * process, process == 0) == (5, 15, True)
    assert from_first(lambda: {"step": 7} if process == 0 else 1 / 0) == {"step": 7}
    assert (is_first(), options.quiet) == (process == 0, process == 1)
    check_same({"lr": 1})
    check_same({"lr": process})
"""


def start(process, port, *words, script="", **environment):
    begin = ["-c", script] if script else ["-m", "zoo.train"]
    joined = ["--distributed", f"127.0.0.1:{port}", "--processes", "2", "--process", str(process)]
    return subprocess.Popen(
        [sys.executable, *begin, *map(str, words), *([] if "spread" in environment else joined)],
        env={**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def both(*words, dies=(0, 10**9)):
    """Two processes to their end; the second may send itself a signal at a step. Codes, and what each said."""
    port = free_port()
    lives = [start(0, port, *words), start(1, port, *dies, *words, script=LIFE)]
    said = [life.communicate(timeout=400) for life in lives]
    return [life.returncode for life in lives], said


def rows(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def left(folder):
    return read(folder / "checkpoints" / str(STEPS)).tensors()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def words(place):
    return (*WORDS, "--compile-cache", place / "xla")


@pytest.fixture(scope="module")
def unbroken(place, words):
    codes, said = both(*words, "--out", place / "two")
    assert codes == [0, 0], said
    return place / "two", said


@pytest.fixture(scope="module")
def stopped(place, words):
    """A run of two whose second process was sent SIGTERM."""
    codes, said = both(*words, "--out", place / "broken", dies=(signal.SIGTERM, STOPPED))
    return place / "broken", codes, said


@pytest.fixture(scope="module")
def killed(stopped):
    """The same, resumed by two, of which the second was killed."""
    codes, said = both("--resume", stopped[0], dies=(signal.SIGKILL, KILLED))
    return stopped[0], codes, said


def test_two_processes_compute_what_one_with_two_devices_computes(unbroken, place, words):
    folder, _ = unbroken
    alone = [sys.executable, "-m", "zoo.train", *map(str, words), "--out", str(place / "one"), "--quiet"]
    environment = {**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": TWO}
    subprocess.run(alone, env=environment, check=True, timeout=400)
    for one, two in zip(rows(place / "one"), rows(folder), strict=True):
        assert two == pytest.approx(one, abs=1e-5)
    for name, array in left(place / "one").items():
        np.testing.assert_allclose(left(folder)[name], array, atol=1e-4)


def test_the_first_process_writes_and_speaks_and_the_other_is_silent(unbroken):
    folder, said = unbroken
    assert "device   2 processes, 2 x cpu" in said[0][0]
    assert "Gloo" not in said[0][0]
    assert said[1] == ("", "")
    steps = [row["step"] for row in rows(folder) if row["split"] == "test"]
    assert steps == sorted(set(steps))
    assert steps[-1] == STEPS
    assert zoo.load(folder).about["metrics"]["step"] == STEPS


def test_a_signal_to_one_process_ends_both_with_a_checkpoint(stopped):
    folder, codes, said = stopped
    assert codes == [143, 143], said
    assert f"go on with: python -m zoo.train --resume {folder}" in said[0][1]
    assert read(folder / "checkpoints" / str(STOPPED)).step == STOPPED


@pytest.mark.fault(row=20)
def test_when_one_is_killed_the_other_says_which_and_what_to_do(killed):
    folder, codes, said = killed
    assert codes in ([1, -signal.SIGKILL], [-signal.SIGABRT, -signal.SIGKILL]), said  # jax may be quicker to end it
    assert "error: process 1 of 2 (pid " in said[0][1]
    assert f"is gone. What was saved is whole: go on with python -m zoo.train --resume {folder}" in said[0][1]
    assert newest(folder, lambda _: None, print).step < STEPS


@pytest.mark.fault(row=20)
@pytest.mark.parametrize("processes", [2, 1])
def test_a_broken_run_is_resumed_by_any_number_and_ends_as_the_unbroken_one(killed, unbroken, place, processes):
    folder = place / f"resumed-by-{processes}"
    shutil.copytree(killed[0], folder)
    if processes == 2:
        codes, said = both("--resume", folder)
        assert codes == [0, 0], said
    else:
        alone = [sys.executable, "-m", "zoo.train", "--resume", str(folder)]
        environment = {**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu"}
        subprocess.run(alone, env=environment, check=True, timeout=400, stdout=subprocess.PIPE)
    wanted, found = rows(unbroken[0]), rows(folder)
    assert [row["step"] for row in found] == [row["step"] for row in wanted]
    assert found[-1] == pytest.approx(wanted[-1], abs=1e-4)
    if processes == 2:
        assert found == wanted
        assert all(array.tobytes() == left(folder)[name].tobytes() for name, array in left(unbroken[0]).items())


def test_what_is_spread_over_processes_is_read_agreed_on_and_told():
    address = f"127.0.0.1:{free_port()}"
    lives = [start(i, 0, address, i, script=SPREAD, spread=True) for i in (0, 1)]
    said = [life.communicate(timeout=300)[1] for life in lives]
    for text in said:
        assert "BadInput: process 1 of 2 was asked for another run than process 0" in text
