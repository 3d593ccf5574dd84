"""Black and white patterns of a user, drawn cell by cell."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ...config.recipe import Recipe, recipe_for
from ...config.schema import Option
from ...errors import BadInput
from .checks import check_fields

if TYPE_CHECKING:
    import numpy as np

    from ...pipeline.arrays import OpenArrays

__all__ = ["Patterns"]

_SIDE, _MOST = 16, 200
_LIKE = "bars_and_stripes"  # the data set whose recipes suit small patterns of two values
_CHOICE = ("patterns", "choose")  # options that select some examples: those that were drawn are all meant


@dataclass(frozen=True)
class Patterns:
    """Patterns that a user drew.

    Attributes:
        rows: Rows of a pattern.
        columns: Columns of a pattern.
        cells: Cells of each pattern row by row, 1 black and 0 white.
    """

    NAME: ClassVar[str] = "patterns"

    rows: int
    columns: int
    cells: tuple[str, ...]

    @classmethod
    def read(cls, found: Any) -> "Patterns":
        """Checks patterns that a page sent.

        Raises:
            BadInput: If they have another form, or are too many or too large.

        >>> Patterns.read({"rows": 2, "columns": 2, "cells": ["0110"]}).image().tolist()
        [[[[0], [1]], [[1], [0]]]]
        """
        check_fields("patterns", found, "rows", "columns", "cells")
        sides, cells = [found.get(name) for name in ("rows", "columns")], found.get("cells")
        if not all(type(side) is int and 2 <= side <= _SIDE for side in sides):
            raise BadInput(f"patterns need rows and columns, whole numbers from 2 to {_SIDE}")
        if not isinstance(cells, list) or not 1 <= len(cells) <= _MOST:
            raise BadInput(f"give 1 to {_MOST} patterns as a list of texts in cells")
        rows, columns = sides
        for i, each in enumerate(cells):
            if not isinstance(each, str) or len(each) != rows * columns or not set(each) <= {"0", "1"}:
                raise BadInput(f"pattern {i} (counted from 0) must be a text of {rows * columns} characters 0 and 1")
        return cls(rows, columns, tuple(cells))

    def image(self) -> "np.ndarray":
        """Returns the patterns as images, uint8 (patterns, rows, columns, 1)."""
        import numpy as np

        bits = np.frombuffer("".join(self.cells).encode(), np.uint8) - ord("0")
        return bits.reshape(len(self.cells), self.rows, self.columns, 1)

    def flags(self, stock: Recipe) -> tuple[Option, ...]:
        """Returns the knobs of the data: there are none."""
        return ()

    def opened(self, model: str, given: Mapping[str, Any]) -> "OpenArrays":
        """Returns the patterns as data of a run, with the recipe that the knobs start from.

        Args:
            model: Name of the model.
            given: Values of knobs by name; none counts.
        """
        from ...pipeline.arrays import GivenArrays, OpenArrays

        kind, data = GivenArrays(self.image(), None, 0).described(model, "")
        like = recipe_for(model, _LIKE)
        t = {name: value for name, value in like.t.items() if name not in _CHOICE}
        return OpenArrays(kind, data, replace(like, dataset=kind.name, d={}, t=t, expect=None))
