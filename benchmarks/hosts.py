"""Kills one of two processes that train together, and resumes the run: `python -m benchmarks.hosts`.

Compares a run of two processes on this machine (connected by gloo), whose second process is killed half-way, with an
uninterrupted one, after it is resumed by two processes and by one; also with one process on two devices. Measures the
time until the other process has exited. Both with replicated arrays and with --fsdp, where each process writes its
shards (extra `multihost`). Prints a Markdown table and writes it into docs/hosts.md, unless --epochs is given; exits
with 1 if a loss differs by more than 1e-4.
"""

import argparse
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from zoo.train.checkpoints.checkpoint import list_steps

from .kills import until
from .page import DOCS, measured_on, publish, where

_RUN = ("--model", "mlp", "--ckpt-every", "23", "--quiet", "--no-pictures")
_EPOCH = 23  # steps of digits in batches of 64
_EPOCHS = 40
_CLOSE = 1e-4
_TWO = "--xla_force_host_platform_device_count=2"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts", description=__doc__)
    parser.add_argument("--epochs", type=int, default=_EPOCHS, metavar="N", help="of the run, mlp on digits (40)")
    args = parser.parse_args(argv)
    steps = args.epochs * _EPOCH
    words = (*_RUN, "--epochs", str(args.epochs))
    rows, worst = _rows(words, steps // 2)
    shared, worst_shared = _rows((*words, "--fsdp"), steps // 2)
    head = [f"| mlp on digits, {steps} steps | last test loss | |", "|---|---|---|"]
    table = "\n".join([*head, *rows, "| **`--fsdp`, each process writes its shards** | | |", *shared])
    print(table)
    if args.epochs == _EPOCHS:
        publish(DOCS / "hosts.md", hosts=f"{table}\n\n{measured_on([where()])}")
    return int(max(worst, worst_shared) > _CLOSE)


def _rows(words: Sequence[str], step: int) -> tuple[list[str], float]:
    """The lines of one kind of run, and the largest difference of two losses; infinite if a kill went unnoticed."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        _ended(_two(*words, "--out", place / "whole"))
        survivor, seconds, step = _killed(place / "killed", words, step)
        shutil.copytree(place / "killed", place / "by-one")
        shutil.copytree(place / "killed", place / "by-two")
        _ended(_two("--resume", place / "by-two"))
        _ended([_start("--resume", place / "by-one")])
        _ended([_start(*words, "--out", place / "alone", flags=_TWO)])
        wanted = _last(place / "whole")
        named = {"resumed by two": "by-two", "resumed by one": "by-one", "one process, two devices": "alone"}
        apart = {name: (_last(place / folder), abs(_last(place / folder) - wanted)) for name, folder in named.items()}
    lines = [
        f"| two processes, uninterrupted | {wanted:.6f} | |",
        f"| one process killed after step {step} | | the other exited with {survivor} after {seconds:.1f} s |",
        *(f"| {name} | {loss:.6f} | {far:.1e} from the uninterrupted run |" for name, (loss, far) in apart.items()),
    ]
    return lines, max(far for _, far in apart.values()) if survivor else math.inf


def _killed(folder: Path, words: Sequence[str], step: int) -> tuple[int, float, int]:
    """Kills the second process once there is a checkpoint of a step: how the first ended, in how many seconds."""
    first, second = _two(*words, "--out", folder)
    until(first, lambda: max(list_steps(folder), default=-1) >= step)
    began = time.perf_counter()
    second.kill()
    second.wait()
    code = first.wait()
    return code, time.perf_counter() - began, max(list_steps(folder))


def _two(*words: object) -> list[subprocess.Popen]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        joined = ("--distributed", f"127.0.0.1:{found.getsockname()[1]}", "--processes", "2", "--process")
    return [_start(*words, *joined, process) for process in (0, 1)]


def _start(*words: object, flags: str = "") -> subprocess.Popen:
    environment = {**os.environ, "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()}
    return subprocess.Popen([sys.executable, "-m", "zoo.train", *map(str, words)], env=environment)


def _ended(lives: Sequence[subprocess.Popen]) -> None:
    codes = [life.wait() for life in lives]
    if any(codes):
        raise SystemExit(f"a run ended with {codes}")


def _last(folder: Path) -> float:
    return json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])["loss"]


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.exit(main())
