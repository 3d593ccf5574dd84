"""The allocator is told to keep what is freed, where there is one that listens."""

import ctypes
import sys

import numpy as np
import pytest

from zoo.train import allocator


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc is Linux's")
def test_freed_memory_is_kept_and_used_again():
    assert allocator.keep_freed_memory()
    where = set()
    for _ in range(5):  # a block far above the size that glibc maps anew each time
        block = np.ones(1 << 22, np.float64)
        where.add(block.ctypes.data)
        del block
    assert len(where) == 1


def test_where_there_is_no_such_allocator_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_freed_memory()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not allocator.keep_freed_memory()
