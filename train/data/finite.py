"""Checks that examples and targets hold finite numbers, with the place of the first that is none."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import BadInput

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_finite"]

_BLOCK = 1 << 22  # values compared at a time


def check_finite(values: "np.ndarray", where: str, rows: Sequence[int] | None = None) -> None:
    """Checks that all numbers of an array (rows, ...) are finite; integers always are.

    Args:
        values: array in memory or a memory map, which is read in blocks.
        where: name of the array in the message.
        rows: number of each row in the message; None for its place, counted from 0.

    Raises:
        BadInput: if a number is NaN or infinite; the message names its row and, within the row, its place.

    >>> import numpy as np
    >>> try:
    ...     check_finite(np.array([[1.0, 2.0], [3.0, np.nan]]), "x.npy")
    ... except BadInput as error:
    ...     print(str(error).partition(":")[0])
    x.npy, row 1, column 1 (both counted from 0)
    """
    import numpy as np

    if values.dtype.kind not in "fc":
        return
    each = max(1, _BLOCK // max(1, math.prod(values.shape[1:])))
    for begin in range(0, len(values), each):
        fine = np.isfinite(part := values[begin : begin + each])
        if fine.all():
            continue
        place = tuple(np.argwhere(~fine)[0].tolist())
        row = begin + place[0] if rows is None else rows[begin + place[0]]
        raise BadInput(
            f"{where}, row {row}{_within(place[1:])}: expected finite numbers, found {part[place]}: "
            "remove or replace NaN and infinite values"
        )


def _within(place: tuple[int, ...]) -> str:
    if not place:
        return " (counted from 0)"
    return f", {'column' if len(place) == 1 else 'place'} {', '.join(map(str, place))} (both counted from 0)"
