"""Kills runs and resumes them: `python -m benchmarks.kills`.

Three questions. Does a run that is killed again and again (SIGKILL, at random moments from its start to its end) end
with the same bits as one that was never killed? Is there a whole checkpoint after a kill in the middle of writing one?
What does a checkpoint an epoch cost? Prints a Markdown table; ends with 1 if a run did not come back.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from zoo.train.checkpoint import FOLDER, newest, read, steps_there
from zoo.train.errors import CheckpointUnusable

_RUN = ("--model", "mlp", "--epochs", "30", "--ckpt-every", "50", "--quiet")
_LARGE = ("--model", "mlp", "--m.hidden", "1024", "1024", "--epochs", "1000", "--ckpt-every", "1", "--quiet")
_CNN = ("--model", "cnn", "--dataset", "mnist", "--quiet")
_EPOCH = "469"  # steps of MNIST in batches of 128


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="at random moments of a run on digits")
    parser.add_argument("--save-kills", type=int, default=50, metavar="N", help="while a checkpoint is written")
    parser.add_argument("--pairs", type=int, default=3, metavar="N", help="runs with and without checkpoints, in turn")
    parser.add_argument("--epochs", type=float, default=2, metavar="N", help="of each of these runs")
    parser.add_argument("--data-dir", help="folder that holds MNIST; without it the cost is not measured")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    args = parser.parse_args(argv)
    chance, rows, good = random.Random(args.seed), [], True
    with tempfile.TemporaryDirectory() as place:
        if args.kills:
            text, fine = killed(Path(place), args.kills, chance)
            rows.append(text)
            good &= fine
        if args.save_kills:
            text, fine = killed_while_saving(Path(place), args.save_kills, chance)
            rows.append(text)
            good &= fine
        if args.pairs and args.data_dir:
            rows.append(cost(Path(place), args.pairs, args.epochs, args.data_dir))
    print("\n".join(["| what | how often | result |", "|---|---|---|", *rows]))
    return 0 if good else 1


def killed(place: Path, kills: int, chance: random.Random) -> tuple[str, bool]:
    """Kills runs at random moments until all kills are spent, and compares each that came to its end."""
    whole, folder = place / "whole", place / "killed"
    begin(whole).wait()
    began = time.perf_counter()
    begin(place / "again").wait()  # what it takes once all is compiled
    lasts = time.perf_counter() - began
    wanted, done, same, runs = bits(whole), 0, 0, 0
    while done < kills or not ended(folder):
        process = go_on(folder)
        if done < kills:
            try:
                process.wait(chance.uniform(0, lasts))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                done += 1
                continue
        if process.wait() != 0:
            return f"| random kills of a digits run | {done} | **a life ended with {process.returncode}** |", False
        runs += 1
        same += bits(folder) == wanted
        if done < kills:
            folder = place / f"killed-{done}"
    text = f"{same} of {runs} runs ended with the bits of the uninterrupted one (state, metrics, model, pictures)"
    return f"| random kills of a digits run | {done} | {text} |", same == runs


def killed_while_saving(place: Path, kills: int, chance: random.Random) -> tuple[str, bool]:
    """Kills a run whenever a checkpoint is half written; each life must go on from a whole one."""
    folder, found, half, before = place / "saving", 0, 0, -1
    for _ in range(kills):
        process = go_on(folder, _LARGE)
        until(process, lambda: max(steps_there(folder), default=-1) > before)  # noqa: B023
        until(process, lambda: any((folder / FOLDER).glob(".tmp-*")))
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        half += any((folder / FOLDER).glob(".tmp-*"))
        try:
            step = newest(folder, lambda _: None, print).step
        except CheckpointUnusable as error:
            print(error)
            continue
        found += step > before
        before = step
    text = f"{found} restarts found a whole checkpoint, newer than the last; {half} kills left one half written"
    return f"| kills while a checkpoint is written (13 MB) | {kills} | {text} |", found == kills


def cost(place: Path, pairs: int, epochs: float, data_dir: str) -> str:
    """The time of runs with a checkpoint an epoch, over that of runs without, one after the other in turn."""
    seconds: dict[str, list[float]] = {"off": [], _EPOCH: []}
    for pair in range(-1, pairs):
        for every, taken in seconds.items():
            folder = place / f"cost-{every}-{pair}"
            words = (*_CNN, "--epochs", str(epochs), "--ckpt-every", every, "--data-dir", data_dir)
            begin(folder, words).wait()
            if pair >= 0:  # the first pair compiles
                taken.append(json.loads((folder / "result.json").read_text())["seconds"])
    ratios = [with_ / without for without, with_ in zip(*seconds.values(), strict=True)]
    means = {every: statistics.median(taken) for every, taken in seconds.items()}
    text = f"ratio {statistics.median(ratios):.4f} ({min(ratios):.4f} to {max(ratios):.4f})"
    text += f", {means[_EPOCH]:.1f} s with, {means['off']:.1f} s without"
    return f"| a checkpoint an epoch, cnn on MNIST, {epochs:g} epochs | {pairs} pairs | {text} |"


def begin(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Starts a run."""
    return subprocess.Popen([sys.executable, "-m", "zoo.train", *words, "--out", str(folder)])


def go_on(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Starts the next life of a run; the first, if there was none."""
    if not (folder / "config.json").exists():
        return begin(folder, words)
    said = subprocess.DEVNULL  # that newer files were taken back, as they should be
    return subprocess.Popen([sys.executable, "-m", "zoo.train", "--resume", str(folder), "--quiet"], stdout=said)


def ended(folder: Path) -> bool:
    """Whether a run came to its end."""
    return (folder / "result.json").exists()


def until(process: subprocess.Popen, there: Callable[[], bool]) -> None:
    """Waits for something that a living run brings about."""
    while not there():
        if process.poll() is not None:
            raise SystemExit(f"the run ended by itself, with {process.returncode}")
        time.sleep(0.001)


def bits(folder: Path) -> dict[str, bytes]:
    """All that a run leaves, but for clocks and commands."""
    last = read(folder / FOLDER / str(steps_there(folder)[-1]))
    names = ("metrics.jsonl", "model.safetensors", "plots/curves.png", "plots/confusion.png")
    files = {name: (folder / name).read_bytes() for name in names}
    return files | {name: array.tobytes() for name, array in last.tensors().items()} | {"step": str(last.step).encode()}


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # the bits of the CPU are those that are promised
    sys.exit(main())
