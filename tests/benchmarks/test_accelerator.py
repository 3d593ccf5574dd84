"""The measurement of an accelerator loses nothing when it is cut off, and its checks can fail."""

import json
import time
from argparse import Namespace
from pathlib import Path

import jax
import pytest

import benchmarks
import zoo
from benchmarks.accelerator import __main__ as command
from benchmarks.accelerator import worker
from benchmarks.accelerator.losses import difference
from benchmarks.accelerator.measure import measure
from benchmarks.accelerator.plan import MODELS, SECTIONS, Asked, Job, Section
from benchmarks.accelerator.process import Ended, lines
from benchmarks.accelerator.publish import publish_results
from benchmarks.accelerator.record import JSON, PAGE, Record, is_measured
from benchmarks.accelerator.tables import by_machine, losing, page
from zoo.train.config.recipe import book
from zoo.train.errors import BadInput

ABOUT = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today", "sizes": "full"}
ABOUT |= {"devices": ["Card 9000"], "platform": "gpu"}
STEP = {"ms": 2.0, "gflop": 100.0, "units": 128, "platform": "gpu", "peak_mb": 10.0, "device_mb": 300.0}
ASKED = Asked("cpu", tiny=True, data_dir=None, rows={})

# Prints a line of JSON for each row; what a row does otherwise is its name.
PROCESS = """
import json, os, subprocess, sys, time
for row in sys.argv[1:]:
    if row == "crash":
        sys.exit("Traceback\\nMemoryError: too large")
    if row == "killed":
        os.kill(os.getpid(), 9)
    if row == "hangs":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print("a library prints this", child.pid, file=open(os.environ["PLACE"], "w"), flush=True)
        time.sleep(60)
    print("a warning of a library")
    print(json.dumps({"gb_per_s": len(row)}), flush=True)
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    (tmp_path / "pretended_worker.py").write_text(PROCESS)
    return {"PYTHONPATH": str(tmp_path), "PLACE": str(tmp_path / "child")}


def job(*rows):
    return Job("limits", rows, ("pretended_worker",), named=True)


def runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def measured(rows, folder, environment, seconds=60.0):
    record, said = Record(folder), []
    section = Section("limits", "what is pretended", 1.0, lambda asked: iter([job(*rows)]))
    measure([section], ASKED, record, time.monotonic() + seconds, environment, said.append)
    return record.rows["limits"], said


def test_each_line_is_there_before_the_process_ends_and_a_crash_says_its_last_line(environment):
    found = lines(("pretended_worker", "one", "crash"), 60, environment)
    assert next(found) == {"gb_per_s": 3}
    with pytest.raises(Ended, match="ended with 1: MemoryError: too large"):
        next(found)


def test_a_row_that_takes_too_long_is_ended_with_all_that_it_started(environment):
    found = lines(("pretended_worker", "one", "hangs"), 60, environment, each=2)
    assert next(found) == {"gb_per_s": 3}
    with pytest.raises(Ended, match="took longer than the 2 s"):
        next(found)
    child = int(Path(environment["PLACE"]).read_text().split()[-1])
    end = time.monotonic() + 30  # a busy machine takes its time to end what was killed
    while runs(child):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_rows_behind_one_that_crashes_or_is_killed_are_measured_by_the_next_process(environment, tmp_path):
    rows, said = measured(["one", "crash", "three", "killed", "and five"], tmp_path / "out", environment)
    assert [rows[name].get("gb_per_s") for name in rows] == [3, None, 5, None, 8]
    assert rows["crash"]["failed"] == "the process ended with 1: MemoryError: too large"
    assert "was ended by SIGKILL" in rows["killed"]["failed"]
    assert any("FAILED" in line for line in said)


def test_what_the_time_does_not_suffice_for_says_so_and_is_measured_by_the_next_command(environment, tmp_path):
    rows, _ = measured(["one", "three"], tmp_path / "out", environment, seconds=1)
    assert {row["skipped"] for row in rows.values()} == {"no time was left"}
    rows, _ = measured(["one", "crash"], tmp_path / "out", environment)
    assert rows["one"] == {"gb_per_s": 3}
    mended = PROCESS.replace("len(row)", "len(row) + 1000").replace('"crash"', "0")
    assert len(mended) != len(PROCESS)  # a file of equal size, written in the same second, would run as compiled before
    (tmp_path / "pretended_worker.py").write_text(mended)
    rows, said = measured(["one", "crash", "three"], tmp_path / "out", environment)
    assert [rows[name]["gb_per_s"] for name in ("one", "crash", "three")] == [3, 1005, 1005]
    assert not any("limits: one" in line for line in said)


def test_results_are_whole_after_every_row_and_those_of_another_machine_are_refused(tmp_path):
    record = Record(tmp_path / "new" / "folder")
    assert record.begin(ABOUT) == 0
    record.add("steps", "mlp, default", STEP)
    kept = json.loads((record.folder / JSON).read_text())
    assert kept == {"about": ABOUT, "rows": {"steps": {"mlp, default": STEP}}}
    assert "| mlp, default | 2 ms, 0.938 s an epoch | 64,000 examples |" in (record.folder / PAGE).read_text()
    assert Record(record.folder).begin({**ABOUT, "date": "tomorrow"}) == 1
    with pytest.raises(BadInput, match=r"other versions.*--out.*--overwrite"):
        Record(record.folder).begin({**ABOUT, "versions": {"jax": "2"}})
    (record.folder / JSON).write_text('{"about": {')
    with pytest.raises(BadInput, match="no result of this command"):
        Record(record.folder)
    assert Record(record.folder, overwrite=True).begin(ABOUT) == 0


def test_a_device_without_memory_left_is_said_and_the_next_row_is_measured(monkeypatch, capsys):
    def limits(row, args):
        if row == "large":
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 99 bytes.\nmore")
        if row == "wrong":
            raise ValueError
        return {"ms": 1.0}

    monkeypatch.setattr("benchmarks.accelerator.limits.limits", limits)
    worker.main(["limits", "large", "wrong", "small"])
    large, wrong, small = map(json.loads, capsys.readouterr().out.splitlines())
    assert large["failed"].startswith("the memory of the device ran out: RESOURCE_EXHAUSTED: Out of memory allocating")
    assert wrong == {"failed": "ValueError"}
    assert is_measured(small)
    assert not is_measured(large)


def test_every_model_and_trainer_is_compared_with_the_cpu():
    full = Asked("gpu", tiny=False, data_dir=None, rows={})
    smoke = next(section for section in SECTIONS if section.name == "smoke")
    models = [row for job in smoke.jobs(full) if job.table == "losses" for row in job.rows]
    assert sorted(models) == sorted(zoo.list_models())
    trainers = [book(name).recipes[0].trainer for name in models]
    assert len(set(trainers)) == len(set(trainers[: len(set(trainers)) + len(MODELS)])), "a kind before its kin"


@pytest.mark.parametrize("asked", [ASKED, Asked("gpu", False, None, {}), Asked("tpu", False, "data", {})])
def test_every_job_has_a_table_and_a_command_or_a_reason(asked):
    for section in SECTIONS:
        for each in section.jobs(asked):
            assert each.rows
            assert bool(each.words) != bool(each.why_not)
            skipped = {each.table: {row: {"skipped": "for a reason"} for row in each.rows}}
            assert page(ABOUT, skipped).count("not measured: for a reason") == len(each.rows)


def test_losses_that_differ_are_found():
    ours = [{"loss": 2.0, "g_loss": 0.1}, {"loss": 1.0, "g_loss": 0.1}]
    assert difference(ours, ours) == 0
    assert difference(ours, [ours[0], {"loss": 1.0, "g_loss": 0.103}]) == pytest.approx(0.003)  # below 1: absolute
    assert difference(ours, [{"loss": 4.0, "g_loss": 0.1}, ours[1]]) == 0.5
    with pytest.raises(ValueError, match="zip"):
        difference(ours, ours[:1])
    with pytest.raises(ValueError, match="other names"):
        difference(ours, [{"loss": 2.0}] * 2)


def test_a_check_above_its_bound_ends_the_command_with_1(monkeypatch, tmp_path, capsys):
    wrong = {"first": 0.1, "later": 0.2, "steps": 10, "fine": False}
    monkeypatch.setattr(command, "_device", lambda *_: {**ABOUT, "platform": "cpu"})
    monkeypatch.setattr(command, "measure", lambda sections, asked, record, *_: record.add("losses", "mlp", wrong))
    assert command.main(["--platform", "cpu", "--out", str(tmp_path)]) == 1
    assert "1 checks of correctness failed: losses: mlp" in capsys.readouterr().err
    assert "**above the bound**" in (tmp_path / PAGE).read_text()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--minutes", "0"], "--minutes 0 must be above 0"),
        (["--data-dir", "no/such/folder"], "--data-dir no/such/folder is no folder"),
        (["--publish", "no/such/file"], "no/such/file is no results.json of this command"),
        (["--out", "file/folder"], "--out file/folder cannot be made: Not a directory"),
        (["--platform", "tpu"], "--platform tpu: jax finds no tpu here, only gpu"),
    ],
)
def test_a_wrong_flag_is_named_with_exit_code_2(words, reason, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setattr(command, "_device", lambda *_: ABOUT)
    assert command.main(words) == 2
    assert reason in capsys.readouterr().err


def test_steps_that_lose_to_pytorch_or_leave_the_limit_unused_are_profiled():
    rows = {"limits": {"default": {"tflops": 100.0}}, "compare": {}}
    rows["steps"] = {"gpt, default": STEP, "cnn, default": STEP | {"gflop": 4.0}, "mlp, default": {"failed": "why"}}
    assert losing(rows) == ["cnn, default"]  # 50 % and 2 % of the limit
    rows["compare"] = {"gpt, default: PyTorch, compiled": STEP | {"ms": 1.0}, "cnn, default: PyTorch": {"skipped": "x"}}
    assert losing(rows) == ["gpt, default", "cnn, default"]
    rows["compare"]["gpt, default: PyTorch, compiled"]["platform"] = "cpu"
    assert losing(rows) == ["cnn, default"]
    assert "ran on the cpu" in page(ABOUT, rows)


def test_the_table_by_machine_has_a_column_for_each_and_says_what_is_not_measured():
    rows = {"limits": {"default": {"tflops": 100.0}}, "steps": {"cnn, default": STEP, "mlp, default": {"failed": "no"}}}
    rows["losses"] = {"mlp": {"fine": True}, "cnn": {"fine": False}, "lstm": {"skipped": "no time was left"}}
    rows["compare"] = {f"cnn, default: PyTorch{how}": STEP | {"ms": ms} for how, ms in (("", 5.0), (", compiled", 3.0))}
    text = by_machine([{"about": ABOUT, "rows": rows}, {"about": ABOUT | {"devices": ["B", "B"]}, "rows": {}}])
    assert "| measured | Card 9000 | B |" in text
    assert "average pools, batch 128 | 2 ms, 0.938 s an epoch, 64,000 examples, 50% | not measured |" in text
    assert "| mlp, default: MLP 784-512-256-10, batch 128 | failed: no | not measured |" in text
    assert "| PyTorch, the fastest: times as long as the zoo | cnn, default 1.50 | not measured |" in text
    assert "| checks of correctness | 1 of 2 within their bounds | not measured |" in text


def test_a_result_that_was_sent_in_is_kept_and_shown_and_one_of_tiny_sizes_is_refused(tmp_path):
    text = "before\n<!-- accelerators -->\nold\n<!-- /accelerators -->\nafter\n"
    docs, file = tmp_path / "page.md", tmp_path / JSON
    docs.write_text(text)
    file.write_text(json.dumps({"about": ABOUT, "rows": {"steps": {"cnn, default": STEP}}}))
    assert publish_results([file], tmp_path / "kept", docs) == 0
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["card-9000-1.json"]
    assert "| measured | Card 9000 |" in docs.read_text()
    assert docs.read_text().startswith("before\n")
    file.write_text(json.dumps({"about": ABOUT | {"sizes": "tiny"}, "rows": {}}))
    with pytest.raises(BadInput, match="tiny sizes"):
        publish_results([file], tmp_path / "kept", docs)


def test_the_page_in_the_docs_shows_what_is_kept():
    kept = sorted((Path(benchmarks.__file__).parent / "accelerator" / "measured").glob("*.json"))
    table = by_machine([json.loads(file.read_text()) for file in kept])
    assert table in (Path(benchmarks.__file__).parent.parent / "docs" / "accelerators.md").read_text(encoding="utf-8")


@pytest.mark.expensive
def test_ten_steps_on_two_processes_of_a_cpu_differ_by_rounding_alone():
    from benchmarks.accelerator.losses import losses

    found = losses("perceptron", Namespace(rows=["perceptron"]))
    assert found["fine"]
    assert found["steps"] == 10
