"""Arrays of numpy from what people hold data in: arrays of any library, lists, frames and columns of pandas and polars.

The other libraries are not imported: a frame is what has `columns` and `to_numpy`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import BadInput
from ...option_types import did_you_mean

if TYPE_CHECKING:
    import numpy as np

__all__ = ["as_array", "as_numbers", "cells_of", "column_names", "in_order", "is_frame", "is_numeric"]


def is_frame(x: Any) -> bool:
    """Returns whether an object is a table with named columns, of pandas, polars or alike."""
    return hasattr(x, "columns") and hasattr(x, "to_numpy")


def column_names(x: Any) -> tuple[str, ...]:
    """Returns the names of the columns of a frame; none for anything else.

    Raises:
        BadInput: if two columns have one name.
    """
    names = tuple(map(str, x.columns)) if is_frame(x) else ()
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise BadInput(f"two columns of the frame are named {twice!r}: give each a name of its own")
    return names


def in_order(x: Any, names: Sequence[str], where: str) -> Any:
    """Returns a frame with the columns of these names, in this order.

    Raises:
        BadInput: if it lacks one.
    """
    known = column_names(x)
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        raise BadInput(f"{where} has no column {missing!r}{did_you_mean(missing, known)} (it has {', '.join(known)})")
    return (
        x
        if known == tuple(names)
        else x[[known_name for name in names for known_name in x.columns if str(known_name) == name]]
    )


def is_numeric(x: Any) -> bool:
    """Returns whether all columns of a frame hold numbers, none of them missing."""
    import numpy as np

    columns = (np.asarray(x[name].to_numpy()) for name in x.columns)  # not all have a type in common
    return all(
        each.dtype.kind in "biu" or (each.dtype.kind == "f" and bool(np.isfinite(each).all())) for each in columns
    )


def cells_of(x: Any) -> dict[str, Any]:
    """Returns the columns of a frame by name, as lists of Python's values."""
    if isinstance(x, Mapping):
        return {str(name): list(cells) for name, cells in x.items()}
    return {name: x[column].to_list() for name, column in zip(column_names(x), x.columns, strict=True)}


def as_array(x: Any, where: str) -> "np.ndarray":
    """Returns an array of numpy in the byte order of the machine; its numbers keep their type.

    Args:
        x: array of any library, list, frame or column of a frame.
        where: name of the data in messages.

    Raises:
        BadInput: if there is none, it is a sparse matrix, or its rows have different lengths.

    >>> as_array([[1, 2], [3, 4]], "X").shape
    (2, 2)
    """
    import numpy as np

    if x is None:
        raise BadInput(f"{where} is None: expected an array, a list or a frame")
    if hasattr(x, "toarray"):
        raise BadInput(f"{where} is a sparse matrix: expected a dense array, {where}.toarray()")
    try:
        found = np.asarray(x.to_numpy() if hasattr(x, "to_numpy") else x)
    except ValueError as error:
        raise BadInput(f"{where} is no array: its rows have different lengths or shapes ({error})") from None
    if found.dtype.name == "bfloat16":
        found = found.astype(np.float32)
    if not found.ndim:
        raise BadInput(f"{where} is {type(x).__name__}: expected an array, a list or a frame of examples")
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))


def as_numbers(x: Any, where: str) -> "np.ndarray":
    """Returns an array of numbers.

    Raises:
        BadInput: as `as_array`; if it has no example, or a value is no number, with its row and its column.
    """
    import numpy as np

    found = as_array(x, where)
    if not found.size:
        raise BadInput(f"{where} has shape {found.shape}: expected at least one example with at least one number")
    if found.dtype.kind in "biuf" and found.dtype.itemsize <= 8:
        return found
    if found.dtype.kind == "O":
        try:
            return found.astype(np.float64)
        except (TypeError, ValueError):
            pass
    raise BadInput(f"{where} {_not_numbers(found, column_names(x))}")


def _not_numbers(found: "np.ndarray", names: tuple[str, ...]) -> str:
    """Describes the first value that is no number."""
    import numpy as np

    if found.dtype.kind != "O":
        return f"holds {found.dtype}, expected numbers: booleans, integers or floats of at most 64 bits"
    for place in np.argwhere(np.ones(found.shape, bool)).tolist():
        value = found[tuple(place)]
        try:
            float(value)
        except (TypeError, ValueError):
            column = f", column {names[place[1]]!r}" if names else f", place {', '.join(map(str, place[1:]))}"
            column = column if len(place) > 1 else ""
            return (
                f"row {place[0]}{column} (counted from 0) is {value!r}, a {type(value).__name__}: expected numbers; "
                "encode or leave out columns of text"
            )
    return "holds objects, expected numbers"
