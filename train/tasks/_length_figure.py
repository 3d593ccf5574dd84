"""Figure of the task bits: the wrong bits of a sequence by the length of its answer."""

from typing import Any

__all__ = ["draw_lengths"]


def draw_lengths(drawing: Any) -> None:
    """Draws the wrong bits by length, if the test sequences differ in length."""
    from ..plots.lengths import Errors, errors_by_length

    found = drawing.scores["by_length"]
    if len(found["steps"]) > 1:
        errors = Errors(found["steps"], found["wrong_bits"])
        errors_by_length({drawing.model.about["model"]: errors}, drawing.folder / "lengths.png")
