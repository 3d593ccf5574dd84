"""Cross-validation: a run for each fold of a data set, which is its test split, and the mean and spread of the scores.

The runs are those of a sweep, so that the same command continues a cross-validation that was stopped.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..config.recipe import Recipe
from ..config.schema import data_flags
from ..data.dataset import source
from ..data.split import check_foldable
from ..errors import BadInput
from ..files import replace_file
from ..reporting.console_stream import terminal
from ..reporting.tables import folds_table
from ..runs.folder import read_result
from ..strict_json import restored, strict
from .results import Setting, SettingResult

__all__ = ["fold_settings", "report_folds", "summary"]

_OWN = 5  # folds that a data set with the option `fold` has of its own


def fold_settings(recipe: Recipe, count: int) -> list[Setting]:
    """Returns the recipe once for each fold.

    Of data sets with folds of their own (`--d.fold`) five folds are those.

    Raises:
        BadInput: if the examples are in the order of time, or a fold is chosen already.

    >>> [setting.given for setting in fold_settings(Recipe("mlp", "iris"), 2)]
    [{'fold': '0/2'}, {'fold': '1/2'}]
    """
    kind = source(recipe.dataset)
    check_foldable(kind.kind, recipe.dataset, f"--folds {count}")
    if recipe.fold:
        raise BadInput(f"--folds {count} trains on every fold and cannot be combined with --fold {recipe.fold}")
    own = count == _OWN and any(flag.name == "d.fold" for flag in data_flags(kind, {}))
    recipes = [
        replace(recipe, d={**recipe.d, "fold": i}) if own else replace(recipe, fold=f"{i}/{count}")
        for i in range(count)
    ]
    return [Setting({"fold": f"{i}/{count}"}, replace(each, expect=None)) for i, each in enumerate(recipes)]


def summary(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Computes mean and standard deviation over the folds of every score that all of them have.

    Args:
        results: `result.json` of each run.

    >>> summary([{"metrics": {"accuracy": 0.5}}, {"metrics": {"accuracy": 0.7}}])["accuracy"]["mean"]
    0.6
    """
    scores = [_scores(each) for each in results]
    shared = [name for name in scores[0] if all(each.get(name) is not None for each in scores)]
    columns = {name: [each[name] for each in scores] for name in shared}
    return {
        name: {"mean": statistics.fmean(values), "spread": statistics.stdev(values)} for name, values in columns.items()
    }


def report_folds(outcomes: Sequence[SettingResult], seed: int, folder: Path, quiet: bool) -> bool:
    """Prints the table of the folds, writes `folds.json`, and returns whether every fold was trained.

    Args:
        outcomes: results of the settings, in order.
        seed: seed of the runs.
        folder: folder of the cross-validation.
        quiet: print nothing.
    """
    print_ = terminal(quiet=quiet).print
    failed = [(each.setting.given["fold"], each.runs[0]["failed"]) for each in outcomes if each.runs[0]["failed"]]
    for fold, why in failed:
        print_(f"fold {fold} failed: {why}", soft_wrap=True)
    if failed:
        return False
    metric = outcomes[0].runs[0]["metric"]
    results = [read_result(each.folder / f"seed-{seed}") for each in outcomes]
    found = summary(results)
    beside = [each.get("baseline", {}).get("metrics", {}).get(metric) for each in results]
    rows = [
        (each.setting.given["fold"], each.runs[0]["test"], baseline, each.folder / f"seed-{seed}")
        for each, baseline in zip(outcomes, beside, strict=True)
    ]
    content = {
        "metric": metric,
        "scores": found,
        "folds": [
            {"fold": fold, metric: value, "baseline": trivial, "run": str(run)} for fold, value, trivial, run in rows
        ],
    }
    replace_file(folder / "folds.json", (json.dumps(strict(content), indent=1, allow_nan=False) + "\n").encode())
    print_(folds_table([row[:3] for row in rows], metric, found.get(metric)))
    print_(f"folder   {folder}", soft_wrap=True)
    return True


def _scores(result: Mapping[str, Any]) -> dict[str, float]:
    metrics = {
        name: value for name, value in restored(dict(result["metrics"])).items() if name not in ("step", "epoch")
    }
    return metrics | {name: value for name, value in result.get("measures", {}).items() if name not in metrics}
