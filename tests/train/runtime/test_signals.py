import os
import signal

import pytest

from zoo.train.runtime.signals import StopFlag, exit_within

HANDLED = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def default_handlers():
    """Restores the default of signals that may be ignored around the tests, as SIGHUP is by nohup."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in HANDLED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, *HANDLED])
def test_each_signal_that_ends_a_run_sets_the_flag_once(number):
    before = signal.getsignal(number)
    with StopFlag() as stop:
        os.kill(os.getpid(), number)
        assert stop.requested == number
        assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", HANDLED)
def test_a_signal_before_the_run_ends_the_command_with_its_code(number):
    with pytest.raises(SystemExit) as ended, exit_within():
        os.kill(os.getpid(), number)
    assert ended.value.code == 128 + number


def test_a_run_under_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exit_within(), StopFlag() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.requested == 0
    finally:
        signal.signal(signal.SIGHUP, before)
