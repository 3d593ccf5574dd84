"""Which model of a run is kept, and what its file says of it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..callback import Best
from ..data.image_stats import image_stats
from ..data.on_disk import sample
from ..engine.loop import Diverged
from ..errors import BadInput
from ..trained.model import save
from ..trainer import eval_params
from ..tree import flatten
from .setup import Setup

__all__ = ["best_model_callback", "check_best", "kept_metrics"]

_RISING = ("accuracy", "r2", "top5")  # of other metrics, less is better


def best_model_callback(parts: Setup, folder: Path | None, metric: str | None) -> Best:
    """Saves the model: the best by examples held back; without such there is nothing to choose by, and the last.

    Without a folder it only knows which one that is.
    """

    def keep(fit: dict, row: dict) -> None:
        if folder is None:
            return
        params, state = eval_params(fit)
        bad = next((name for name, array in flatten(params).items() if not np.isfinite(array).all()), None)
        if bad:  # what was saved before is worth more
            raise Diverged(f"{bad} holds no finite number any more at step {row['step']}. Try a lower rate")
        tree = {"params": params, "state": state, "scaler": parts.scaler, "target_scaler": parts.target_scaler}
        save(folder, tree, _about(parts, row))

    if "val" not in parts.evaluations:
        return Best("test", "step", True, None, keep)
    metric = metric or parts.task.headline
    higher = parts.task.higher_is_better if metric == parts.task.headline else metric.endswith(_RISING)
    return Best("val", metric, higher, parts.recipe.patience, keep)


def check_best(metric: str | None, parts: Setup) -> None:
    """Raises BadInput if a metric is to choose the model and there are no examples to choose by."""
    if metric is not None and "val" not in parts.evaluations:
        raise BadInput(
            f"--best {metric} needs examples to judge by that are not reported: give --val-share 0.1 as well"
        )


def _about(parts: Setup, row: dict) -> dict[str, Any]:
    recipe, data = parts.recipe, parts.data
    return {
        "model": recipe.model,
        "options": dict(recipe.m),
        "dataset": recipe.dataset,
        "task": parts.task.name,
        "headline": parts.task.headline,
        "loss": recipe.loss,
        "dtype": recipe.dtype,
        "kind": parts.source.kind,
        "made_for": parts.made_for._asdict(),
        "vocabulary": list(data.vocabulary),
        "input_shape": list(parts.example.shape),
        "input_dtype": str(data.train.x.dtype),
        **image_stats(parts.source.kind, sample(data.train.x)),
        "classes": list(data.classes),
        "features": list(data.features),
        "target": data.target,
        "relative": data.relative,
        "metrics": row,
        "recipe": asdict(recipe),
    }


def kept_metrics(rows: Sequence[dict], keeper: Best) -> dict[str, float]:
    """The test row of the step whose model was kept."""
    if keeper.best is None:
        return {}
    row = next(row for row in rows if row["split"] == "test" and row["step"] == keeper.best["step"])
    return {name: value for name, value in row.items() if name != "split"}
