"""Prefetching: order, bound, errors at their result, no thread left."""

import threading

import pytest

from zoo.train.data.prefetch import Prefetcher, prefetched


def test_results_come_in_order_independent_of_the_threads():
    gates = [threading.Event() for _ in range(4)]

    def read(i):
        if i < 3:
            gates[i + 1].wait(10)  # each waits for the one after it
        gates[i].set()
        return i

    with Prefetcher(read, end=4, threads=4) as ahead:
        assert [ahead.take() for _ in range(4)] == [0, 1, 2, 3]
    assert list(prefetched(str, 0)) == []


def test_at_most_the_depth_is_read_ahead():
    read = []
    with Prefetcher(lambda i: read.append(i) or i, first=5, threads=1, depth=3) as ahead:
        assert read == []
        assert ahead.take() == 5
        ahead._pending[-1].result()
        assert read == [5, 6, 7, 8]
        assert (ahead.next, ahead.ready) == (6, True)


def test_an_error_is_raised_when_its_result_is_taken():
    def read(i):
        if i == 2:
            raise OSError("the disk is gone")
        return i

    with Prefetcher(read) as ahead:
        assert [ahead.take(), ahead.take()] == [0, 1]
        with pytest.raises(OSError, match="the disk is gone"):
            ahead.take()


def test_after_the_last_result_take_stops():
    with Prefetcher(str, end=1) as ahead:
        assert ahead.take() == "0"
        assert not ahead.ready
        with pytest.raises(StopIteration):
            ahead.take()


def test_closing_ends_the_threads_and_cancels_pending_reads():
    started, go = threading.Event(), threading.Event()
    read = []

    def slow(i):
        started.set()
        go.wait(10)
        read.append(i)

    ahead = Prefetcher(slow, threads=1, depth=5)
    ahead.ready  # noqa: B018 - asks for the first ones
    started.wait(10)
    threading.Timer(0.05, go.set).start()
    ahead.close()
    assert read == [0]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("zoo-reader")]
