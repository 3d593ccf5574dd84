import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.results import Claim, measured

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
        write(Path(out), accuracy=0.75)
        return None

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def write(folder, accuracy):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.jsonl").write_text(json.dumps({"split": "test", "accuracy": accuracy}) + "\n")
    (folder / "result.json").write_text("{}")


def test_each_seed_is_trained_and_timed_without_a_folder_of_runs(trained):
    found = measured(CLAIM, None)
    assert found["values"] == [0.75, 0.75]
    assert len(found["seconds"]) == 2
    assert [words[words.index("--seed") + 1] for words in trained] == ["0", "1"]


def test_finished_runs_are_read_and_others_resumed_without_a_time(trained, tmp_path):
    write(tmp_path / "mlp-iris-0", accuracy=0.5)
    (tmp_path / "mlp-iris-1").mkdir()
    (tmp_path / "mlp-iris-1" / "config.json").write_text("{}")
    found = measured(CLAIM, None, tmp_path)
    assert found["values"] == [0.5, 0.75]
    assert found["seconds"] == []
    assert trained == [["--resume", str(tmp_path / "mlp-iris-1"), "--quiet"]]
