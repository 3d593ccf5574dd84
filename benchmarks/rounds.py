"""Measures in rounds: in each, every library trains once in a separate process."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence

from .peers import TIMED, missing

__all__ = [
    "MALLOC",
    "command",
    "differences",
    "environment",
    "last_line",
    "measure",
    "ratios",
    "run_worker",
    "summary",
    "taking_part",
]

# What train/runtime/allocator.py sets for our command, for everyone: glibc keeps freed memory.
MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "268435456"}


def taking_part(
    work: str, peers: Sequence[str], print_fn: Callable[[str], None] = print, elsewhere: Collection[str] = ()
) -> list[str]:
    """Returns the libraries that are installed and support the workload; prints the others.

    Those elsewhere run in another interpreter, in which they are taken to be installed.
    """
    there = []
    for name in peers:
        peer, absent = TIMED[name], [] if name in elsewhere else missing(TIMED[name])
        if absent:
            print_fn(f"{work}: {peer.label} is left out: {', '.join(absent)} is not installed")
        elif work not in peer.workloads:
            print_fn(f"{work}: {peer.label} is left out: not written")
        else:
            there.append(name)
    return there


def measure(
    work: str,
    peers: Sequence[str],
    rounds: int,
    seconds: float,
    malloc: bool,
    print_fn: Callable[[str], None] = print,
    pythons: Mapping[str, str] | None = None,
) -> dict:
    """Measures all libraries.

    Args:
        work: the workload.
        peers: names of the libraries, including the zoo.
        rounds: number of rounds.
        seconds: duration of training in each round.
        malloc: whether all keep freed memory.
        print_fn: prints a line.
        pythons: interpreters of libraries that are not installed in this one.

    Returns:
        `{"limit": [GFLOP/s per round], "peers": {name: [values per round]}, "failed": {name: reason}}`.
    """
    limits, found, failed = [], {name: [] for name in peers}, {}
    for i in range(rounds):
        limits.append(run_worker(["limit", "--seconds", "1"], malloc)["gflops"])
        for name in [*peers[i % len(peers) :], *peers[: i % len(peers)]]:  # another one begins each time
            if name in failed:
                continue
            python = (pythons or {}).get(name, sys.executable)
            try:
                each = run_worker([name, work, "--seconds", str(seconds)], malloc, python)
            except subprocess.CalledProcessError as error:
                failed[name] = last_line(error.stderr)
                print_fn(f"{work}: {TIMED[name].label} failed: {failed[name]}")
                continue
            found[name].append(each)
            time = f"{each['ms']:.2f} ms a step, the first after {each['first']:.1f} s"
            print_fn(f"{work}, round {i + 1} of {rounds}: {TIMED[name].label} {time}")
    return {"limit": limits, "peers": {name: each for name, each in found.items() if each}, "failed": failed}


def summary(figures: Sequence[Mapping], name: str) -> tuple[float, float, float]:
    """Returns median, minimum and maximum of a value over the rounds."""
    values = [each[name] for each in figures]
    return statistics.median(values), min(values), max(values)


def ratios(ours: Sequence[Mapping], theirs: Sequence[Mapping]) -> tuple[float, float, float]:
    """Computes the ratio of their time to the zoo's in each round: median, minimum and maximum.

    >>> ratios([{"ms": 2}, {"ms": 4}, {"ms": 2}], [{"ms": 3}, {"ms": 8}, {"ms": 2}])
    (1.5, 1.0, 2.0)
    """
    pairs = [their["ms"] / our["ms"] for our, their in zip(ours, theirs, strict=False)]
    return statistics.median(pairs), min(pairs), max(pairs)


def differences(parameters: int, loss: float | None, found: Mapping[str, Sequence[Mapping]]) -> list[str]:
    """Lists libraries that train another model: by the number of parameters, or a first loss far from that of chance.

    PyTorch's LSTM has two biases that are only ever added, hence the tolerance of half a percent.
    """
    told = []
    for name, rounds in found.items():
        count, first = rounds[0]["parameters"], rounds[0]["loss"]
        if abs(count - parameters) > 0.007 * parameters:
            told.append(f"{TIMED[name].label} has {count:,} parameters, not {parameters:,}")
        if loss is not None and not 0.7 * loss < first < 1.5 * loss:
            told.append(f"{TIMED[name].label} begins with a loss of {first:.2f}, chance has {loss:.2f}")
    return told


def run_worker(words: Sequence[str], malloc: bool = False, python: str = sys.executable) -> dict:
    """Runs `python -m benchmarks.worker` in a separate process of a Python; returns what it prints."""
    done = subprocess.run(command(words, python), env=environment(malloc), capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def command(words: Sequence[str], python: str = sys.executable) -> list[str]:
    """Returns the command of a worker."""
    return [python, "-m", "benchmarks.worker", *words]


def environment(malloc: bool) -> dict[str, str]:
    """Returns the environment of a worker, with or without kept freed memory."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    return known | (MALLOC if malloc else {})


def last_line(text: str) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1][:200] if lines else "it says nothing"
