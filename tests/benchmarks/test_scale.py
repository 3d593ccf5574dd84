"""What is counted in the library's own compiled steps is what theory says; the plan's formulas and page hold."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scale import __main__ as command
from benchmarks.scale.collectives import Collective
from benchmarks.scale.plan import hidden_batch, load_seconds, lost, wire_seconds, young
from benchmarks.scale.published import CHIPS, STORES, hours_between_failures
from benchmarks.scale.tables import TABLES, check_rows, closed_form
from zoo.train.cli.train_args import Command, read

LAUNCH = Path(command.PAGE).parent / "launch"
COUNTED = ("mlp data", "mlp fsdp", "mlp model", "lstm data")
METRICS = 2 * 4  # the loss and the accuracy of a batch are summed over the devices, too


@pytest.fixture(scope="module")
def rows():
    """Steps compiled for eight fake devices, in one process."""
    code = (
        "import json; from benchmarks.scale.compiled import counted\n"
        f"for run in {COUNTED}: print(json.dumps(counted(*run.split(), 8, timed=False)))"
    )
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=8"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return dict(zip(COUNTED, map(json.loads, done.stdout.splitlines()), strict=True))


def sizes(row, kind):
    found = [Collective(**each) for each in row["collectives"]]
    return sum(each.size * each.times for each in found if each.kind == kind)


@pytest.mark.expensive
@pytest.mark.parametrize("run", ["mlp data", "lstm data"])
def test_data_parallel_steps_send_the_gradient_once_and_nothing_else(rows, run):
    """Of the LSTM this held not always: its batch was gathered on every device."""
    row = rows[run]
    assert {each["kind"] for each in row["collectives"]} == {"all-reduce"}
    assert sizes(row, "all-reduce") == 4 * row["parameters"] + METRICS
    assert row["wire"] == pytest.approx(closed_form(row), rel=1e-4)


@pytest.mark.expensive
def test_fully_sharded_steps_hold_an_eighth(rows):
    whole, cut = rows["mlp data"], rows["mlp fsdp"]
    assert cut["arguments"] < whole["arguments"] / 2
    assert sizes(cut, "all-gather") > 0


@pytest.mark.expensive
def test_tensor_parallel_steps_send_a_quarter_of_the_gradient_between_shares(rows):
    found = [Collective(**each) for each in rows["mlp model"]["collectives"]]
    between = sum(each.size for each in found if each.group == 2)
    assert 4 * rows["mlp model"]["parameters"] / 4 < between < 4 * rows["mlp model"]["parameters"] / 3
    assert any(each.group == 4 and each.kind == "all-reduce" for each in found), "activations within a share"


def test_within_a_domain_the_wire_is_a_ring_and_beyond_it_a_share_goes_on():
    chip = CHIPS["H100 SXM"]
    assert wire_seconds(4e9, 2, 8, chip) == pytest.approx(2 * 7 / 8 * 4e9 / 450e9)
    # A thousandth of a second more or less: each GPU of a node sends its eighth to the other nodes.
    far = wire_seconds(4e9, 2, 80, chip) - wire_seconds(4e9, 2, 8, chip)
    assert far == pytest.approx(2 * 9 / 10 * 0.5e9 / 50e9)
    assert wire_seconds(4e9, 2, 1, chip) == 0


def test_the_batch_that_hides_the_wire_takes_as_long_as_it():
    chip = CHIPS["TPU v5p"]
    batch = hidden_batch(10**9, 0.1, chip)
    assert 6e9 * batch / (0.4 * chip.peak) == pytest.approx(0.1)


def test_saving_as_often_as_young_says_loses_the_least():
    best = young(12, 10_000)
    times = [lost(12, best * factor, 600, 10_000) for factor in (0.5, 0.9, 1, 1.1, 2)]
    assert min(times) == times[2]
    assert lost(12, best, 10**9, 10_000) == 1
    assert hours_between_failures(16_384) == pytest.approx(54 * 24 / 419)


def test_a_shared_store_is_slower_for_many_readers_and_never_faster_than_for_one():
    store = STORES["GCS, 200 Gb/s"]
    assert load_seconds(25e9, 1, store) == 20
    assert load_seconds(25e9, 100, store) == 100
    assert load_seconds(7.45e9, 100, STORES["one NVMe drive"]) == 1


def test_the_page_holds_what_was_counted_and_calculated(capsys):
    assert command.main(["--check"]) == 0, capsys.readouterr().out
    kept = json.loads(command.KEPT.read_text())
    assert all(check_rows(table(kept)) for table in TABLES.values())
    assert all(each["bounded"] for row in kept["counted"] for each in row["collectives"])


def test_a_page_that_says_something_else_is_told(tmp_path, monkeypatch, capsys):
    page = tmp_path / "scale.md"
    page.write_text(re.sub(r"\| H100 SXM \| \d", "| H100 SXM | 7", command.PAGE.read_text()))
    monkeypatch.setattr(command, "PAGE", page)
    assert command.main(["--check"]) == 1
    assert "the table s" in capsys.readouterr().out
    assert command.main(["--table"]) == 0
    assert page.read_text() == (Path(__file__).parents[2] / "docs" / "scale.md").read_text()


def test_a_model_that_is_not_counted_is_named_with_those_that_are(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--only", "transformer"])
    assert ended.value.code == 2
    assert "transformer: no such model; there are mlp-1e9, cnn" in capsys.readouterr().err


# Those of https://slurm.schedmd.com/sbatch.html that a job like this may want.
SBATCH = {
    "job-name", "nodes", "ntasks-per-node", "gpus-per-node", "cpus-per-task", "time", "signal", "requeue", "open-mode",
    "output", "partition", "account", "exclusive", "mem", "constraint",
}  # fmt: skip


@pytest.mark.parametrize("name", ["slurm.sh", "xpk.sh", "gcluster.sh"])
def test_launch_scripts_are_bash(name):
    subprocess.run(["bash", "-n", LAUNCH / name], check=True)


def test_slurm_knows_every_directive_and_finds_them_before_the_first_command():
    lines = (LAUNCH / "slurm.sh").read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    assert {re.match(r"#SBATCH --([\w-]+)", line)[1] for line in lines[:first] if line.startswith("#SBATCH")} <= SBATCH
    assert not any(line.startswith("#SBATCH") for line in lines[first:])


@pytest.mark.parametrize("name", ["gke.yaml", "skypilot.yaml"])
def test_launch_files_are_yaml_whose_commands_are_bash(name):
    whole = launched(name)
    if name == "gke.yaml":
        job = whole["spec"]["replicatedJobs"][0]["template"]["spec"]
        (box,) = job["template"]["spec"]["containers"]
        assert job["parallelism"] == job["completions"] == 16 / box["resources"]["limits"]["google.com/tpu"]
    for part in ("setup", "run"):
        subprocess.run(["bash", "-n"], input=whole.get(part, ""), text=True, check=True)


def launched(name):
    """A launch file as YAML, with what its container runs at the top."""
    yaml = pytest.importorskip("yaml")
    whole = yaml.safe_load((LAUNCH / name).read_text())
    if name == "gke.yaml":
        (box,) = whole["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]["containers"]
        whole["run"] = box["command"][2]
    return whole


@pytest.mark.parametrize("name", ["slurm.sh", "xpk.sh", "gcluster.sh", "gke.yaml", "skypilot.yaml"])
def test_launch_files_end_in_a_command_that_the_zoo_understands(name, tmp_path):
    for tool in ("srun", "xpk", "gcluster", "python", ".venv/bin/python"):  # each notes what it is given
        (tmp_path / tool).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / tool).write_text(f'#!/bin/bash\nprintf "%s\\0" "$@" > {tmp_path}/given\n')
        (tmp_path / tool).chmod(0o755)
    there = dict.fromkeys(("PROJECT", "ZONE", "CLUSTER", "IMAGE", "BUCKET"), "somewhere")
    there |= {"SKYPILOT_NODE_IPS": "10.0.0.1\n10.0.0.2", "SKYPILOT_NUM_NODES": "2", "SKYPILOT_NODE_RANK": "1"}
    there |= {"SLURM_CPUS_PER_TASK": "8", "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def given(script):
        subprocess.run(["bash", "-c", script], env=there, cwd=tmp_path, check=True)
        return (tmp_path / "given").read_text().split("\0")[:-1]

    words = given((LAUNCH / name).read_text() if name.endswith(".sh") else launched(name)["run"])
    if "--command" in words:
        words = given(words[words.index("--command") + 1])
    words = words[words.index("zoo.train") + 1 :]
    assert isinstance(read(words, "python -m zoo.train"), Command), "not a run"
    assert {"--require", "--out", "--resume"} <= set(words), "what a scheduler repeats goes on"
    assert ("--distributed" in words) == (name == "skypilot.yaml"), "elsewhere the environment tells"
