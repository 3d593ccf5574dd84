"""A run that an earlier version wrote is resumed: its checkpoint of format 1 and its config.json with text values.

`data/format-1` holds the first 80 of 120 steps of `--model logistic --dataset iris --val-share 0.2 --seed 0`. The best
evaluation is that of step 66; those of steps 90, 96 and 120 equal it: a run without its state would keep step 90.
"""

import json
import shutil
from pathlib import Path

import pytest

from zoo.train.checkpoints.checkpoint import read
from zoo.train.cli.train import main

RUN = Path(__file__).parent / "data" / "format-1"


def test_a_run_of_an_earlier_version_is_resumed_with_its_best_row(tmp_path, capsys):
    shutil.copytree(RUN, tmp_path / "run")
    assert main(["--resume", str(tmp_path / "run"), "--compile-cache", "off"]) == 0
    assert capsys.readouterr().out == "", "config.json has quiet as the text True"
    result = json.loads((tmp_path / "run" / "result.json").read_text())["metrics"]
    assert (result["step"], result["accuracy"]) == (66, pytest.approx(0.9))
    assert result["loss"] == pytest.approx(0.26461, abs=1e-4)
    manifests = [read(tmp_path / "run" / "checkpoints" / step).manifest for step in ("80", "120")]
    assert [each["format"] for each in manifests] == [1, 2]
    assert manifests[0]["listeners"] == {"Best": manifests[1]["callbacks"]["best"]}
    rows = [json.loads(line)["step"] for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert sorted(rows) == rows == sorted(list(range(6, 121, 6)) * 3)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["step"] == 80
    assert config["options"]["quiet"] is True
    assert config["earlier"][0]["options"]["quiet"] == "True"
