"""Numbers with a unit in the cells of a column: per cent and money.

The form of such a column is its unit, as "%", with a comma behind it if the comma is the decimal sign, as "EUR,".
"""

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["amount", "form_of", "in_words", "odd_text"]

_UNITS = r"%|\$|\u20ac|\u00a3|\u00a5|\u20b9|USD|EUR|GBP|JPY|INR|CHF|CNY"
_CELL = re.compile(rf"([+-]?)\s*({_UNITS})?\s*([+-]?[\d.,' \u00a0\u202f]*\d)\s*({_UNITS})?")
_SPACES = re.compile(r"(?<=\d)[' \u00a0\u202f](?=\d{3}(?!\d))")  # between thousands
_POINT = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d+)?")  # 1234.5 or 1,234.5
_COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?(,\d+)?")  # 1234,5 or 1.234,5


def form_of(texts: Sequence[str]) -> str:
    """Returns the form by which all texts of a column are numbers with one unit; "" if there is none.

    Args:
        texts: the different texts of the column, without missing ones.

    Raises:
        ValueError: if a comma, or a point of money, may separate thousands or decimals; its argument is the first such
            text.

    >>> form_of(["12%", "7.5 %"]), form_of(["1.200,50 EUR", "3 EUR"]), form_of(["3 kg"]), form_of(["12%", "$3"])
    ('%', 'EUR,', '', '')
    """
    parts = [_parts(text) for text in texts]
    units = {unit for _, unit in parts}
    if len(units) != 1 or units == {""}:
        return ""
    unit = units.pop()
    points, commas = (all(pattern.fullmatch(number) for number, _ in parts) for pattern in (_POINT, _COMMA))
    unclear = "," if unit == "%" else ",."
    for text, (number, _) in zip(texts, parts, strict=True):
        if points and commas and any(each in number for each in unclear):
            raise ValueError(text)
    return unit + "," * (not points) if points or commas else ""


def amount(text: str, form: str) -> float:
    """Returns the number of a cell, whether or not the unit stands beside it; per cent as they are written.

    Args:
        text: text of the cell.
        form: form of the column.

    Raises:
        ValueError: if the text is no number of this form.

    >>> amount("12.5 %", "%"), amount("-$1,200.50", "$"), amount("1.200,50 EUR", "EUR,")
    (12.5, -1200.5, 1200.5)
    """
    number, unit = _parts(text)
    comma = form.endswith(",")
    if unit not in (form.removesuffix(","), "") or not number or not (_COMMA if comma else _POINT).fullmatch(number):
        raise ValueError(text)
    return float(number.replace(".", "").replace(",", ".") if comma else number.replace(",", ""))


def in_words(form: str) -> str:
    """Describes a form.

    >>> in_words("%"), in_words("EUR,")
    ('numbers in %', 'numbers in EUR with a decimal comma')
    """
    return f"numbers in {form.removesuffix(',')}" + " with a decimal comma" * form.endswith(",")


def odd_text(texts: Sequence[str], share: float) -> str:
    """Returns the first text that has not the unit which a share of them or more have; "" if there is none.

    >>> odd_text(["12%", "7%", "4O%"], 0.6)
    '4O%'
    """
    units = [_parts(text)[1] for text in texts]
    unit, count = Counter(units).most_common(1)[0]
    if not unit or not share * len(texts) <= count < len(texts):
        return ""
    return next(text for text, each in zip(texts, units, strict=True) if each != unit)


def _parts(text: str) -> tuple[str, str]:
    """Returns the number of a text, without spaces between thousands, and its unit; empty texts if it is none."""
    found = _CELL.fullmatch(text)
    if found is None or (found[2] and found[4]) or (found[1] and found[3][0] in "+-"):
        return "", ""
    return found[1] + _SPACES.sub("", found[3]), found[2] or found[4] or ""
