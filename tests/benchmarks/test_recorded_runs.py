"""A recording of runs finds a changed bit, row, file and exit code, and nothing where nothing changed."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from benchmarks import recorded_runs
from benchmarks.recorded_runs import compare, main, recorded, values

pytestmark = pytest.mark.expensive
_GROUP = [
    "train --model logistic --dataset iris --epochs 1 --ckpt-every 5 --no-pictures --out run",
    "copy run again",
    "train --resume again/checkpoints/5",
    "!train --model nobody",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A recording of two short runs, made once, and its folder."""
    folder = tmp_path_factory.mktemp("recordings")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XLA_FLAGS", "JAX_PLATFORMS"):  # the recording sets them for its own processes
            patch.setenv(name, "")
        patch.setattr(recorded_runs, "COMMANDS", folder / "commands.json")
        (folder / "commands.json").write_text(json.dumps({"iris": _GROUP}))
        assert main(["record", str(folder / "one")]) == 0
    return folder / "one"


@pytest.fixture
def copy(run, tmp_path):
    """The folder of the group, to be changed."""
    return shutil.copytree(run / "iris", tmp_path / "iris")


def _recording(folder):
    return {"conditions": {}, "runs": {"iris": recorded(folder, [])}}


def _difference(run, copy, capsys):
    assert compare(_recording(run / "iris"), _recording(copy)) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert last.endswith(f" values: {len(lines)} differences")
    return lines


def test_a_recording_equals_itself(run, copy, capsys):
    assert main(["compare", str(run), f"{run}.json"]) == 0
    assert compare(_recording(run / "iris"), _recording(copy)) == 0
    assert all(
        line.startswith("1 runs, ") and line.endswith(": equal") for line in capsys.readouterr().out.splitlines()
    )


def test_the_resumed_run_is_recorded_like_the_whole_one(run):
    found = json.loads(run.with_suffix(".json").read_text())["runs"]["iris"]
    whole = {key.removeprefix("run/"): value for key, value in found.items() if key.startswith("run/")}
    again = {key.removeprefix("again/"): value for key, value in found.items() if key.startswith("again/")}
    assert whole == again
    assert whole["model.safetensors/arrays/params/head/w"].startswith("float32[4, 3] ")
    assert float(whole["result.json/metrics/accuracy"]) > 0
    assert "checkpoints/5/state.safetensors" in whole
    assert found["3 !train --model nobody/exit"] == "2"


def test_one_changed_bit_is_found(run, copy, capsys):
    path = copy / "run" / "checkpoints" / "5" / "state.safetensors"
    arrays = load_file(path)
    name = next(name for name, each in arrays.items() if each.dtype == np.float32 and each.ndim == 2)
    arrays[name].view(np.uint32)[0, 0] ^= 1
    save_file(arrays, path)
    (line,) = _difference(run, copy, capsys)
    assert line.startswith(f"iris: run/checkpoints/5/state.safetensors/arrays/{name}: float32[4, 3] ")


def test_a_changed_row_is_found(run, copy, capsys):
    path = copy / "run" / "metrics.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    before = rows[0]["loss"]
    rows[0]["loss"] = float(np.nextafter(before, 10))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert _difference(run, copy, capsys) == [f"iris: run/metrics.jsonl/0/loss: {before!r} | {rows[0]['loss']!r}"]


def test_a_missing_file_is_found(run, copy, capsys):
    (copy / "run" / "model.safetensors").unlink()
    assert "iris: run/model.safetensors: exists | missing" in _difference(run, copy, capsys)


def test_a_file_that_cannot_be_read_is_a_difference(run, copy, capsys):
    (copy / "run" / "result.json").write_text("{")
    assert any(": exists | unreadable: JSONDecodeError" in line for line in _difference(run, copy, capsys))


def test_the_time_in_a_file_of_tensorboard_is_no_difference(run, copy, capsys):
    for folder, name in (
        (copy, "events.out.tfevents.1.a.0"),
        (shutil.copytree(copy, copy.with_name("other")), "events.out.tfevents.2.b.0"),
    ):
        (folder / name).write_bytes(b"")
    assert compare(_recording(copy), _recording(copy.with_name("other"))) == 0
    capsys.readouterr()
    assert "iris: events.out.tfevents: missing | exists" in _difference(run, copy, capsys)


def test_a_missing_run_is_a_difference_and_an_unknown_one_an_error(capsys):
    one, other = (
        {"conditions": {}, "runs": runs} for runs in ({"a": {"key": "1"}, "b": {"key": "2"}}, {"a": {"key": "1"}})
    )
    assert compare(one, other) == 1
    assert capsys.readouterr().out.splitlines()[0] == "b: all values: recorded | missing"
    assert compare(one, other, ["a"]) == 0
    with pytest.raises(SystemExit, match="neither recording has a group c"):
        compare(one, other, ["c"])


def test_other_conditions_are_told(capsys):
    recordings = [{"conditions": {"jax": each}, "runs": {}} for each in ("0.10", "0.11")]
    assert compare(*recordings) == 0
    assert "jax differs: 0.10 | 0.11" in capsys.readouterr().err


def test_booleans_and_none_are_read_as_earlier_versions_wrote_them():
    assert dict(values({"a": "True", "b": None, "c": 1})) == dict(values({"a": True, "b": "None", "c": 1}))
    assert dict(values({"a": True})) != dict(values({"a": 1}))
    assert dict(values({"a": 1})) != dict(values({"a": 1.0}))


def test_a_command_that_fails_ends_a_recording_with_1_and_no_recording_is_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(recorded_runs, "COMMANDS", tmp_path / "commands.json")
    for name in ("XLA_FLAGS", "JAX_PLATFORMS"):
        monkeypatch.setenv(name, "")
    (tmp_path / "commands.json").write_text(
        json.dumps({"bad": ["train --model nobody"], "good": ["!train --model nobody"]})
    )
    assert main(["record", str(tmp_path / "one"), "--only", "bad"]) == 1
    assert "failed: bad: train --model nobody" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="never replaced"):
        main(["record", str(tmp_path / "one")])
    with pytest.raises(SystemExit, match="unknown groups c; there are bad, good"):
        main(["record", str(tmp_path / "two"), "--only", "c"])
