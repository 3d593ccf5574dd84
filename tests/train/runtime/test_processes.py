"""Two real processes on 127.0.0.1, joined by gloo: the same numbers as one, and what happens when one of them dies.

Each life of a run is a start of python, so that one chain of them is asked many questions:
a run of two is stopped by a signal to one, resumed by two, one of which is killed, and resumed by two and by one.
"""

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

import zoo
from tests.train.runs.processes import HOUSE, both, free_port, rows, start
from zoo.train.checkpoints.checkpoint import newest, read

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_compiler")]
WORDS = ("--model", "mlp", "--epochs", "6", "--ckpt-every", "23", "--keep", "9", "--m.hidden", "32", "--no-pictures")
FROM_DISK = ("--in-memory", "0")  # of which each process reads its share while the run goes
STEPS, STOPPED, KILLED = 138, 46, 92
TWO = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"

# Batches of one's own, a share of them in each process, whose state is another in each; the run is cut and resumed.
STREAMED = """
import shutil, sys
from dataclasses import replace
from pathlib import Path
import jax, numpy as np
from jax.experimental.multihost_utils import sync_global_devices
from zoo.train import RunOptions, Stream, recipe_for, run
from zoo.train.errors import CheckpointUnusable
from zoo.train.runtime.processes import allgather_json
from zoo.train.engine.input_monitor import InputMonitor
address, process, place = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
rng, met = np.random.default_rng(0), []
x, y = rng.normal(size=(512, 4)).astype(np.float32), rng.integers(0, 3, 512)
x += 3 * y[:, None]

class Share:
    at = 0

    def __iter__(self):
        return self

    def __next__(self):
        rows = np.random.default_rng(self.at).permutation(256)[:8] + 256 * process
        self.at += 1
        return {"x": x[rows] * (1 + process), "y": y[rows]}

    def get_state(self):
        return {"of": process, "at": self.at}

    def set_state(self, state):
        met.append(state)
        assert state["of"] == process, state
        self.at = state["at"]

recipe = replace(recipe_for("mlp", "iris"), steps=5, m={"hidden": (4,)})
told = {"quiet": True, "pictures": False, "compile_cache": "off", "ckpt_every": "1", "keep": 9}
stream = lambda: Stream(train=Share(), test={"x": x[:64], "y": y[:64]}, steps_per_epoch=5)
joined = {"distributed": address, "processes": 2, "process": process}
whole = run(recipe, RunOptions(out=place / "whole", **told, **joined), stream=stream())
assert whole.setup.recipe.batch_size == 16
scales = allgather_json([np.asarray(each).tolist() for each in whole.setup.scaler])
assert scales[0] == scales[1], scales
if process == 0:
    shutil.copytree(place / "whole", place / "cut")
    (place / "cut" / "result.json").unlink()
sync_global_devices("copied")
run(recipe, RunOptions(resume=place / "cut" / "checkpoints" / "2", **told), stream=stream())
assert met[-1] == {"of": process, "at": 2}, met
try:
    InputMonitor(whole.setup.advance).load_state_dict([None])
except CheckpointUnusable as error:
    assert "the run had 1 processes" in str(error)
else:
    raise AssertionError("shares of one process are no shares of two")
print("so far so good", flush=True)
other = Stream(train=Share(), test={"x": x[process:64], "y": y[process:64]}, steps_per_epoch=5)
run(recipe, RunOptions(out=place / "other", **told), stream=other)
"""

# What is spread over two processes: written and read, agreed on, told.
SPREAD = """
import sys
import jax, numpy as np
from zoo.train.engine.streamed_steps import own_rows
from zoo.train.runtime.processes import agree, allgather_json, allgather_rows, broadcast_from_first, check_same
from zoo.train.runtime.processes import device_put, gather, is_first
from zoo.train.distributed.initialize import initialize, synchronized
from zoo.train.config.run_options import RunOptions
from zoo.train.distributed.sharding import data_parallel
process = int(sys.argv[2])
options = initialize(RunOptions(distributed=sys.argv[1], processes=2, process=process))
with synchronized():
    place, whole = data_parallel(), np.arange(12, dtype=np.float32).reshape(4, 3)
    tree = {"shared": device_put(whole, place.data_sharded), "whole": device_put(whole, place.replicated)}
    tree["key"] = jax.random.key(3)
    tree["put"] = device_put(tree["key"], place.replicated)
    assert [len(each.addressable_shards[0].data) for each in (tree["shared"], tree["whole"])] == [2, 4]
    told = gather(tree)
    assert np.array_equal(told["shared"], whole) and np.array_equal(told["whole"], whole)
    assert np.array_equal(jax.random.key_data(told["put"]), jax.random.key_data(tree["key"]))
    assert agree(5 + process, 15 * process, process == 0) == (5, 15, True)
    assert broadcast_from_first(lambda: {"step": 7} if process == 0 else 1 / 0) == {"step": 7}
    assert allgather_json("a" * process) == ["", "a"]
    assert allgather_rows(np.full((2, 1), process)).ravel().tolist() == [0, 0, 1, 1]
    assert own_rows(place.data_sharded, (6, 3)).tolist() == [[0, 1, 2], [3, 4, 5]][process]
    assert (is_first(), options.quiet) == (process == 0, process == 1)
    check_same({"lr": 1})
    check_same({"lr": process})
"""


def left(folder):
    return read(folder / "checkpoints" / str(STEPS)).tensors()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def words(place):
    digits = load_digits()
    np.save(place / "x.npy", digits.images.astype(np.uint8)[..., None])
    np.save(place / "y.npy", digits.target)
    return (*WORDS, "--npy", place, "--compile-cache", place / "xla")


@pytest.fixture(scope="module")
def unbroken(place, words):
    codes, said = both(*words, *FROM_DISK, "--out", place / "two")
    assert codes == [0, 0], said
    return place / "two", said


@pytest.fixture(scope="module")
def stopped(place, words):
    """A run of two whose second process was sent SIGTERM."""
    codes, said = both(*words, *FROM_DISK, "--out", place / "broken", dies=(signal.SIGTERM, STOPPED))
    return place / "broken", codes, said


@pytest.fixture(scope="module")
def killed(stopped):
    """The same, resumed by two, of which the second was killed."""
    codes, said = both("--resume", stopped[0], dies=(signal.SIGKILL, KILLED))
    return stopped[0], codes, said


@pytest.mark.expensive
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


@pytest.mark.expensive
def test_a_signal_to_one_process_ends_both_with_a_checkpoint(stopped):
    folder, codes, said = stopped
    assert codes == [143, 143], said
    assert f"resume it with: python -m zoo.train --resume {folder}" in said[0][1]
    assert read(folder / "checkpoints" / str(STOPPED)).step == STOPPED


@pytest.mark.expensive
@pytest.mark.fault(row=20)
def test_when_one_is_killed_the_other_says_which_and_what_to_do(killed):
    folder, codes, said = killed
    assert codes in ([1, -signal.SIGKILL], [-signal.SIGABRT, -signal.SIGKILL]), said  # jax may be quicker to end it
    assert "error: process 1 of 2 (pid " in said[0][1]
    assert f"is gone. Saved checkpoints are complete: resume with python -m zoo.train --resume {folder}" in said[0][1]
    assert newest(folder, print).step < STEPS


@pytest.mark.fault(row=20)
@pytest.mark.expensive
@pytest.mark.parametrize("processes", [2, 1])
def test_a_broken_run_is_resumed_by_any_number_and_ends_as_the_unbroken_one(killed, unbroken, place, processes):
    folder = place / f"resumed-by-{processes}"
    shutil.copytree(killed[0], folder)
    if processes == 2:
        codes, said = both("--resume", folder, "--in-memory", "1GB")
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


@pytest.mark.expensive
def test_each_process_feeds_a_share_of_a_stream_and_goes_on_behind_it(tmp_path):
    address = f"127.0.0.1:{free_port()}"
    lives = [start(address, i, tmp_path, script=STREAMED) for i in (0, 1)]
    for out, error in [life.communicate(timeout=300) for life in lives]:
        assert "so far so good" in out, error
        assert "BadInput: process 1 of 2 does not see the examples of process 0" in error
    whole, cut = (read(tmp_path / name / "checkpoints" / "5") for name in ("whole", "cut"))
    assert all(array.tobytes() == cut.tensors()[name].tobytes() for name, array in whole.tensors().items())
    assert rows(tmp_path / "whole") == rows(tmp_path / "cut")


def test_what_is_spread_over_processes_is_read_agreed_on_and_told():
    address = f"127.0.0.1:{free_port()}"
    lives = [start(address, i, script=SPREAD) for i in (0, 1)]
    said = [life.communicate(timeout=300)[1] for life in lives]
    for text in said:
        assert "BadInput: process 1 of 2 was started with other flags than process 0" in text
