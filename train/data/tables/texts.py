"""Texts in the cells of a table: numbers, missing values, and footers below the rows."""

import math
import re

from ...errors import BadInput

__all__ = ["FOOTERS", "MISSING", "is_number", "number_in"]

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?", "<na>", "nat"})
"""Texts that stand for a missing value, in lower case."""

FOOTERS = frozenset({"total", "totals", "subtotal", "sum", "summe", "gesamt", "average", "mean", "mittelwert", "count"})
"""Words in a last line that sums up those above, in lower case."""


def number_in(where: str, text: str) -> float:
    """Parses the number in a cell.

    Args:
        where: place of the cell in errors.
        text: content of the cell.

    Raises:
        BadInput: if it is missing, not a number or beyond 1e30.
    """
    if text.lower() in MISSING:
        raise BadInput(f"{where}: the value is missing ({text!r}); fill it in or remove the line")
    if not is_number(text):
        hint = (
            "; write it with a decimal point and without thousands separators"
            if is_number(re.sub(r"[,.'\s]", "", text))
            else ""
        )
        raise BadInput(f"{where}: {text!r} is not a number{hint}")
    if not abs(float(text)) < 1e30:
        raise BadInput(f"{where}: {text!r} is too large (1e30 at most)")
    return float(text)


def is_number(text: str) -> bool:
    """Returns True if the text of a cell is a Python number other than NaN."""
    try:
        return not math.isnan(float(text)) and "_" not in text
    except ValueError:
        return False
