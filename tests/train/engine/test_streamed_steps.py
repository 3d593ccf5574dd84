"""Runs whose data stays on the disk are, bit for bit, the runs whose data lies in memory."""

import dataclasses
import json
import shutil
import subprocess
import sys
import threading
import time

import jax
import numpy as np
import pytest
from PIL import Image

from zoo.train import RunOptions, recipe_for, run
from zoo.train.checkpoints.checkpoint import read
from zoo.train.data.dataset import load_data
from zoo.train.data.formats.image_rows import ImageFiles
from zoo.train.distributed.sharding import data_parallel
from zoo.train.engine.input_monitor import InputMonitor
from zoo.train.engine.streamed_steps import StreamedStepProgram, own_rows
from zoo.train.errors import BadInput
from zoo.train.pipeline.batches import BatchSource, HostBatch, HostReader
from zoo.train.trainer import Trainer

pytestmark = pytest.mark.usefixtures("quick_compiler")
QUIET = {"quiet": True, "pictures": False, "ckpt_every": "1", "keep": 100, "log_every": 2}


@pytest.fixture(autouse=True)
def _no_power_is_cut(monkeypatch, tmp_path):
    monkeypatch.setattr("os.fsync", lambda file: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Data of one's own, of every kind: the options that name it, by data set."""
    place, iris = tmp_path_factory.mktemp("own"), load_data("iris")
    for name, array in {"x": iris.train.x, "y": iris.train.y, "x_test": iris.test.x, "y_test": iris.test.y}.items():
        np.save(place / f"{name}.npy", array)
    rng = np.random.default_rng(0)
    for i in range(30):
        path = place / "photos" / ("dark", "light")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(90 * (i % 2), 160 + 90 * (i % 2), (6, 6, 3)).astype(np.uint8)).save(path)
    (place / "text.txt").write_text("the rain in spain stays mainly in the plain\n" * 40)
    return {
        "npy_table": {"folder": str(place)},
        "images": {"folder": str(place / "photos")},
        "text": {"file": str(place / "text.txt"), "window": 8},
    }


RECIPES = {
    "npy_table": ("mlp", {"hidden": (8,)}, {"val_share": 0.2}),
    "images": ("cnn", {"filters": (4,)}, {"augment": "flip+shift+crop+rotate+scale+jitter+cutout+mixup"}),
    "text": ("gru", {"width": 8}, {}),
}
DEAR = ("images", "text")


def recipe(name, own):
    model, m, more = RECIPES[name]
    base = recipe_for(model, name)
    return dataclasses.replace(base, m={**base.m, **m}, d=own[name], steps=7, batch_size=8, warmup_epochs=0, **more)


def left(folder):
    tensors = {name: array.tobytes() for name, array in read(folder / "checkpoints" / "7").tensors().items()}
    return tensors, (folder / "metrics.jsonl").read_text(), (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["npy_table", *(pytest.param(each, marks=pytest.mark.expensive) for each in DEAR)])
def test_a_run_from_the_disk_is_the_run_from_memory_and_so_is_one_that_was_resumed(name, own, tmp_path):
    wanted = recipe(name, own)
    inside = run(wanted, RunOptions(out=tmp_path / "memory", **QUIET))
    outside = run(wanted, RunOptions(out=tmp_path / "disk", in_memory="0", **QUIET))
    assert not isinstance(inside.setup.advance, StreamedStepProgram)
    assert isinstance(outside.setup.advance, StreamedStepProgram)
    assert left(inside.folder) == left(outside.folder)
    shutil.copytree(outside.folder, tmp_path / "cut")
    (tmp_path / "cut" / "result.json").unlink()
    again = "4GB" if name == "images" else "0"  # it may go on in memory, too
    run(wanted, RunOptions(resume=tmp_path / "cut" / "checkpoints" / "3", in_memory=again, **QUIET))
    assert left(tmp_path / "cut") == left(outside.folder)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-reader")]


@pytest.mark.expensive
def test_scores_and_pictures_are_those_of_the_run_from_memory(own, tmp_path):
    loud = QUIET | {"pictures": True}
    results = [
        run(recipe("images", own), RunOptions(out=tmp_path / size, in_memory=size, **loud)) for size in ("1GB", "0")
    ]
    assert isinstance(results[1].setup.data.test.x, ImageFiles)
    one, other = (json.loads((each.folder / "result.json").read_text()) for each in results)
    assert one | {"seconds": 0} == other | {"seconds": 0}
    assert sorted(path.name for path in (tmp_path / "0" / "plots").iterdir()) == sorted(
        path.name for path in (tmp_path / "1GB" / "plots").iterdir()
    )


def test_a_damaged_picture_is_named_and_no_thread_is_left(own, tmp_path):
    shutil.copytree(own["images"]["folder"], tmp_path / "photos")
    (tmp_path / "photos" / "dark" / "4.png").write_bytes(b"\x89PNG\r\n\x1a\nand then nothing")
    wanted = dataclasses.replace(recipe("images", own), d={"folder": str(tmp_path / "photos")})
    with pytest.raises(BadInput, match=r"dark/4\.png"):
        run(wanted, RunOptions(out=tmp_path / "run", in_memory="0", **QUIET))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-reader")]


def test_gradient_descent_on_all_examples_wants_them_in_memory(own, tmp_path):
    with pytest.raises(BadInput, match="--opt gd learns from all 120 examples in one step"):
        run(dataclasses.replace(recipe("npy_table", own), opt="gd", val_share=0), RunOptions(in_memory="0", **QUIET))


def slow_feed(seconds, step=lambda x: x):
    """A feed whose batches take a time to read, and a trainer whose step takes one, too."""

    def batches(key, rows):
        def read(step):
            time.sleep(seconds)
            return HostBatch({"x": np.full((len(rows), 1), step, np.float32)}, {"behind": step})

        return read

    blank = lambda key: {"x": jax.numpy.zeros((2, 1))}  # noqa: E731
    trainer = Trainer(lambda key, batch: {"sum": jax.numpy.zeros(())}, step, lambda *_: {})
    return trainer, BatchSource({}, 4, blank, lambda arrays, cut, i, key: cut, HostReader(batches, threads=1))


def adds(fit, batch, key):
    return {"sum": fit["sum"] + batch["x"].sum()}, {"loss": batch["x"].mean()}


def advanced(seconds, step, until):
    trainer, feed = slow_feed(seconds, step)
    advance, key = StreamedStepProgram(trainer, feed, data_parallel(jax.devices()[:1])), jax.random.key(0)
    fit, order = advance.init(key), advance.order(key)
    totals = advance.zero(fit, order, key)
    fit, totals = advance(fit, totals, order, 0, 1, key)
    assert advance.data_wait is None  # the first call compiles
    fit, totals = advance(fit, totals, order, 1, until, key)
    advance.close()
    return advance, fit


def test_steps_see_their_batches_in_order_and_the_position_is_that_of_the_last_one_seen():
    advance, fit = advanced(0, adds, 5)
    assert float(fit["sum"]) == 2 * (1 + 2 + 3 + 4)
    assert advance.position == {"behind": 4}


def test_the_wait_is_a_larger_share_of_the_time_where_reading_is_slow():
    slow, _ = advanced(0.03, adds, 6)
    quick, _ = advanced(0, adds, 6)
    assert quick.data_wait < slow.data_wait


def test_waiting_is_told_once_with_what_to_do():
    said = []
    advance, _ = advanced(0.03, adds, 4)
    listener = InputMonitor(advance, said.append)
    listener.on_progress(1, {})
    assert said == []  # of few seconds nothing is known
    advance.seconds = 6.0
    listener.on_progress(2, {})
    listener.on_progress(3, {})
    (text,) = said
    assert "of their time for their batches" in text
    assert "--in-memory" in text


def test_a_process_reads_the_rows_of_its_own_devices_alone():
    sharding = data_parallel(jax.devices()[:1])
    assert own_rows(sharding.data_sharded, (6, 2)).tolist() == [0, 1, 2, 3, 4, 5]


MEMORY = """
import sys
import numpy as np
from zoo.train import RunOptions, recipe_for, run
from dataclasses import replace
folder, out = sys.argv[1:]
recipe = replace(recipe_for("mlp", "npy_table"), d={"folder": folder}, steps=3, batch_size=16, normalize="none",
                 m={"hidden": (4,)})
run(recipe, RunOptions(out=out, in_memory="1GB", quiet=True, pictures=False, compile_cache="off"))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.expensive
@pytest.mark.skipif(sys.platform != "linux", reason="maximal memory is told otherwise there")
def test_a_file_of_two_gigabytes_is_learned_from_in_much_less_memory(tmp_path):
    count, width = 1 << 15, 1 << 16
    with (tmp_path / "x.npy").open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, width)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + count * width)  # a hole: it takes no room
    np.save(tmp_path / "y.npy", np.arange(count) % 2)
    np.save(tmp_path / "x_test.npy", np.zeros((4, width), np.uint8))
    np.save(tmp_path / "y_test.npy", np.arange(4) % 2)
    told = subprocess.check_output([sys.executable, "-c", MEMORY, str(tmp_path), str(tmp_path / "run")], text=True)
    assert int(told.split()[-2]) < 1_200_000, "kB, of which jax takes some 400,000 and the file would take 2,097,152"
