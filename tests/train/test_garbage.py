import gc

import pytest

from zoo.train.exits import guarded
from zoo.train.garbage import seldom_collected


@pytest.fixture(autouse=True)
def settings():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_command_collects_seldom_and_leaves_the_settings_as_they_were():
    gc.set_threshold(700, 10, 10)
    seen = []
    guarded(lambda: seen.append(gc.get_threshold()[0]) or 0)
    assert seen == [100_000]
    assert gc.get_threshold() == (700, 10, 10)


def test_a_collector_that_was_turned_off_stays_off():
    gc.set_threshold(0)
    with seldom_collected():
        assert gc.get_threshold()[0] == 0


def test_the_settings_come_back_after_an_error():
    gc.set_threshold(700, 10, 10)
    with pytest.raises(KeyError), seldom_collected():
        raise KeyError
    assert gc.get_threshold()[0] == 700
