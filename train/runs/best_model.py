"""Keeps the best model of a run and describes it in its file."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zoo import _catalogue

from ..callback import Callback
from ..data.image_stats import image_stats
from ..data.on_disk import sample
from ..engine.loop import Diverged
from ..errors import BadInput, RunFailed
from ..metrics.decisions import MEASURES, RISING
from ..trained.file import save
from ..trained.model import Trained, assembled
from ..trained.schema import described
from ..trainer import eval_params
from ..tree import flatten
from .setup import Setup

__all__ = ["BestModel", "ModelInMemory", "best_model_callback", "check_best", "kept_metrics", "saved_in"]

_RISING = ("accuracy", "r2", "top5", *RISING)  # of other metrics, less is better


class BestModel(Callback):
    """Keeps the best evaluation, saves the model that reached it, and ends the run when patience is exhausted.

    Args:
        split: Split whose rows are compared.
        metric: Metric that is compared.
        higher: Whether a higher value is better.
        patience: Epochs without improvement before the run ends; None for no limit.
        save: Called with the fit and the row of every new best evaluation.
    """

    name, former_name = "best", "Best"

    def __init__(self, split: str, metric: str, higher: bool, patience: int | None, save: Callable[[dict, dict], None]):
        self.split, self.metric, self.higher, self.patience, self.save = split, metric, higher, patience, save
        self.best: dict | None = None

    def on_metrics(self, row: dict, fit: dict) -> bool:
        """Compares the row with the best so far; True when patience is exhausted.

        Raises:
            BadInput: If the metric is not among those of the row.
        """
        if row["split"] == self.split and self.metric not in row:
            if self.metric in MEASURES:
                raise BadInput(
                    f"--best {self.metric} is undefined on these validation examples, which have one class: give more "
                    "of them, --val-share 0.2"
                )
            known = ", ".join(name for name in row if name not in ("split", "step", "epoch"))
            raise BadInput(f"--best {self.metric} is not measured here; there are {known}")
        if row["split"] != self.split or not (math.isfinite(row[self.metric]) and math.isfinite(row.get("loss", 0))):
            return False
        if self.best is None or self._is_better(row[self.metric], self.best[self.metric]):
            self.best = row
            self.save(fit, row)
        return self.patience is not None and row["epoch"] - self.best["epoch"] >= self.patience

    def state_dict(self) -> dict | None:
        """Returns the best row so far."""
        return self.best

    def load_state_dict(self, state: dict) -> None:
        """Restores the best row."""
        self.best = state

    def _is_better(self, new: float, old: float) -> bool:
        return new > old if self.higher else new < old


def best_model_callback(parts: Setup, keep_model: Callable[[dict, dict], Any] | None, metric: str | None) -> BestModel:
    """Makes the callback that keeps the model: the best on the validation split, without such a split the last.

    Args:
        parts: Parts of the run.
        keep_model: Called with the arrays of a model and its description, as that of `saved_in` or `ModelInMemory`;
            None: the callback only determines which model is the best.
        metric: Metric to compare; None for the headline metric of the task.
    """

    def keep(fit: dict, row: dict) -> None:
        if keep_model is None:
            return
        params, state = eval_params(fit)
        bad = next((name for name, array in flatten(params).items() if not np.isfinite(array).all()), None)
        if bad:  # what was saved before is worth more
            raise Diverged(f"{bad} is not finite at step {row['step']}. Try a lower rate")
        options = dict(parts.recipe.m)
        if hasattr(parts.model, "pruned"):  # what does not count is not kept; other options then build the model
            params, state, built = parts.model.pruned(params, state)  # pyright: ignore[reportAttributeAccessIssue]
            options |= built
        tree = {"params": params, "state": state, "scaler": parts.scaler, "target_scaler": parts.target_scaler}
        keep_model(tree, _describe_model(parts, row, options))

    if "val" not in parts.evaluations:
        return BestModel("test", "step", True, None, keep)
    metric = metric or parts.task.headline
    higher = parts.task.higher_is_better if metric == parts.task.headline else metric.endswith(_RISING)
    return BestModel("val", metric, higher, parts.recipe.patience, keep)


def saved_in(folder: Path) -> Callable[[dict, dict], Any]:
    """Returns the function that writes a model into the folder of its run."""
    return lambda tree, about: save(folder, tree, about)


class ModelInMemory:
    """Keeps a copy of the model of a run without a folder; calling it replaces the copy.

    Args:
        parts: Parts of the run.
    """

    def __init__(self, parts: Setup):
        self.parts, self._kept = parts, None

    def __call__(self, tree: dict, about: dict) -> None:
        """Copies the arrays to the host, and keeps them with their description."""
        arrays = {name: tree[name] for name in ("params", "state")}
        self._kept = tree | jax.tree.map(np.array, jax.device_get(arrays)), about  # the next step reuses their memory

    def load(self, history: Sequence[dict] = ()) -> Trained:
        """Returns the model as `zoo.load` returns it from a file.

        Raises:
            RunFailed: If no model was kept.
        """
        if self._kept is None:
            raise RunFailed("no model was kept: the run ended before its first evaluation")
        tree, about = self._kept
        about = described(json.loads(json.dumps(about)))
        arrays = jax.device_put({name: tree[name] for name in ("params", "state")})
        return replace(assembled(self.parts.model, tree | arrays, about), history=history)


def check_best(metric: str | None, parts: Setup) -> None:
    """Raises BadInput if a metric for the best model is named and there is no validation split."""
    if metric is not None and "val" not in parts.evaluations:
        raise BadInput(
            f"--best {metric} needs examples to judge by that are not reported: give --val-share 0.1 as well"
        )


def _describe_model(parts: Setup, row: dict, options: dict) -> dict[str, Any]:
    recipe, data = parts.recipe, parts.data
    origin = _catalogue.origin(recipe.model)
    return {
        "model": recipe.model,
        **({"origin": origin} if origin else {}),
        "options": options,
        "dataset": recipe.dataset,
        "task": parts.task.name,
        "headline": parts.task.headline,
        "loss": recipe.loss,
        "dtype": recipe.dtype,
        "fingerprint": parts.fingerprint,
        "kind": parts.source.kind,
        "made_for": parts.made_for._asdict(),
        "vocabulary": list(data.vocabulary),
        "input_shape": list(parts.example.shape),
        "input_dtype": str(data.train.x.dtype),
        **image_stats(parts.source.kind, sample(data.train.x)),
        **({"pictures": dict(data.pictures)} if data.pictures else {}),
        "classes": list(data.classes),
        **({"labels": list(data.labels)} if data.labels else {}),
        **({} if data.held_out else {"held_out": False}),
        "features": list(data.features),
        "target": data.target,
        **({"table": data.encoder.to_json()} if data.encoder else {}),
        "relative": data.relative,
        **({"level": float(np.abs(data.train.x).max())} if data.relative else {}),
        **({"class_weights": list(parts.task.class_weights)} if parts.task.class_weights else {}),
        **({"baseline": parts.baseline} if parts.baseline else {}),
        "metrics": row,
        "recipe": asdict(recipe),
    }


def kept_metrics(rows: Sequence[dict], best: BestModel) -> dict[str, float]:
    """Returns the test row of the step whose model is kept."""
    if best.best is None:
        return {}
    row = next(row for row in rows if row["split"] == "test" and row["step"] == best.best["step"])
    return {name: value for name, value in row.items() if name != "split"}
