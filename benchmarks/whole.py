"""Measures whole runs, from the imports to one epoch of MNIST: `python -m benchmarks --whole`.

The zoo's command is measured as well. It does more than the others: it loads the data, scores the test images, saves
the model and draws plots.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .page import measured_on, publish, where
from .peers import PEERS
from .rounds import run_worker, taking_part

__all__ = ["main"]

_WORKS = ("mlp", "cnn")
_COMMANDS = {"mlp": "--model mlp --m.hidden 512 256 --m.dropout 0", "cnn": "--model cnn --augment none"}


def main(peers: Sequence[str], rounds: int, data_dir: str | None, page: Path | None = None) -> int:
    """Measures by rounds, prints a Markdown table and writes it into the page."""
    if data_dir is None:
        print("--whole requires --data-dir, the folder of MNIST")
        return 2
    lines = ["| one epoch of MNIST | imports, compiling, training | with the first step after |", "|---|---|---|"]
    for work in _WORKS:
        lines += _rows(work, peers, rounds, data_dir)
    text = "\n".join([*lines, "", measured_on([where()])])
    print(text)
    if page:
        publish(page, whole=text)
    return 0


def _rows(work: str, peers: Sequence[str], rounds: int, data_dir: str) -> list[str]:
    there = taking_part(work, list(dict.fromkeys(["ours", *peers])), print_fn=lambda line: print(line, file=sys.stderr))
    found: dict[str, list[dict]] = {name: [] for name in there}
    commands = []
    for i in range(rounds):
        commands.append(_command(_COMMANDS[work], data_dir))
        for name in there:
            print(f"{work}, round {i + 1} of {rounds}: {PEERS[name].label}", file=sys.stderr, flush=True)
            try:
                found[name].append(run_worker([name, work, "--data-dir", data_dir]))
            except subprocess.CalledProcessError as error:
                print(f"{work}: {PEERS[name].label} failed: {error.stderr.strip()[-200:]}", file=sys.stderr)
    time_of = statistics.median(commands)
    rows = [f"| `python -m zoo.train {_COMMANDS[work]} --epochs 1`, all of it | {time_of:.1f} s | |"]
    for name, each in found.items():
        if each:
            whole, first = (statistics.median(one[what] for one in each) for what in ("whole", "first"))
            rows.append(f"| {work}: {PEERS[name].label} | {whole:.1f} s | {first:.1f} s |")
    return rows


def _command(flags: str, data_dir: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        words = [*flags.split(), "--dataset", "mnist", "--epochs", "1", "--batch-size", "128", "--data-dir", data_dir]
        began = time.perf_counter()
        words += ["--out", f"{folder}/run", "--quiet"]
        subprocess.run([sys.executable, "-m", "zoo.train", *words], check=True)
        return time.perf_counter() - began
