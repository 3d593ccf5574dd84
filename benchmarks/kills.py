"""Kills runs and resumes them: `python -m benchmarks.kills`.

Three questions. Does a run that is killed again and again (SIGKILL, at random moments from its start to its end) end
with the same bits as one that was never killed? Is there a whole checkpoint after a kill in the middle of writing one?
What does a checkpoint an epoch cost? The answers go into docs/runs.md; ends with 1 if one is not what it must be.
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
            what = f"a checkpoint an epoch, `cnn` on MNIST, epochs: {args.epochs:g}; at most {ALLOWED:.0%} more time"
            figures["3 cost"] = Figure(what, f"{args.pairs} pairs", text, f"{_COMMAND} --data-dir DIR")
            good &= ratio <= 1 + ALLOWED
    show(figures, args.kept)
    return 0 if good else 1


def killed(place: Path, kills: int, chance: random.Random) -> tuple[Figure, bool]:
    """Kills runs at random moments until all kills are spent, and compares each that came to its end."""
    begin(place / "whole").wait()
    began = time.perf_counter()
    begin(place / "again").wait()  # what it takes once all is compiled
    lasts = time.perf_counter() - began
    wanted, folder = bits(place / "whole"), place / "killed"
    if bits(place / "again") != wanted:
        raise SystemExit("two runs that nobody killed differ: there is nothing to compare with")
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
    text = f"{same} of {runs} runs ended with the bits of the one that was never killed (all files: state, rows, "
    text += f"model, scores, pictures); a checkpoint was lost by {lost} kills; {moved} met a life that had written one"
    what = "`kill -9` at random moments of `cnn` on digits, resumed each time"
    return Figure(what, str(done), text, _COMMAND), same == runs and not lost


def killed_while_saving(place: Path, kills: int, chance: random.Random) -> tuple[Figure, bool]:
    """Kills a run whenever a checkpoint is half written; each life must go on from the newest, and that be whole."""
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
    text = f"{found} restarts found the newest checkpoint whole, and newer than the last; {half} kills left a half one"
    return Figure("`kill -9` while a checkpoint of 13 MB is written", str(kills), text, _COMMAND), found == kills


def begin(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Starts a run."""
    return subprocess.Popen([sys.executable, "-m", "zoo.train", *words, "--out", str(folder)])


def go_on(folder: Path, words: Sequence[str] = _RUN) -> subprocess.Popen:
    """Starts the next life of a run; the first, if there was none."""
    if not (folder / "config.json").exists():
        return begin(folder, words)
    said = subprocess.DEVNULL  # that newer files were taken back, as they should be
    return subprocess.Popen([sys.executable, "-m", "zoo.train", "--resume", str(folder), "--quiet"], stdout=said)


def ends_within(process: subprocess.Popen, seconds: float) -> bool:
    """Waits so long; whether a process has ended by itself."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def ended(folder: Path) -> bool:
    """Whether a run came to its end."""
    return (folder / "result.json").exists()


def last_step(folder: Path) -> int:
    """The step of a run's newest checkpoint, -1 before the first."""
    return max(list_steps(folder), default=-1)


def until(process: subprocess.Popen, there: Callable[[], bool]) -> None:
    """Waits for something that a living run brings about."""
    while not there():
        if process.poll() is not None:
            raise SystemExit(f"the run ended by itself, with {process.returncode}")
        time.sleep(0.001)


def bits(folder: Path) -> dict[str, bytes]:
    """All that a run leaves, by path, but for clocks and commands."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    found = {name: path.read_bytes() for name, path in sorted(files.items()) if path.name not in _CLOCKS}
    scores = json.loads(found["result.json"])
    del scores["seconds"]
    return found | {"result.json": json.dumps(scores).encode()}


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """The names that one of two lacks, or that have other bytes in it."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # the bits of the CPU are those that are promised
    sys.exit(main())
