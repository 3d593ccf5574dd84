"""Chooses the settings of the recipes of small data sets by nested cross-validation: `python -m benchmarks.choose`.

The test fold of each of five outer folds is left alone while a small grid of settings is compared on its training
examples: several runs with another fifth of them held out each time, scored at the last epoch. The best setting is then
trained on all training examples of the fold, and its test fold is looked at once. The mean of these five scores is that
of the whole procedure, choice included. The recipe is the setting with the best mean over all folds; how many folds
chose it is shown beside. Values are stored in choose.json beside this file.
"""

import argparse
import statistics
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from zoo.train import RunOptions
from zoo.train.cli.sweep import settings_of
from zoo.train.cli.train_args import RecipeArgs, resolve_recipe
from zoo.train.sweeps.grid import describe_setting
from zoo.train.sweeps.results import Setting, SettingResult
from zoo.train.sweeps.sweep import sweep

from .page import DOCS, HERE, keep, measured_on, publish
from .results import scores_of

__all__ = ["CHOICES", "Choice", "Nested", "as_it_is", "main", "nested", "settings_in", "table"]

KEPT, PAGE = HERE / "choose.json", DOCS / "sweeps.md"
_COMMAND = "python -m benchmarks.choose"
_OPTIONS = RunOptions(quiet=True, pictures=False)
_FOLDS, _HELD = 5, "0.2"  # outer folds; share that an inner run holds out


class Choice(NamedTuple):
    """A recipe, by the flags that name it, and the values to choose from, as a sweep takes them."""

    model: str
    dataset: str
    values: Mapping[str, str]
    recipe: str = ""

    @property
    def name(self) -> str:
        """The recipe as it is named on the command line."""
        return f"{self.model} on {self.dataset}{', ' * bool(self.recipe)}{self.recipe}"


CHOICES = (
    Choice("logistic", "digits", {"lr": "2e-3,5e-3,1e-2", "l2": "1e-4,1e-3,1e-2"}),
    Choice("logistic", "iris", {"lr": "1e-2,3e-2,1e-1", "l2": "0,1e-3,1e-2"}),
    Choice("perceptron", "digits", {"epochs": "25,50,100,200"}),
    Choice("mlp", "digits", {"lr": "1e-3,2e-3,4e-3", "weight_decay": "1e-2,1e-1"}),
    Choice("mlp", "iris", {"lr": "3e-3,1e-2,3e-2", "weight_decay": "1e-2,1e-1,1"}),
    Choice("mlp", "diabetes", {"lr": "1e-3,3e-3,1e-2", "weight_decay": "1e-1,1,10"}),
    Choice("elm", "digits", {"t.ridge": "1,10,100", "m.scale": "0.5,1,2"}),
    Choice("elm", "diabetes", {"t.ridge": "10,100,1000", "m.hidden": "100,200,400"}),
    Choice("rbf", "digits", {"t.ridge": "0.001,0.01,0.1", "t.spread": "0.7,1,1.4"}),
    Choice("rbf", "diabetes", {"t.ridge": "0.01,0.1,1,10", "m.units": "8,15,30,60"}),
    Choice("svm", "digits", {"t.cost": "1,3,10", "m.gamma": "0.05,0.1,0.2"}),
    Choice("svm", "digits", {"t.cost": "0.3,1,3"}, "linear"),
    Choice("svm", "iris", {"t.cost": "0.3,1,3,10"}),
    Choice("svm", "diabetes", {"t.cost": "0.3,1,3", "m.gamma": "0.003,0.01,0.03"}),
    Choice("cnn", "digits", {"lr": "1e-3,3e-3,1e-2", "weight_decay": "1e-2,1e-1,1,10,30"}),
    Choice("resnet", "digits", {"lr": "5e-3,1e-2,2e-2,5e-2,1e-1", "weight_decay": "1e-2,1e-1,1"}),
    Choice("rnn", "digits", {"lr": "2e-3,4e-3,8e-3,1.6e-2", "weight_decay": "1e-2,1e-1,1"}),
    Choice("gru", "digits", {"lr": "4e-3,8e-3,1.6e-2,3.2e-2", "weight_decay": "1e-2,1e-1,1"}),
    Choice("lstm", "digits", {"lr": "4e-3,8e-3,1.6e-2,3.2e-2,6.4e-2", "weight_decay": "1e-2,1e-1,1"}),
)


class Nested(NamedTuple):
    """Result of a nested cross-validation.

    Attributes:
        metric: name of the score.
        settings: every setting, in words.
        inner: mean inner score of each setting in each outer fold (folds, settings).
        chosen: index of the setting that each outer fold chose.
        outer: score of that setting on the test fold.
        best: index of the setting with the best mean inner score over all folds.
        now: index of the setting of the recipe as it is; -1 if it is none of them.
    """

    metric: str
    settings: list[str]
    inner: list[list[float]]
    chosen: list[int]
    outer: list[float]
    best: int
    now: int


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores and prints; 1 if a recipe has other settings than those chosen."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[each.name for each in CHOICES], help="choose only these")
    parser.add_argument("--seeds", type=int, default=3, help="inner runs of each setting in each fold (3)")
    parser.add_argument("--out", type=Path, help="folder of the runs, by which the same command continues; else none")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the values; the page is for the default one")
    args = parser.parse_args(argv)
    wanted = [each for each in CHOICES if args.only is None or each.name in args.only]
    kept, good = {}, True
    for each in wanted:
        with tempfile.TemporaryDirectory() as folder:
            place = (args.out or Path(folder)) / each.name.replace(" ", "-")
            found = nested(each, range(args.seeds), place)
        good &= found.now == found.best
        print(f"{each.name}: {_described(found)}", flush=True)
        kept = keep(args.kept, {each.name: {"seeds": args.seeds, **found._asdict()}})
    print(text := table(kept))
    if args.kept == KEPT:
        publish(PAGE, choose=text)
    return 0 if good else 1


def nested(choice: Choice, seeds: Sequence[int], folder: Path) -> Nested:
    """Chooses the settings of a recipe in every outer fold, and scores each choice once on its test fold."""
    inner, chosen, outer, higher, metric, settings = [], [], [], True, "", []
    for fold in range(_FOLDS):
        settings = settings_in(choice, fold)
        outcomes = sweep(settings, seeds, folder / f"inner-{fold}", _OPTIONS)
        higher, metric = outcomes[0].runs[0]["higher"], outcomes[0].runs[0]["metric"]
        inner.append([_inner_score(each, metric, seeds) for each in outcomes])
        chosen.append(_best(inner[-1], higher))
        whole = Setting({}, replace(settings[chosen[-1]].recipe, val_share=0))
        outer.append(sweep([whole], [fold], folder / f"outer-{fold}", _OPTIONS)[0].runs[0]["test"])
    means = [statistics.fmean(column) for column in zip(*inner, strict=True)]
    return Nested(
        metric=metric,
        settings=[describe_setting(each.given) for each in settings],
        inner=inner,
        chosen=chosen,
        outer=outer,
        best=_best(means, higher),
        now=as_it_is(choice),
    )


def settings_in(choice: Choice, fold: int) -> list[Setting]:
    """Returns the settings of a choice, to be compared on the training examples of an outer fold."""
    return settings_of(_base(choice), {**choice.values, "d.fold": str(fold), "val_share": _HELD})[0]


def as_it_is(choice: Choice) -> int:
    """Returns the index of the setting that the recipe has; -1 if it is none of them."""
    now = replace(_base(choice).recipe({}), expect=None)
    same = [replace(each.recipe, val_share=0, expect=None) == now for each in settings_in(choice, now.d["fold"])]
    return same.index(True) if any(same) else -1


def _base(choice: Choice) -> RecipeArgs:
    return resolve_recipe({"model": choice.model, "dataset": choice.dataset, "recipe": choice.recipe})


def _inner_score(outcome: SettingResult, metric: str, seeds: Sequence[int]) -> float:
    """Returns the mean score on the held out examples after the last epoch, which is the one that a recipe keeps."""
    return statistics.fmean(scores_of(outcome.folder / f"seed-{seed}", metric, "val")[-1] for seed in seeds)


def _best(scores: Sequence[float], higher: bool) -> int:
    return scores.index((max if higher else min)(scores))


def _described(found: Nested) -> str:
    times = Counter(found.chosen)
    folds = ", ".join(f"{found.settings[i]} ({n} of {_FOLDS} folds)" for i, n in times.most_common())
    same = "as in the recipe" if found.best == found.now else f"the recipe has {_setting(found, found.now)}"
    score = f"{found.metric} {statistics.fmean(found.outer):.4f} on the test folds"
    return f"best by the mean: {found.settings[found.best]} ({same}); chosen: {folds}; {score}"


def _setting(found: Mapping | Nested, index: int) -> str:
    settings = found.settings if isinstance(found, Nested) else found["settings"]
    return settings[index] if index >= 0 else "others"


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table of all recipes, followed by the machine and the versions."""
    head = ["| recipe | settings compared | best by the mean | chosen in | score on the test folds, choice included |"]
    lines = [*head, "|---|---|---|---|---|"]
    for choice in CHOICES:
        if choice.name in kept:
            lines.append(_row(choice, kept[choice.name]))
    return "\n".join([*lines, "", measured_on(list(kept.values()))])


def _row(choice: Choice, found: Mapping) -> str:
    compared = "; ".join(f"`{name}` {values.replace(',', ', ')}" for name, values in choice.values.items())
    outer, times = found["outer"], found["chosen"].count(found["best"])
    score = f"{found['metric']} {statistics.fmean(outer):.4f} ({min(outer):.4f} to {max(outer):.4f})"
    return f"| {choice.name} | {compared} | {_setting(found, found['best'])} | {times} of {_FOLDS} folds | {score} |"


if __name__ == "__main__":
    raise SystemExit(main())
