"""Whole runs on eight fake devices end with the losses of one."""

import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent.parent


@pytest.mark.slow
@pytest.mark.expensive  # tests/train/runs/test_run.py compares four devices with one
def test_every_way_to_spread_a_run_over_eight_devices_gives_the_losses_of_one():
    command = [sys.executable, "-m", "benchmarks.devices", "--check", "--only", "cnn", "lstm", "dcgan"]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("| ") and " on " in line]
    assert [line.split()[1] for line in table] == ["cnn", "lstm", "dcgan"]
    assert "Some donated buffers" not in done.stderr
