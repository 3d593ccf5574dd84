import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.results import Claim, measured
from zoo.train.cli.train_args import read

CLAIM = Claim("mlp-iris", "--model mlp --dataset iris --epochs 2", 2, at_least=0.5)


@pytest.fixture
def trained(monkeypatch):
    """Pretends to train, and lists the flags of each run."""
    commands, started = [], subprocess.run

    def run(command, **options):
        if "zoo.train" not in command:
            return started(command, **options)
        words = command[3:]
        commands.append(words)
        out = words[words.index("--resume" if "--resume" in words else "--out") + 1]
        kept_run(Path(out), words[words.index("--seed") + 1] if "--seed" in words else "1", accuracy=0.75)
        return None

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def kept_run(folder, seed, accuracy, signal=0, flags=CLAIM.flags):
    recipe = asdict(read([*flags.split(), "--seed", seed], "").recipe)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"recipe": recipe, "options": {}, "versions": {"jax": "0.0.1"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "metrics.jsonl").write_text(json.dumps({"split": "test", "accuracy": accuracy}) + "\n")
    (folder / "result.json").write_text(json.dumps({"stopped_by_signal": signal}))


def test_each_seed_is_trained_and_timed_without_a_folder_of_runs(trained):
    found = measured(CLAIM, None)
    assert found["values"] == [0.75, 0.75]
    assert len(found["seconds"]) == 2
    assert [words[words.index("--seed") + 1] for words in trained] == ["0", "1"]


def test_finished_runs_are_read_with_their_versions_and_without_a_time(trained, tmp_path):
    kept_run(tmp_path / "mlp-iris-0", "0", accuracy=0.5)
    found = measured(CLAIM, None, tmp_path)
    assert (found["values"], found["seconds"], found["versions"]["jax"]) == ([0.5, 0.75], [], "0.0.1")
    assert [words[words.index("--seed") + 1] for words in trained] == ["1"]


@pytest.mark.parametrize("signal", [15, None], ids=["stopped", "killed"])
def test_a_run_that_was_cut_off_is_resumed_and_has_no_time(trained, tmp_path, signal):
    kept_run(tmp_path / "mlp-iris-0", "0", accuracy=0.5, signal=signal)
    if signal is None:
        (tmp_path / "mlp-iris-0" / "result.json").unlink()
    found = measured(Claim("mlp-iris", CLAIM.flags, 1, at_least=0.5), None, tmp_path)
    assert (found["values"], found["seconds"]) == ([0.75], [])
    assert trained == [["--resume", str(tmp_path / "mlp-iris-0"), "--quiet"]]


def test_a_run_of_another_recipe_is_refused(trained, tmp_path):
    kept_run(tmp_path / "mlp-iris-0", "0", accuracy=0.5, flags="--model mlp --dataset iris --epochs 3")
    with pytest.raises(SystemExit, match="is a run of another recipe"):
        measured(CLAIM, None, tmp_path)
