"""Arrays that several processes cut between them: each writes and reads its own share, and the whole is proved.

Two real processes train with --fsdp; one is killed while they write, and the run goes on by two and by one.
"""

import json
import os
import shutil
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

from tests.train.checkpoints.test_checkpoint import FACTS, resigned, tree
from tests.train.runs.processes import HOUSE, both, rows
from zoo.train.checkpoints import sharded
from zoo.train.checkpoints.checkpoint import begin, list_steps, newest, read, write
from zoo.train.checkpoints.sharded import ShardedState, read_sharded
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput, CheckpointUnusable, RunFailed
from zoo.train.runs.warm_start import read_weights
from zoo.train.tree import flatten, unflatten_into

# A process that is killed when it has written its share of the second checkpoint, before the others know of it.
WRITES_AND_DIES = """
import os, signal, sys
from zoo.train.checkpoints import sharded
from zoo.train.__main__ import main
barrier, passed = sharded._barrier, []
def dies(*args):
    passed.append(args)
    if len(passed) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    barrier(*args)
sharded._barrier = dies
sys.exit(main(sys.argv[1:]))
"""
WORDS = ("--model", "mlp", "--epochs", "3", "--m.hidden", "64", "--fsdp", "--ckpt-every", "23", "--no-pictures")
STEPS, SAVED = 69, 23


def arrays():
    return jax.tree.map(jax.numpy.asarray, tree())


def made(run, step, state=None):
    beside = begin(run, step)
    return write(beside, ShardedState(beside, arrays() if state is None else state), FACTS | {"step": step}, None)


def shared_files(place):
    return [path for path in sorted((place / "state").rglob("*")) if path.is_file()]


def test_keys_half_precision_and_empty_arrays_come_back_whole_and_where_they_belong(tmp_path):
    found = read(made(tmp_path, 4))
    wanted = flatten(arrays())
    assert found.shared
    for name, array in found.tensors().items():
        assert (array.dtype, array.tobytes()) == (wanted[name].dtype, wanted[name].tobytes()), name
    template, place = jax.eval_shape(arrays), data_parallel(jax.devices()[:1])
    back = unflatten_into(template, read_sharded(found.path, template, place.for_state(template)))
    assert jax.tree.structure(back) == jax.tree.structure(template)
    for name, array in flatten(back).items():
        assert array.tobytes() == wanted[name].tobytes(), name
    assert all(leaf.sharding == place.replicated for leaf in jax.tree.leaves(back))


@pytest.mark.fault(row=5)
def test_row_5_damage_to_any_file_of_the_shares_is_found_and_an_older_checkpoint_taken(tmp_path):
    made(tmp_path, 1)
    place = made(tmp_path, 2)
    assert len(shared_files(place)) > 4
    for path in shared_files(place):
        good = path.read_bytes()
        for bad in (good[:-1], good + b"x", bytes([good[0] ^ 1]) + good[1:]):
            path.write_bytes(bad)
            with pytest.raises(CheckpointUnusable, match=path.name):
                read(place)
        path.unlink()
        assert newest(tmp_path, [].append).step == 1
        path.write_bytes(good)
    assert newest(tmp_path, print).step == 2


def test_a_part_of_the_files_is_proved_by_each_of_several(tmp_path):
    place = made(tmp_path, 2)
    shared_files(place)[0].write_bytes(b"")
    told = []
    for part in range(3):
        try:
            read(place, part, 3)
        except CheckpointUnusable as error:
            told.append(str(error))
    assert len(told) == 1


@pytest.mark.fault(row=11)
@pytest.mark.parametrize("name", ["state/../../x", "state", "state/", "/state/x", "state//x", "other/x"])
def test_row_11_no_file_outside_the_folder_is_one_of_the_shares(tmp_path, name):
    place = made(tmp_path, 3)
    resigned(place, lambda manifest: manifest["files"].update({name: {"size": 0, "sha256": ""}}))
    with pytest.raises(CheckpointUnusable, match=r"manifest\.json does not name the files of a checkpoint"):
        read(place)


def test_shares_of_what_is_no_number_make_no_checkpoint(tmp_path):
    with pytest.raises(RunFailed, match=r"params/w is not finite"):
        made(tmp_path, 1, {"fit": {"params": {"w": jax.numpy.array([1, np.nan])}}})
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_without_orbax_the_words_name_what_to_install(tmp_path, monkeypatch):
    place = made(tmp_path, 1)
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    monkeypatch.setitem(sys.modules, "orbax", None)
    with pytest.raises(BadInput, match=r"pip install 'neural-network-zoo\[multihost\]'"):
        read(place).tensors()
    monkeypatch.setattr(sharded, "is_shared", bool)
    with pytest.raises(BadInput, match=r"--ckpt-every off"):
        sharded.check_orbax({"w": 1})


def test_a_folder_that_a_process_does_not_see_is_refused(tmp_path, monkeypatch):
    sharded.check_seen(tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sharded, "allgather_json", lambda value: [value, False])
    with pytest.raises(BadInput, match=r"process 1 of .* does not see .* --ckpt-every off"):
        sharded.check_seen(tmp_path)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    place = tmp_path_factory.mktemp("shares")
    words = (*WORDS, "--compile-cache", place / "xla")
    codes, said = both(*words, "--out", place / "whole")
    assert codes == [0, 0], said
    return place, words


@pytest.fixture(scope="module")
def killed(unbroken):
    """A run of two whose second process is killed in the midst of a checkpoint, and what the two gave."""
    place, words = unbroken
    return place, both(*words, "--out", place / "killed", dies=(), script=WRITES_AND_DIES)


@pytest.mark.expensive
@pytest.mark.slow
@pytest.mark.fault(row=20)
@pytest.mark.usefixtures("quick_compiler")
def test_a_checkpoint_of_which_one_process_did_not_tell_is_none(killed):
    place, (codes, said) = killed
    assert codes in ([1, -signal.SIGKILL], [-signal.SIGABRT, -signal.SIGKILL]), said  # jax may be quicker to end it
    assert list_steps(place / "killed") == [SAVED]
    assert len(list((place / "killed" / "checkpoints").glob(f".tmp-{2 * SAVED}-*"))) == 1
    assert newest(place / "killed", print).step == SAVED


@pytest.mark.expensive
@pytest.mark.slow
@pytest.mark.fault(row=20)
@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("processes", [2, 1])
def test_a_run_whose_arrays_were_shared_is_resumed_by_any_number(killed, processes):
    place = killed[0]
    folder = place / f"by-{processes}"
    shutil.copytree(place / "killed", folder)
    if processes == 2:
        codes, said = both("--resume", folder)
        assert codes == [0, 0], said
    else:
        alone = [sys.executable, "-m", "zoo.train", "--resume", str(folder), "--quiet"]
        subprocess.run(alone, env=os.environ | {"PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu"}, check=True, timeout=400)
    wanted, found = rows(place / "whole"), rows(folder)
    assert [row["step"] for row in found] == [row["step"] for row in wanted]
    assert found[-1] == pytest.approx(wanted[-1], abs=1e-4)
    first, last = (read(each / "checkpoints" / str(STEPS)) for each in (place / "whole", folder))
    assert first.shared
    assert last.shared == (processes == 2)
    assert not list((folder / "checkpoints").glob(".tmp-*"))
    if processes == 2:
        assert found == wanted
        theirs = last.tensors()
        assert all(array.tobytes() == theirs[name].tobytes() for name, array in first.tensors().items())


@pytest.mark.expensive
@pytest.mark.slow
@pytest.mark.usefixtures("quick_compiler")
def test_each_process_wrote_a_part_of_what_was_cut_and_the_weights_can_begin_another_run(unbroken):
    place = unbroken[0] / "whole" / "checkpoints" / str(STEPS)
    manifest = json.loads((place / "manifest.json").read_text())["manifest"]
    for process in (0, 1):
        sizes = [proof["size"] for name, proof in manifest["files"].items() if f"ocdbt.process_{process}/d/" in name]
        assert sum(sizes) > 4 * 64 * 64 / 2  # of the kernel alone: compressed, its half with its moments
    assert read_weights(place)["params/body/0/w"].shape == (64, 64)
