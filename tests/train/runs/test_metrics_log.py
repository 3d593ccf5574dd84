"""The log of metrics is on disk row by row, and is truncated to a checkpoint's rows only if they are unchanged."""

import pytest

from zoo.train.errors import CheckpointUnusable
from zoo.train.runs.metrics_log import MetricsLog, read_logged

ROWS = [{"split": "train", "step": 1}, {"split": "test", "step": 1}]


@pytest.fixture
def log(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    for row in ROWS:
        log.on_metrics(row, {})
    return log


def test_rows_are_on_disk_as_soon_as_they_are_logged(log):
    assert log.path.read_text().splitlines() == ['{"split": "train", "step": 1}', '{"split": "test", "step": 1}']


def test_rows_after_the_checkpoint_and_a_torn_line_are_removed(log):
    state = log.state_dict()
    log.on_metrics({"split": "train", "step": 2}, {})
    with log.path.open("a") as file:
        file.write('{"split": "te')
    again = MetricsLog(log.path)
    again.load_state_dict(state)
    assert again.rows == ROWS
    assert again.state_dict() == state
    assert len(log.path.read_text().splitlines()) == 2


def test_changed_rows_are_refused(log):
    state = log.state_dict()
    log.path.write_text(log.path.read_text().replace('"step": 1', '"step": 7'))
    with pytest.raises(CheckpointUnusable, match=r"metrics\.jsonl was changed: its first 59 bytes"):
        MetricsLog(log.path).load_state_dict(state)
    for size in (None, -1, "7"):
        with pytest.raises(CheckpointUnusable, match="lacks the number of bytes"):
            read_logged(log.path, {"bytes": size})


def test_a_process_that_does_not_write_keeps_the_rows(tmp_path):
    silent = MetricsLog(tmp_path / "metrics.jsonl", writes=False)
    silent.on_metrics(ROWS[0], {})
    silent.on_stop()
    assert silent.rows == ROWS[:1]
    assert not silent.path.exists()
