"""End of a command: the encoding of standard output, and messages with the flags as they were typed."""

import io
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from zoo.__main__ import script
from zoo.train.cli import run
from zoo.train.cli.exit import run_command
from zoo.train.cli.shorthands import as_typed
from zoo.train.errors import BadInput, warn
from zoo.train.reporting.console import _quoted
from zoo.train.reporting.console_stream import terminal
from zoo.train.reporting.tables import class_table, metric_table
from zoo.train.runs.start import resume_command
from zoo.train.runtime.signals import flush


@pytest.mark.parametrize(("encoding", "shown"), [("cp1252", b"caf\xe9 ??"), ("ascii", b"caf? ??")])
def test_characters_that_standard_output_cannot_show_are_replaced(monkeypatch, encoding, shown):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", newline="")
    monkeypatch.setattr(sys, "stdout", stream)
    assert run_command(lambda: print("caf\u00e9 \u4e2d\u6587", end="") or 0) == 0
    stream.flush()
    assert raw.getvalue() == shown
    assert stream.errors == "strict"  # the stream is the user's again


@pytest.mark.parametrize("flag", ["--images", "--npy"])
def test_a_message_names_the_flag_that_was_typed(capsys, tmp_path, flag):
    missing = str(tmp_path / "nothing")
    assert run("train", ["--model", "cnn", flag, missing, "--out", str(tmp_path / "run"), "--quiet"]) in (2, 4)
    shown = capsys.readouterr().err
    assert f"{flag} {missing}" in shown
    assert "--d.folder" not in shown


def test_only_whole_flags_that_were_typed_are_replaced():
    assert as_typed("--d.file x and --d.column-names", ["--csv=x", "--column", "a"]) == "--csv x and --d.column-names"
    assert as_typed("--d.file x", ["--dataset", "csv", "--d.file", "x"]) == "--d.file x"


def test_printed_commands_are_quoted_for_the_shell():
    assert shlex.split(resume_command(Path("my runs/it's $1"), "mlp"))[-1] == "my runs/it's $1"
    assert resume_command(Path("runs/mine"), "mlp") == "python -m zoo.train --resume runs/mine"
    for code in ("print('a b')", "print('$HOME')", "print('a`b`')"):
        assert shlex.split(_quoted(code)) == [code]
        assert _quoted(code).startswith("'") == ("a b" not in code)  # the shell expands $ and ` in double quotes


@pytest.mark.parametrize(
    ("flag", "hint"),
    [
        ("--class-weight", "; did you mean --class-weights?"),
        ("--freeze", "; --help lists all flags"),
        ("--weights", "; did you mean --init-from?"),
        ("--weigths", "; did you mean --init-from?"),
        ("--epoc", "; did you mean --epochs?"),
    ],
)
def test_an_unknown_flag_is_answered_with_a_flag_of_that_meaning_or_none(capsys, flag, hint):
    assert run("train", ["--model", "mlp", flag, "x"]) == 2
    assert capsys.readouterr().err == f"error: unknown flag {flag}{hint}\n"


HOSTILE = "cat\x1b]0;owned\x07\x9b2J\u202e\r"
SHOWN = r"cat\x1b]0;owned\x07\x9b2J\u202e\r"


def test_control_characters_of_names_and_messages_are_written_out_wherever_they_are_shown(capsys):
    def command():
        print("line\n\ttab", HOSTILE)
        console = terminal(width=200)
        console.print(HOSTILE)
        console.print(class_table({name: [0.5] * 2 for name in ("precision", "recall", "f1", "support")}, [HOSTILE]))
        console.print(metric_table({HOSTILE: 0.5}))
        warn(HOSTILE)
        raise BadInput(f"{HOSTILE} is no class")

    assert run_command(command) == 2
    found = capsys.readouterr()
    assert found.out.startswith(f"line\n\ttab {SHOWN}\n{SHOWN}\n")
    assert found.out.count(SHOWN) == 4
    assert found.err == f"warning: {SHOWN}\nerror: {SHOWN} is no class\n"


def test_control_characters_are_written_out_in_a_run_from_python_and_in_a_traceback(capsys):
    terminal().print(HOSTILE)
    warn(HOSTILE)
    assert run_command(lambda: {}[HOSTILE]) == 1
    found = capsys.readouterr()
    assert not set(HOSTILE) - set("cat]0;owned2J\n") & set(found.out + found.err)


LONG = "x" * 300


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("train", ["--resume", LONG]),
        ("train", ["--config", LONG]),
        ("train", ["--model", "cnn", "--images", LONG]),
        ("train", ["--model", "lstm", "--text", LONG]),
        ("train", ["--model", "logistic", "--dataset", "iris", "--out", f"a/{LONG}/b"]),
        ("sweep", ["--model", "logistic", "--dataset", "iris", "--out", LONG]),
        ("predict", [LONG, "x.csv"]),
        ("predict", ["mlp-iris", f"{LONG}.csv"]),
    ],
)
def test_a_name_that_the_system_refuses_is_bad_input_of_one_line(capsys, tmp_path, monkeypatch, command, words):
    monkeypatch.chdir(tmp_path)
    assert run(command, words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "File name too long" in said
    assert said.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_the_script_ends_with_the_code_of_its_command_after_it_has_left_a_run_of_several(monkeypatch):
    left = []
    monkeypatch.setitem(sys.modules, "zoo.train.distributed.initialize", SimpleNamespace(leave=left.append))
    monkeypatch.setattr(sys, "argv", ["zoo", "no-such-command"])
    with pytest.raises(SystemExit) as end:
        script()
    assert (end.value.code, left) == (2, [2])


def test_streams_that_are_absent_or_closed_are_not_flushed(monkeypatch):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", closed)
    flush()
