"""Draws the figures of a finished run and collects the scores behind them."""

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .. import tasks
from ..data.dataset import Dataset, Source
from ..data.on_disk import resident
from ..trained.model import Trained
from . import figures
from .figures import Drawing
from .report import details, in_words

__all__ = ["draw", "draw_evaluation"]

_OF_SCORES = ("confusion", "mistakes", "decisions", "regression")  # figures of predictions, which need no run


def draw(result: Any) -> dict[str, Any]:
    """Draws the learning curves and the figures of task and trainer into `plots/` of the run folder.

    Args:
        result: a `Result` whose model was saved.

    Returns:
        The scores behind the figures.
    """
    from ..plots.curves import PLAYERS, Panel, curves

    folder, setup, model = result.folder / "plots", result.setup, result.load()
    folder.mkdir(exist_ok=True)
    adversarial = any("d_loss" in row for row in result.rows)
    own = tuple(Panel(name) for name in setup.task.curves if any(name in row for row in result.rows))
    headline, panels = setup.task.headline, PLAYERS if adversarial else own
    curves(result.rows, folder / "curves.png", result.best_epoch, headline, panels)
    data = resident(setup.data) if model.task.units == "example" else setup.data
    drawing = Drawing(setup, model, data, folder)
    drawing.scores.update(details(model, data))
    if "measures" in drawing.scores:
        drawing.scores["measures"] = drawing.scores["measures"] | {"summary": in_words(drawing.scores["measures"])}
    for figure in (*model.task.figures, *_of_capabilities(model.model), *setup.trainer.figures):
        (getattr(figures, figure) if isinstance(figure, str) else figure)(drawing)
    return drawing.scores


def _of_capabilities(model: Any) -> list[Callable[[Drawing], None]]:
    """Returns the figures of the further fields of a model, from the files `tasks/_figure_of_FIELD.py`."""
    names = [f"{tasks.__name__}._figure_of_{name}" for name in getattr(model, "_fields", ())]
    return [import_module(name).draw for name in names if find_spec(name)]


def draw_evaluation(trained: Trained, kind: Source, data: Dataset, scores: Mapping[str, Any], folder: Path) -> None:
    """Draws the figures of a model's predictions for the test examples into a folder.

    Args:
        trained: the model.
        kind: source of the data.
        data: data whose test split was scored.
        scores: detailed scores, as `details` computes them.
        folder: folder of the PNGs.
    """
    drawing = Drawing(SimpleNamespace(source=kind), trained, data, folder, dict(scores))
    for name in _OF_SCORES:
        if name in trained.task.figures:
            getattr(figures, name)(drawing)
