import gc
import subprocess
import sys

import pytest

from zoo.train.cli.exit import run_command
from zoo.train.runtime.gc import rare_gc


@pytest.fixture(autouse=True)
def settings():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_command_collects_seldom_and_leaves_the_settings_as_they_were():
    gc.set_threshold(700, 10, 10)
    seen = []
    run_command(lambda: seen.append(gc.get_threshold()[0]) or 0)
    assert seen == [1_000_000]
    assert gc.get_threshold() == (700, 10, 10)


def test_a_collector_that_was_turned_off_stays_off():
    gc.set_threshold(0)
    with rare_gc():
        assert gc.get_threshold()[0] == 0


def test_the_settings_come_back_after_an_error():
    gc.set_threshold(700, 10, 10)
    with pytest.raises(KeyError), rare_gc():
        raise KeyError
    assert gc.get_threshold()[0] == 700


def test_a_command_that_ends_does_not_search_through_what_is_left():
    # What was registered first is called last.
    end = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 1000))"
    command = "from zoo.train.__main__ import main; main(['--version'])"
    done = subprocess.run([sys.executable, "-c", f"{end}; {command}"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"
