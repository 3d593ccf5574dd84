"""The first command is timed as a user types it."""

import pytest

from benchmarks import command


@pytest.mark.slow
@pytest.mark.expensive
def test_a_command_is_timed_to_its_first_line_and_to_its_end(capsys, monkeypatch):
    monkeypatch.setattr(command, "_WORDS", ("--model", "logistic", "--dataset", "iris", "--epochs", "1"))
    monkeypatch.setattr(command, "LIMITS", dict.fromkeys(command.LIMITS, 1e3))
    assert command.main(["--rounds", "1", "--", "--no-pictures"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[-1] for row in rows] == ["2 |", "1 |", "1 |"]
    medians = [float(row.split(" | ")[1].split()[0]) for row in rows]
    assert 0 < medians[0] <= medians[1]


def test_a_command_that_fails_ends_the_benchmark_with_its_output():
    with pytest.raises(SystemExit, match=r"ended with 2:\n.*unknown model 'nobody'|ended with 2:\n.*nobody"):
        command.timed(["--model", "nobody"])


def test_a_median_above_the_limit_exits_with_1(monkeypatch, capsys):
    times = iter([(0.5, 9.0), (0.5, 5.5)] * 3)
    monkeypatch.setattr(command, "timed", lambda words: next(times))
    assert command.main(["--rounds", "3", "--", "--quiet"]) == 1
    assert "| programs cached | 5.5 s (5.5 to 5.5) | 5 s | 3 |" in capsys.readouterr().out
