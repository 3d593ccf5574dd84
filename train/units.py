"""Sizes as people write them, 4GB or 500MB, and read them."""

import re

from .errors import BadInput

__all__ = ["format_bytes", "parse_bytes"]

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_bytes(text: str, flag: str) -> int:
    """How many bytes a size is; units are powers of 1024, with or without the B.

    Raises:
        BadInput: naming the flag, if it is no size.

    >>> parse_bytes("4GB", "--in-memory"), parse_bytes("0", "--in-memory")
    (4294967296, 0)
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found:
        raise BadInput(f"{flag} must be a size, as in 4GB, 500MB or 0, got {text!r}")
    return int(float(found[1]) * _UNITS[found[2]])


def format_bytes(amount: float, unit: str = "B", base: int = 1024) -> str:
    """A number with the unit that leaves few digits.

    >>> format_bytes(1536)
    '1.5 KiB'
    """
    power, prefixes = 0, ("", "K", "M", "G", "T", "P")
    while amount >= base and power < len(prefixes) - 1:
        amount, power = amount / base, power + 1
    return f"{amount:.3g} {prefixes[power]}{'i' if power and base == 1024 else ''}{unit}"
