"""Kills runs and resumes them: `python -m benchmarks.kills`.

Three measurements: whether a run that is killed repeatedly (SIGKILL, at random moments from start to end) ends with the
same bits as an uninterrupted one; whether an intact checkpoint exists after a kill while one is written; and the cost
of one checkpoint per epoch. They are written into docs/runs.md; exits with 1 if one fails.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from zoo.train.checkpoints.checkpoint import FOLDER, list_steps, read
from zoo.train.errors import CheckpointUnusable

from .checkpoint_cost import ALLOWED, cost
from .runs_page import Figure, add_kept, show

_RUN = ("--model", "cnn", "--ckpt-every", "10", "--quiet")
_LARGE = ("--model", "mlp", "--m.hidden", "1024", "1024", "--epochs", "1000", "--ckpt-every", "1", "--quiet")
_CLOCKS = ("config.json", "manifest.json", ".lock")  # they tell of the lives: times, commands, processes
_COMMAND = "python -m benchmarks.kills"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps and shows."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="at random moments of a run on digits")
    parser.add_argument("--save-kills", type=int, default=50, metavar="N", help="while a checkpoint is written")
    parser.add_argument("--pairs", type=int, default=5, metavar="N", help="runs with and without checkpoints, in turn")
    parser.add_argument("--epochs", type=float, default=2, metavar="N", help="of each of these runs")
    parser.add_argument("--data-dir", help="folder that holds MNIST; without it the cost is not measured")
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    add_kept(parser)
    args = parser.parse_args(argv)
    chance, figures, good = random.Random(args.seed), {}, True
    with tempfile.TemporaryDirectory() as place:
        if args.kills:
            figures["1 kills"], fine = killed(Path(place), args.kills, chance)
            good &= fine
        if args.save_kills:
            figures["2 kills in saves"], fine = killed_while_saving(Path(place), args.save_kills, chance)
            good &= fine
        if args.pairs and args.data_dir:
            ratio, text = cost(Path(place), args.pairs, args.epochs, args.data_dir, begin)
            what = f"one checkpoint per epoch, `cnn` on MNIST, epochs: {args.epochs:g}; limit {ALLOWED:.0%} more time"
            figures["3 cost"] = Figure(what, f"{args.pairs} pairs", text, f"{_COMMAND} --data-dir DIR")
            good &= ratio <= 1 + ALLOWED
    show(figures, args.kept)
    return 0 if good else 1


def killed(place: Path, kills: int, chance: random.Random) -> tuple[Figure, bool]:
    """Kills runs at random moments until the number of kills is reached, and compares each finished run."""
    begin(place / "whole").wait()
    began = time.perf_counter()
    begin(place / "again").wait()  # what it takes once all is compiled
    lasts = time.perf_counter() - began
    wanted, folder = bits(place / "whole"), place / "killed"
    if bits(place / "again") != wanted:
        raise SystemExit("two uninterrupted runs differ, so that there is nothing to compare with")
    done = same = runs = moved = lost = 0
    while done < kills or not ended(folder):
        first, before, began = not folder.exists(), last_step(folder), time.perf_counter()
        process = go_on(folder)
        if done < kills and not ends_within(process, chance.uniform(0, lasts)):
            process.kill()
            process.wait()
            done += 1
            moved += last_step(folder) > before
            lost += last_step(folder) < before
            continue
        if process.wait() != 0:
            raise SystemExit(f"after {done} kills a life of {folder} ended with {process.returncode}")
        if first:  # whatever slowed the machine down at first must not move all kills behind the end
            lasts = min(lasts, time.perf_counter() - began)
        runs += 1
        other = differing(bits(folder), wanted)
        same += not other
        print("".join(f"{folder}: {name} differs\n" for name in other), end="", flush=True)
        if done < kills:
            folder = place / f"killed-{done}"
    text = f"{same} of {runs} runs ended with the same bits as the uninterrupted run (all files: state, rows, model, "
    text += f"scores, plots); {lost} kills lost a checkpoint; {moved} hit a process that had already written one"
    what = "`kill -9` at random moments of `cnn` on digits, then resumed"
    return Figure(what, str(done), text, _COMMAND), same == runs and not lost


def killed_while_saving(place: Path, kills: int, chance: random.Random) -> tuple[Figure, bool]:
    """Kills a run whenever a checkpoint is partly written; each restart must resume from the newest intact one."""
    folder, found, half, before = place / "saving", 0, 0, -1
    for _ in range(kills):
        process = go_on(folder, _LARGE)
        until(process, lambda: last_step(folder) > before)  # noqa: B023
        until(process, lambda: any((folder / FOLDER).glob(".tmp-*")))
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        half += any((folder / FOLDER).glob(".tmp-*"))
        try:
            step = read(folder / FOLDER / str(last_step(folder))).step
        except CheckpointUnusable as error:
            print(error)
            continue
        found += step > before
        before = step
    text = (
        f"{found} restarts found an intact checkpoint newer than the previous one; {half} kills left an incomplete one"
    )
    return Figure("`kill -9` while a checkpoint of 13 MB is written", str(kills), text, _COMMAND), found == kills


def begin(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Starts a run."""
    return subprocess.Popen([sys.executable, "-m", "zoo.train", *words, "--out", str(folder)])


def go_on(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Resumes a run, or starts it if it does not exist."""
    if not (folder / "config.json").exists():
        return begin(folder, words)
    said = subprocess.DEVNULL  # that newer files were taken back, as they should be
    return subprocess.Popen([sys.executable, "-m", "zoo.train", "--resume", str(folder), "--quiet"], stdout=said)


def ends_within(process: subprocess.Popen, seconds: float) -> bool:
    """Waits for a time; returns whether the process has ended by itself."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def ended(folder: Path) -> bool:
    """Returns whether a run is finished."""
    return (folder / "result.json").exists()


def last_step(folder: Path) -> int:
    """Returns the step of the newest checkpoint of a run, -1 before the first."""
    return max(list_steps(folder), default=-1)


def until(process: subprocess.Popen, there: Callable[[], bool]) -> None:
    """Waits for a condition while the run is alive."""
    while not there():
        if process.poll() is not None:
            raise SystemExit(f"the run ended by itself, with {process.returncode}")
        time.sleep(0.001)


def bits(folder: Path) -> dict[str, bytes]:
    """Returns the contents of all files of a run by path, without times and commands."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in sorted(files.items()) if path.name not in _CLOCKS}
    scores = json.loads(found["result.json"])
    del scores["seconds"]
    return found | {"result.json": json.dumps(scores).encode()}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """Returns the names that one of two runs lacks, or whose bytes differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # the bits of the CPU are those that are promised
    sys.exit(main())
