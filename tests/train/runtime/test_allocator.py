"""The allocator is told to keep what is freed or to hand it back, where there is one that listens."""

import ctypes
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from zoo.train.runtime import allocator


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


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc is Linux's")
def test_freed_memory_is_given_back_that_a_block_in_use_holds():
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    blocks = [libc.malloc(1 << 16) for _ in range(1600)]  # 100 MiB in pieces too small to be mapped apart
    for block in blocks:
        ctypes.memset(block, 1, 1 << 16)
    for block in blocks[:-1]:
        libc.free(block)
    before = _resident()
    assert allocator.give_back_freed_memory()
    assert before - _resident() > 80 << 20
    libc.free(blocks[-1])


def test_where_there_is_no_such_allocator_nothing_is_given_back(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert not allocator.give_back_freed_memory()
