import io
import os
import re
import sys
from subprocess import PIPE, Popen

import pytest
from rich.console import Console

from zoo.train.reporting.console_stream import ConsoleStream, terminal
from zoo.train.reporting.progress import Progress
from zoo.train.units import format_number


class Clock:
    """A clock that moves only when `tick` is called."""

    now = 100.0

    def __call__(self):
        return self.now

    def tick(self, seconds):
        self.now += seconds


def progress(width=150, live=True, steps=1840, per_epoch=92, **options):
    out, clock = io.StringIO(), Clock()
    console = Console(file=out, width=width, force_terminal=live, _environ={"TERM": "xterm"})
    return Progress(steps, per_epoch, 64, console=console, clock=clock, **options), out, clock


def last_line(out):
    return out.getvalue().split("\r")[-1].rstrip()


ROW = {"split": "train", "step": 420, "epoch": 4.56, "loss": 0.1234, "accuracy": 0.9812, "lr": 1e-3}


def test_the_speed_has_the_unit_of_the_data():
    line, out, clock = progress(unit="characters")
    line.update(0, ROW)
    clock.tick(0.5)
    line.update(500, ROW)
    assert "64,000 characters/s" in last_line(out)


def test_the_line_shows_position_metrics_speed_and_remaining_time():
    line, out, clock = progress()
    line.compiling()
    clock.tick(30)
    line.update(1, ROW)
    clock.tick(0.419)
    line.update(420, ROW)
    assert last_line(out) == (
        "epoch 5/20 · step 420/1840 · 22 % · loss 0.123 · accuracy 0.981 · lr 1.0e-3 · "
        "64,000 examples/s · 1 ms/step · ETA 0:01"
    )


def test_the_first_line_is_shown_before_compilation():
    line, out, _ = progress()
    line.compiling()
    assert last_line(out) == "compiling ..."


def test_compilation_is_excluded_from_speed_and_remaining_time():
    line, out, clock = progress(steps=1000, per_epoch=100)
    line.compiling()
    clock.tick(60)
    for step in (1, 101, 201):
        line.update(step)
        clock.tick(1)
    line.compiling()
    clock.tick(60)
    line.update(202)
    clock.tick(1)
    line.update(302)
    assert "100 examples" not in last_line(out)
    assert last_line(out).endswith("6,400 examples/s · 10 ms/step · ETA 0:07")


def test_an_evaluation_counts_for_the_remaining_time_but_not_for_the_speed():
    line, out, clock = progress(steps=400, per_epoch=100)
    line.update(0)
    for epoch, pause in ((1, 30), (2, 5)):
        clock.tick(10)
        line.update(100 * epoch)
        clock.tick(pause)
        line.epoch({"split": "test", "step": 100 * epoch, "epoch": epoch, "loss": 1.0})
    clock.tick(0.2)
    line.update(202)
    assert last_line(out).endswith("640 examples/s · 100 ms/step · ETA 0:30")


def test_a_narrow_terminal_keeps_the_most_important_parts_on_one_line():
    for width in (20, 40, 60, 80, 100):
        line, out, clock = progress(width=width)
        line.update(1, ROW)
        clock.tick(1)
        line.update(420, ROW)
        assert all(len(text) < width for text in out.getvalue().split("\r"))
        assert last_line(out).startswith("epoch 5/20"[: width - 1])
    line, out, _ = progress(width=60)
    line.update(420, ROW)
    assert last_line(out) == "epoch 5/20 · step 420/1840 · loss 0.123 · accuracy 0.981"


def test_a_terminal_is_redrawn_at_most_ten_times_a_second():
    line, out, clock = progress()
    for step in range(1000):
        line.update(step)
        clock.tick(0.001)
    assert 9 <= out.getvalue().count("epoch") <= 11


def test_a_shorter_line_overwrites_the_longer_one():
    line, out, clock = progress()
    line.update(1, ROW)
    clock.tick(1)
    line.update(2)
    _, longer, shorter = out.getvalue().split("\r")
    assert len(shorter) == len(longer)


@pytest.mark.fault(row=24)
def test_a_log_file_gets_full_lines_without_control_codes():
    line, out, clock = progress(width=30, live=False)
    line.compiling()
    for step in range(0, 1841, 92):
        line.update(step, ROW)
        clock.tick(1)
        if step:
            line.epoch({"split": "test", "step": step, "epoch": step / 92, "loss": 0.25, "accuracy": 0.9375})
    line.close()
    lines = out.getvalue().splitlines()
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out.getvalue())
    assert lines[0] == "compiling ..."
    assert lines[-1] == "epoch 20/20 · train loss 0.1234 · test loss 0.2500 · test accuracy 0.9375"
    assert lines.count(lines[-1]) == 1
    assert 20 <= len(lines) <= 25


def test_a_slow_epoch_prints_a_line_to_a_log_every_few_seconds():
    line, out, clock = progress(live=False, steps=1000, per_epoch=1000)
    for step in range(60):
        line.update(step, ROW)
        clock.tick(1)
    assert len(out.getvalue().splitlines()) == 12


def test_a_long_run_prints_some_epochs_and_the_last():
    line, out, _ = progress(steps=10_001, per_epoch=1)
    for step in range(1, 10_002):
        line.epoch({"split": "test", "step": step, "epoch": float(step), "loss": 0.5})
    lines = re.findall("epoch [^·]*", out.getvalue())
    assert 40 <= len(lines) <= 52
    assert lines[-1] == "epoch 10001/10001 "


def test_an_evaluation_within_an_epoch_is_printed_with_its_fraction():
    line, out, _ = progress()
    line.epoch({"split": "test", "step": 46, "epoch": 0.5, "loss": 0.5})
    assert out.getvalue() == "epoch 0.50/20 · test loss 0.5000\n"


def test_the_headline_metric_is_shown_instead_of_the_first_two():
    row = {"loss": 1.0, "grad_norm": 3.0, "other": 2.0, "r2": 0.5}
    for headline, shown in (("r2", "loss 1.00 · r2 0.500"), ("", "loss 1.00 · grad_norm 3.00 · other 2.00")):
        line, out, _ = progress(headline=headline)
        line.update(1, row)
        assert last_line(out).endswith("0 % · " + shown)


def test_a_nan_loss_is_shown():
    line, out, _ = progress()
    line.update(1, {"loss": float("nan")})
    assert last_line(out).endswith("loss nan")


def test_quiet_prints_nothing():
    line, out, _ = progress(quiet=True)
    line.compiling()
    line.print_line("hello")
    line.update(1, ROW)
    line.epoch(ROW)
    line.close()
    assert out.getvalue() == ""


def test_a_message_is_printed_on_a_line_of_its_own():
    line, out, clock = progress()
    line.compiling()
    line.print_line("saved")
    clock.tick(1)
    line.update(1)
    line.close()
    assert out.getvalue().split("\r")[-2:] == ["saved\n", "epoch 1/20 · step 1/1840 · 0 %\n"]


def test_a_stream_that_cannot_encode_the_dot_gets_a_bar():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    line = Progress(10, 5, 1, console=Console(file=file, width=80))
    line.print_line("größer")
    line.update(1)
    line.close()
    line._out.flush()
    assert file.buffer.getvalue() == b"gr??er\n"  # pyright: ignore[reportAttributeAccessIssue]
    assert " | " in line._join(["a", "b"])


@pytest.mark.parametrize("error", [BrokenPipeError, OSError, ValueError])
def test_the_stream_stops_writing_when_its_reader_is_gone(error):
    class Gone(io.StringIO):
        calls = 0

        def write(self, text):
            self.calls += 1
            raise error

    gone = Gone()
    console = terminal(ConsoleStream(gone))  # pyright: ignore[reportArgumentType]
    line = Progress(10, 5, 1, console=console)
    line.print_line("one")
    line.print_line("two")
    console.print("three")
    assert gone.calls == 1


@pytest.mark.fault(row=24)
def test_head_may_close_the_pipe_without_a_traceback():
    code = (
        "from zoo.train.reporting.console_stream import terminal\n"
        "from zoo.train.reporting.progress import Progress\n"
        "console = terminal(); line = Progress(10, 5, 1, console=console)\n"
        "for _ in range(20000): line.print_line('x' * 50)\n"
        "console.print('the end')\n"
    )
    with Popen([sys.executable, "-c", code], stdout=PIPE, stderr=PIPE, env={**os.environ}) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().strip() == b"x" * 50
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(20) == 0


def test_no_color_leaves_no_colour(monkeypatch):
    out = io.StringIO()
    monkeypatch.setenv("NO_COLOR", "1")
    terminal(out, force_terminal=True, width=40).print("red", style="red")
    assert out.getvalue() == "red\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.98765, "0.988"),
        (12.3, "12.3"),
        (123.4, "123"),
        (-4567, "-4,567"),
        (1e8, "1.00e8"),
        (2e-7, "2.00e-7"),
    ],
)
def test_numbers_are_formatted_in_few_characters(value, text):
    assert format_number(value) == text


def test_the_time_waiting_for_data_is_shown_if_data_are_read_from_disk():
    shown = {}
    for wait in (None, 0.034):
        out = io.StringIO()
        line = Progress(100, 10, 8, console=Console(file=out), clock=lambda: 0.0)
        line.update(1, {"loss": 1.0}, wait)
        shown[wait] = out.getvalue()
    assert "data wait 3 %" in shown[0.034]
    assert "wait" not in shown[None]
