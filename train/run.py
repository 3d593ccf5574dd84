"""A run: a recipe becomes a folder with its configuration, metrics, trained model, pictures and result."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .callbacks import Best, Callback, Journal
from .data.source import Place
from .devices import check_devices
from .environment import environment
from .errors import RunFailed
from .loop import train
from .options import RunOptions, prepare_folder
from .pictures import draw
from .progress import terminal
from .recipe import Recipe
from .saved import Trained, load, save
from .setup import Setup, setup
from .show import Show
from .signals import Stop
from .trainer import trained

__all__ = ["Result", "run"]


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        folder: where it lies.
        metrics: of the model that was kept, on the test examples.
        rows: all that `metrics.jsonl` holds.
        seconds: from the first step to the last, compiling included.
        setup: what ran.
        scores: behind the pictures: by class, or of a regression.
        signal: that ended it early, 0 for none.
    """

    folder: Path
    metrics: Mapping[str, float]
    rows: Sequence[Mapping[str, Any]]
    seconds: float
    setup: Setup
    scores: Mapping[str, Any] = field(default_factory=dict)
    signal: int = 0

    @property
    def best_epoch(self) -> float:
        """The epoch that scored best, on the examples held back where there are such."""
        task, split = self.setup.task, "val" if "val" in self.setup.evaluations else "test"
        sign = 1 if task.higher_is_better else -1
        rows = [row for row in self.rows if row["split"] == split]
        return max(rows, key=lambda row: sign * row[task.headline])["epoch"]

    def load(self) -> Trained:
        """The trained model, as `zoo.load(folder)` gives it."""
        return load(self.folder)


def run(recipe: Recipe, options: RunOptions = RunOptions(), callbacks: Sequence[Callback] = ()) -> Result:  # noqa: B008
    """Trains what a recipe says, in a folder of its own.

    Args:
        recipe: what to train; `recipe_for("cnn")` gives the animal's own.
        options: where and how; changes no number.
        callbacks: told of every row, after the run's own.

    Raises:
        BadInput: if the recipe does not hold together.
        DataUnavailable: if the data cannot be had.
        Diverged: if the loss is no finite number any more; what was saved before stays.
    """
    check_devices(options)
    parts = setup(
        recipe,
        Place(options.data_dir, options.offline, say=terminal(quiet=options.quiet).print),
        skip_bad=options.on_nan == "skip",
        log_every=options.log_every,
    )
    folder = prepare_folder(parts.recipe, options)
    _write(folder / "config.json", {"recipe": asdict(recipe), **environment(options)})
    with Stop() as stop:  # before there is anything to save, python's own handlers are quicker
        return _train(parts, folder, options, callbacks, stop)


def _train(parts: Setup, folder: Path, options: RunOptions, callbacks: Sequence[Callback], stop: Stop) -> Result:
    journal, keeper, show = Journal(folder / "metrics.jsonl"), _keeper(parts, folder), Show(parts, options)
    listeners = [journal, keeper, show, *callbacks]
    for listener in listeners:
        listener.start(parts, folder)
    began = time.perf_counter()
    try:
        train(
            parts.advance,
            parts.plan,
            parts.key,
            evaluate=lambda fit, step: _evaluate(parts, fit, step),
            rate=parts.rate,
            callbacks=listeners,
            stop=stop,
        )
    except RunFailed as error:
        best = keeper.best
        kept = f"The model of epoch {best['epoch']:g} is kept in {folder}" if best else "No model was saved yet"
        raise type(error)(f"{error}. {kept}.") from None
    finally:
        show.close()
    seconds = time.perf_counter() - began
    result = Result(folder, _kept_metrics(journal.rows, keeper), journal.rows, seconds, parts, signal=stop.requested)
    if keeper.best is not None:
        result = _finish(result)
    for listener in listeners:
        listener.end(result)
    return result


def _finish(result: Result) -> Result:
    """What is only worth making of a trained model: its pictures and its scores."""
    result = replace(result, scores=draw(result))
    facts = {"metrics": result.metrics, "seconds": result.seconds, "stopped_by_signal": result.signal}
    _write(result.folder / "result.json", {**facts, **result.scores})
    return result


def _evaluate(parts: Setup, fit: dict, step: int) -> list[dict]:
    place = {"step": step, "epoch": step / parts.plan.steps_per_epoch}
    return [
        {"split": split, **place, **evaluate(fit, parts.key, step)} for split, evaluate in parts.evaluations.items()
    ]


def _keeper(parts: Setup, folder: Path) -> Best:
    """Saves the model: the best by examples held back; without such there is nothing to choose by, and the last."""

    def keep(fit: dict, row: dict) -> None:
        params, state = trained(fit)
        tree = {"params": params, "state": state, "scaler": parts.scaler, "target_scaler": parts.target_scaler}
        save(folder, tree, _about(parts, row))

    if "val" in parts.evaluations:
        return Best("val", parts.task.headline, parts.task.higher_is_better, parts.recipe.patience, keep)
    return Best("test", "step", True, None, keep)


def _about(parts: Setup, row: dict) -> dict[str, Any]:
    recipe, data = parts.recipe, parts.data
    return {
        "model": recipe.model,
        "options": dict(recipe.m),
        "dataset": recipe.dataset,
        "task": data.task,
        "loss": recipe.loss,
        "kind": parts.source.kind,
        "made_for": parts.made_for._asdict(),
        "vocabulary": list(data.vocabulary),
        "input_shape": list(parts.example.shape),
        "input_dtype": str(data.train.x.dtype),
        "classes": list(data.classes),
        "features": list(data.features),
        "target": data.target,
        "metrics": row,
        "recipe": asdict(recipe),
    }


def _kept_metrics(rows: Sequence[dict], keeper: Best) -> dict[str, float]:
    """The test row of the step whose model was kept."""
    if keeper.best is None:
        return {}
    row = next(row for row in rows if row["split"] == "test" and row["step"] == keeper.best["step"])
    return {name: value for name, value in row.items() if name != "split"}


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, default=_plain) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return np.asarray(value).tolist()
    return str(value)
