"""Measures what a sweep gains: `python -m benchmarks.sweeps`.

`grid`: a grid over learning rate and weight decay, whose settings share one program, beside the same settings with a
program each, as a sweep trained them before; in turns, each in a new folder with nothing compiled. Seconds are those
that the processor worked, which other processes change least.

`search`: random settings of a network on digits beside those that the tree-structured Parzen estimator of Optuna
proposes, with pruning, for as many seconds of the processor; by the best score on the validation examples, for several
seeds of the search. It needs Optuna: `pip install -e '.[sweep]'`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

from zoo.train import RunOptions, recipe_for
from zoo.train.cli.sweep import search_of, settings_of
from zoo.train.cli.train_args import resolve_recipe
from zoo.train.sweeps.results import Setting, SettingResult
from zoo.train.sweeps.search import search
from zoo.train.sweeps.sweep import sweep

from .runs_page import Figure, add_kept, show
from .sweep import begin

_COMMAND = "python -m benchmarks.sweeps"
_OPTIONS = RunOptions(quiet=True, pictures=False, compile_cache="off")
_RATES, _DECAYS = (1e-3, 3e-3, 1e-2), (1e-3, 1e-2)
CASES = {"mlp on digits": recipe_for("mlp", "digits"), "mlp on iris": recipe_for("mlp", "iris")}
SPACE = {
    "lr": "1e-4..1e-1",
    "weight_decay": "1e-4..1",
    "label_smoothing": "0.01..0.3",
    "momentum": "0.5..0.99",
    "m.dropout": "0,0.2,0.4",
    "m.hidden": "32,64x32",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores and prints."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--only", nargs="*", choices=("grid", "search"), default=["grid", "search"])
    parser.add_argument("--cases", nargs="*", choices=CASES, default=list(CASES), help="networks of the grid")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the grid, and seeds of the search (3)")
    parser.add_argument("--trials", type=int, default=40, help="random settings of the search (40)")
    parser.add_argument("--epochs", type=float, help="of each run; else 3 in the grid and 15 in the search")
    add_kept(parser)
    args = parser.parse_args(argv)
    figures = {}
    if "grid" in args.only:
        for name in args.cases:
            figures[f"6 {name}"] = _grid(name, replace(CASES[name], epochs=args.epochs or 3, expect=None), args.rounds)
    if "search" in args.only:
        figures["7 search"] = _search(args.trials, args.rounds, args.epochs or 15)
    show(figures, args.kept)
    return 0


def _grid(name: str, recipe, rounds: int) -> Figure:
    settings = grid_settings(recipe)
    ways = {
        "a program each": lambda folder: apart(settings, folder),
        "one program": lambda folder: sweep(settings, [0], folder / "sweep", _OPTIONS, vmapped=False),
        "as chosen": lambda folder: sweep(settings, [0], folder / "sweep", _OPTIONS),
    }
    seconds = in_turns(ways, rounds)
    before = seconds.pop("a program each")
    told = ", ".join(f"{way} {describe(before, own)}" for way, own in seconds.items())
    text = f"{told} times as fast as a program each ({statistics.median(before):.3g} s of the processor)"
    print(f"{name}: {text}", flush=True)
    return Figure(f"grid of {len(settings)} settings, {name}, nothing cached", f"{rounds} rounds", text, _COMMAND)


def grid_settings(recipe) -> list[Setting]:
    """Returns the settings of a grid over learning rate and weight decay."""
    return [
        Setting({"lr": lr, "weight_decay": decay}, replace(recipe, lr=lr, weight_decay=decay))
        for lr, decay in product(_RATES, _DECAYS)
    ]


def apart(settings: Sequence[Setting], folder: Path) -> None:
    """Trains each setting by programs of its own, which contain its numbers."""
    for i, setting in enumerate(settings):
        sweep([setting._replace(given={})], [0], folder / str(i), _OPTIONS, vmapped=False)


def in_turns(ways: Mapping[str, Callable[[Path], object]], rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of the processor of each way in each round, another one first each time."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            begin(_OPTIONS)
            with tempfile.TemporaryDirectory() as folder:
                began = time.process_time()
                ways[name](Path(folder))
                seconds[name].append(time.process_time() - began)
            print(f"  round {turn + 1}, {name}: {seconds[name][-1]:.1f} s of the processor", flush=True)
    return seconds


def describe(before: Sequence[float], own: Sequence[float]) -> str:
    """Formats the median and the range of the ratios of a round."""
    ratios = [one / other for one, other in zip(before, own, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _search(trials: int, seeds: int, epochs: float) -> Figure:
    found = [compared(trials, seed, epochs) for seed in range(seeds)]
    for seed, (random, tpe, counts) in enumerate(found):
        line = f"search, seed {seed}: random {random:.4f} of {counts[0]} settings, tpe {tpe:.4f} of {counts[1]}"
        print(f"{line} in the same time of the processor", flush=True)
    means = [statistics.fmean(random for random, _, _ in found), statistics.fmean(tpe for _, tpe, _ in found)]
    text = (
        f"best validation accuracy of random {100 * means[0]:.2f} %, of tpe with pruning {100 * means[1]:.2f} % "
        f"(by seed: {', '.join(f'{100 * a:.2f} and {100 * b:.2f}' for a, b, _ in found)})"
    )
    what = f"search: {trials} random settings of mlp on digits, {epochs:g} epochs, and tpe for as long on the processor"
    return Figure(what, f"{seeds} seeds", text, f"{_COMMAND} --only search")


def compared(trials: int, seed: int, epochs: float) -> tuple[float, float, tuple[int, int]]:
    """Returns the best score of random settings and of a search in the same time, and the number of settings of each.

    Time is that of the processor, which other processes change least. A search runs on after that time for the setting
    that is under way, which does not count.
    """
    chosen = resolve_recipe({"model": "mlp", "dataset": "digits"})
    common = {**SPACE, "epochs": str(epochs), "val_share": "0.2", "seed": str(seed)}
    with tempfile.TemporaryDirectory() as folder:
        begin(_OPTIONS)
        settings, seeds = settings_of(chosen, {**common, "random": trials})
        began = time.process_time()
        random = sweep(settings, seeds, Path(folder) / "random", _OPTIONS)
        seconds = time.process_time() - began
        begin(_OPTIONS)
        wanted, seeds = search_of(chosen, {**common, "search": "tpe", "trials": 10 * trials, "prune": True})
        clock = Clock(seconds)
        with suppress(TimeoutError):
            search(wanted, seeds, Path(folder) / "tpe", _OPTIONS, clock.on_setting)
    return best(random), best(clock.found), (len(random), len(clock.found))


class Clock:
    """Collects the results of a search, and ends it after a time."""

    def __init__(self, seconds: float):
        self._end, self.found = time.process_time() + seconds, list[SettingResult]()

    def on_setting(self, result: SettingResult, new: bool) -> None:
        """Takes a result; raises TimeoutError if it came too late."""
        if time.process_time() > self._end:
            raise TimeoutError
        self.found.append(result)


def best(results: Sequence[SettingResult]) -> float:
    """Returns the best score of the settings that were trained to their end."""
    return max(each.mean for each in results if each.scores and not each.pruned)


if __name__ == "__main__":
    raise SystemExit(main())
