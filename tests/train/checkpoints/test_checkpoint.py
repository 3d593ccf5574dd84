"""Checkpoints: whole or not there, what was put in comes out, and what is damaged is never loaded.

Rows 2, 5, 11 and 12 of the faults that a run must survive.
"""

import io
import json
import random
import shutil
import struct
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo.train.checkpoints.checkpoint as module
from zoo.train.checkpoints.checkpoint import LocalState, begin, list_steps, newest, prune, read, write
from zoo.train.checkpoints.manifest import KINDS, digest
from zoo.train.config.interval import interval
from zoo.train.errors import CheckpointUnusable, RunFailed
from zoo.train.tree import diff_specs, flatten, unflatten_into

FACTS = {
    "since": 0, "seconds": 1.0, "recipe": {"model": "mlp"}, "plan": {"steps": 9}, "options": {}, "data": "x",
    "versions": {}, "devices": [], "metrics": {"bytes": 0, "sha256": ""}, "callbacks": {"best": {"loss": 0.1}},
}  # fmt: skip


class Moments(NamedTuple):
    count: jax.Array
    mu: dict


def tree():
    half = jnp.arange(6, dtype=jnp.bfloat16).reshape(2, 3)
    return {
        "opt": (Moments(jnp.int32(3), {0: half, 1: jnp.ones(())}), None),
        "key": jax.random.key(7),
        "mask": np.array([True, False]),
        "none": np.zeros((0, 4), np.float32),
        "turned": np.arange(6.0, dtype=np.float32).reshape(2, 3).T,
    }


def made(run, step, model=None):
    return write(begin(run, step), LocalState(flatten(tree())), FACTS | {"step": step}, model)


def test_named_tuples_whole_numbers_as_keys_half_precision_and_random_keys_come_back(tmp_path):
    one = tree()
    back = unflatten_into(jax.eval_shape(tree), read(made(tmp_path, 4)).tensors())
    assert jax.tree.structure(one) == jax.tree.structure(back)
    assert back["opt"][0].mu[0].dtype == jnp.bfloat16
    for mine, theirs in zip(jax.tree.leaves(one), jax.tree.leaves(back), strict=True):
        assert mine.dtype == theirs.dtype
        same = jax.random.key_data(mine) == jax.random.key_data(theirs) if mine is one["key"] else mine == theirs
        assert bool(np.all(np.asarray(same)))


def test_the_manifest_tells_version_step_shapes_types_sizes_and_sums(tmp_path):
    found = read(made(tmp_path, 4, io.BytesIO(b"the best model")))
    assert (found.step, found.manifest["format"], found.run) == (4, 2, tmp_path)
    assert found.tree["opt/0/mu/0"] == ("bfloat16", (2, 3))
    assert found.tree["key"] == ("uint32", (2,))
    assert found.manifest["callbacks"] == {"best": {"loss": 0.1}}
    assert found.model is not None
    assert found.model.read_bytes() == b"the best model"
    for name, proof in found.manifest["files"].items():
        assert (found.path / name).stat().st_size == proof["size"]


def test_what_differs_is_listed_path_by_path():
    wanted = {"a": ("float32", (2,)), "b": ("float32", (3,))}
    assert diff_specs(wanted, {"b": ("bfloat16", (3,)), "c": ("int32", ())}) == [
        "  missing     a float32[2]",
        "  unexpected  c int32[]",
        "  differing   b: bfloat16[3], expected float32[3]",
    ]


def test_the_newest_stay_and_leftovers_go(tmp_path):
    for step in (9, 10, 100, 20):
        made(tmp_path, step)
    (tmp_path / "checkpoints" / ".tmp-30-abc").mkdir()
    (tmp_path / "checkpoints" / "notes").mkdir()
    prune(tmp_path, 2)
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["100", "20", "notes"]
    prune(tmp_path, 2, newer_than=20)
    assert list_steps(tmp_path) == [20]


class Killed(BaseException):
    """As kill -9: nothing is caught, nothing is tidied."""


STAGES = ("state", "its sum", "model", "the other sum", "manifest", "sync", "rename", "sync of all", "prune")


@pytest.mark.fault(row=2)
@pytest.mark.parametrize("stage", range(len(STAGES)), ids=STAGES)
def test_row_2_a_kill_at_any_stage_of_writing_leaves_a_whole_checkpoint(tmp_path, monkeypatch, stage):
    made(tmp_path, 1)
    done = []

    def counted(act):
        def acts(*args, **more):
            if len(done) == stage:
                raise Killed
            done.append(act.__name__)
            return act(*args, **more)

        return acts

    def written_and_pruned():
        made(tmp_path, 2, io.BytesIO(b"model"))
        prune(tmp_path, 1)

    tidy = module.shutil.rmtree
    monkeypatch.setattr(module.shutil, "rmtree", lambda *_, **__: None if stage < 8 else counted(tidy)(*_, **__))
    for name in ("write_fsynced", "sync", "file_digest"):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    monkeypatch.setattr(module.Path, "rename", counted(module.Path.rename))
    with pytest.raises(Killed):
        written_and_pruned()
    monkeypatch.undo()
    assert len(done) == stage
    assert newest(tmp_path, print).step == (2 if "rename" in done else 1)
    prune(tmp_path, 5)
    assert not list((tmp_path / "checkpoints").glob(".tmp-*"))


@pytest.mark.fault(row=5)
def test_row_5_a_full_disk_leaves_no_half_checkpoint(tmp_path, monkeypatch):
    made(tmp_path, 1)

    def full(path, write):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_fsynced", full)
    with pytest.raises(OSError, match="No space left"):
        made(tmp_path, 2)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["1"]


def flipped(data, at, bit):
    data = bytearray(data)
    data[at] ^= 1 << bit
    return bytes(data)


@pytest.mark.fault(row=11)
def test_row_11_damage_anywhere_is_never_loaded_silently_and_always_named(tmp_path):
    place = made(tmp_path, 3, io.BytesIO(random.Random(1).randbytes(200)))
    chance = random.Random(0)
    cases = 0
    for path in sorted(place.iterdir()):
        good = path.read_bytes()
        damages = [flipped(good, chance.randrange(len(good)), chance.randrange(8)) for _ in range(150)]
        damages += [good[: chance.randrange(len(good))] for _ in range(30)]
        damages += [good + b"\0", b"", bytes(len(good)), good[::-1]]
        for bad in damages:
            path.write_bytes(bad)
            with pytest.raises(CheckpointUnusable, match=path.name):
                read(place)
            cases += 1
        path.write_bytes(good)
        path.rename(tmp_path / "away")
        with pytest.raises(CheckpointUnusable, match=path.name):
            read(place)
        (tmp_path / "away").rename(path)
    assert cases >= 500
    assert read(place).step == 3


def resigned(place, change):
    """A manifest whose own sum is right, whatever it says: what somebody means to do harm with."""
    path = place / "manifest.json"
    manifest = json.loads(path.read_text())["manifest"]
    change(manifest)
    path.write_text(json.dumps({"manifest": manifest, "sha256": digest(manifest)}))


@pytest.mark.fault(row=11)
@pytest.mark.parametrize("name", sorted(KINDS))
@pytest.mark.parametrize("value", [None, "x", -1, [], {}, {"a": 1}, 1e300, True])
def test_row_11_a_crafted_manifest_is_refused_or_read_as_what_it_says(tmp_path, name, value):
    place = made(tmp_path, 3)
    resigned(place, lambda manifest: manifest.update({name: value}))
    if type(value) is KINDS[name] and name not in ("tree", "files", "format", "step", "since"):
        assert read(place).manifest[name] == value
        return
    if name == "tree" and value == {}:
        assert read(place).tree == {}
        return
    with pytest.raises(CheckpointUnusable, match=r"manifest\.json"):
        read(place)


@pytest.mark.fault(row=11)
@pytest.mark.parametrize(
    "files",
    [
        {"../../x": {}},
        {"state.safetensors": None},
        {"state.safetensors": {"size": 1}},
        {"/etc/passwd": 3},
        {"state/../../x": {}},
        {"state": {}},
        {"state/": {}},
        {},
    ],
)
def test_row_11_a_manifest_names_no_file_outside_its_folder(tmp_path, files):
    place = made(tmp_path, 3)
    resigned(place, lambda manifest: manifest.update(files=files))
    with pytest.raises(CheckpointUnusable, match=r"manifest\.json"):
        read(place)


HEADERS = [
    b"", b"{", b"[]", b"null", b"{}" * 1000, b"[" * 5000, b'{"a":1}', b'{"a":{"dtype":"F32","shape":[1]}}',
    b'{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}',
    b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    b'{"a":{"dtype":"O","shape":[1],"data_offsets":[0,4]}}',
    b'{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}',
]  # fmt: skip


@pytest.mark.fault(row=11)
@pytest.mark.parametrize("size", [None, 0, 1 << 20, (1 << 63) - 1, (1 << 64) - 1])
@pytest.mark.parametrize("header", range(len(HEADERS)))
def test_row_11_a_crafted_header_is_refused_without_taking_memory(tmp_path, header, size):
    path = tmp_path / "state.safetensors"
    text = HEADERS[header]
    path.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + bytes(4))
    with pytest.raises(CheckpointUnusable):
        unflatten_into({"a": np.zeros(1, np.float32)}, module.read_safetensors(path)[0])


@pytest.mark.fault(row=11)
def test_row_11_the_next_older_one_is_taken_with_a_warning(tmp_path):
    for step in (1, 2, 3):
        made(tmp_path, step)
    (tmp_path / "checkpoints" / "3" / "manifest.json").write_text("{}")
    (tmp_path / "checkpoints" / "2" / "manifest.json").write_text("half")
    warnings = []
    assert newest(tmp_path, warnings.append).step == 1
    assert ["3/manifest.json" in warnings[0], "2/manifest.json" in warnings[1]] == [True, True]
    shutil.rmtree(tmp_path / "checkpoints" / "1")
    with pytest.raises(CheckpointUnusable, match="none of its checkpoints can be used"):
        newest(tmp_path, warnings.append)


@pytest.mark.fault(row=12)
def test_row_12_a_format_of_tomorrow_is_refused_with_advice(tmp_path):
    place = made(tmp_path, 3)
    resigned(place, lambda manifest: manifest.update(format=3))
    with pytest.raises(
        CheckpointUnusable, match=r"has format 3, this version of the zoo reads format 1 and format 2.*--init-from"
    ):
        read(place)


@pytest.mark.parametrize(
    ("text", "due"), [("10", [20]), ("2s", [7]), ("off", []), (None, []), ("0.1m", [7, 20]), ("1h", [])]
)
def test_a_checkpoint_is_due_by_steps_by_time_or_as_seldom_as_it_costs_little(text, due):
    every = interval(text)
    waits = {7: 60.0 if due and 7 in due else 1.0, 20: 6.5 if text == "0.1m" else 1.0}
    assert [step for step in (7, 20) if every.due(step, True, waits[step], cost=0.1)] == due


def test_where_nothing_is_said_a_checkpoint_takes_a_fiftieth_of_the_time_at_most():
    every = interval(None)
    assert every.due(1, True, waited=0.0, cost=0.0), "the first one costs nothing yet"
    assert not every.due(1, False, waited=99.0, cost=0.0), "only where the run is scored"
    assert every.due(1, True, waited=5.0, cost=0.1)
    assert not every.due(1, True, waited=4.9, cost=0.1)


# What other programs keep as manifest.json.
STRANGE = ['{"name": "photos of 2026"}', "[]", "not JSON", "", '{"manifest": {"step": 7}, "sha256": ""}', "[" * 100_000]


def test_files_links_and_folders_of_others_are_no_checkpoints_and_stay(tmp_path):
    place = tmp_path / "checkpoints"
    for step in (1, 2, 3):
        made(tmp_path, step)
    (place / "2026").write_text("mine")
    (place / "2027").symlink_to(place / "1")
    for step, text in enumerate(STRANGE, 2028):
        (place / str(step)).mkdir()
        (place / str(step) / "manifest.json").write_text(text)
        (place / str(step) / "a.jpg").write_text("years of work")
    before = {path: path.is_dir() or path.read_bytes() for path in place.glob("20*/**/*")}
    assert list_steps(tmp_path) == [1, 2, 3]
    warnings = []
    assert newest(tmp_path, warnings.append).step == 3
    assert [str(place / str(2026 + i)) in warning for i, warning in enumerate(warnings)] == [True] * (2 + len(STRANGE))
    prune(tmp_path, 2, newer_than=2, written=2)
    assert list_steps(tmp_path) == [1, 2]
    assert {path: path.is_dir() or path.read_bytes() for path in place.glob("20*/**/*")} == before
    with pytest.raises(RunFailed, match=r"2026 is there already .* move it elsewhere"):
        made(tmp_path, 2026)
    assert (place / "2026").read_text() == "mine"


def test_the_checkpoint_just_written_is_kept_whatever_is_newer(tmp_path):
    for step in (5, 2026, 2027):
        made(tmp_path, step)
    prune(tmp_path, 2, written=5)
    assert list_steps(tmp_path) == [5, 2026, 2027]


def test_a_file_of_a_person_in_a_checkpoint_outlives_it(tmp_path):
    for step in (1, 2):
        (made(tmp_path, step, io.BytesIO(b"model")) / "notes.txt").write_text("mine")
    prune(tmp_path, 1)
    assert [path.name for path in (tmp_path / "checkpoints" / "1").iterdir()] == ["notes.txt"]
    assert list_steps(tmp_path) == [2]
    assert newest(tmp_path, print).step == 2
