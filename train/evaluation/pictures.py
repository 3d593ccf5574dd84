"""Draws the figures of a finished run and collects the scores behind them."""

from typing import Any

from ..data.on_disk import resident
from . import figures
from .figures import Drawing
from .report import details, in_words

__all__ = ["draw"]


def draw(result: Any) -> dict[str, Any]:
    """Draws the learning curves and the figures of the task into `plots/` of the run folder.

    Args:
        result: a `Result` whose model was saved.

    Returns:
        The scores behind the figures.
    """
    from ..plots.curves import PLAYERS, curves

    folder, setup, model = result.folder / "plots", result.setup, result.load()
    folder.mkdir(exist_ok=True)
    adversarial = any("d_loss" in row for row in result.rows)
    headline, panels = setup.task.headline, PLAYERS if adversarial else ()
    curves(result.rows, folder / "curves.png", result.best_epoch, headline, panels)
    data = resident(setup.data) if model.task.units == "example" else setup.data
    drawing = Drawing(setup, model, data, folder)
    drawing.scores.update(details(model, data))
    if "measures" in drawing.scores:
        drawing.scores["measures"] = drawing.scores["measures"] | {"summary": in_words(drawing.scores["measures"])}
    for figure in model.task.figures:
        (getattr(figures, figure) if isinstance(figure, str) else figure)(drawing)
    return drawing.scores
