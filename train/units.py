"""Parses sizes such as 4GB, and formats sizes, numbers and durations for the terminal."""

import math
import re

from .errors import BadInput

__all__ = ["format_bytes", "format_duration", "format_number", "parse_bytes", "short_exponent"]

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_bytes(text: str, flag: str) -> int:
    """Parses a size in bytes; units are powers of 1024, with or without the B.

    Args:
        text: a number with an optional unit.
        flag: the flag to name in the error message.

    Raises:
        BadInput: if the text is not a size.

    >>> parse_bytes("4GB", "--in-memory"), parse_bytes("0", "--in-memory")
    (4294967296, 0)
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", text.strip().lower())
    if not found:
        raise BadInput(f"{flag} must be a size, as in 4GB, 500MB or 0, got {text!r}")
    return int(float(found[1]) * _UNITS[found[2]])


def format_bytes(amount: float, unit: str = "B", base: int = 1024) -> str:
    """Formats an amount with the prefix that leaves few digits.

    >>> format_bytes(1536)
    '1.5 KiB'
    """
    power, prefixes = 0, ("", "K", "M", "G", "T", "P")
    while amount >= base and power < len(prefixes) - 1:
        amount, power = amount / base, power + 1
    return f"{amount:.3g} {prefixes[power]}{'i' if power and base == 1024 else ''}{unit}"


def format_number(value: float, digits: int = 3) -> str:
    """Formats a number in few characters.

    >>> format_number(0.12345), format_number(1234.5), format_number(1e-5), format_number(20)
    ('0.123', '1,234', '1.00e-5', '20.0')
    """
    value = float(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    if 10**digits <= abs(value) < 1e7:
        return f"{value:,.0f}"
    if 1e-3 <= abs(value) < 10**digits:
        return f"{value:#.{digits}g}".rstrip(".")
    return short_exponent(f"{value:.{digits - 1}e}")


def short_exponent(text: str) -> str:
    """Removes the plus sign and leading zeros of an exponent.

    >>> short_exponent("1.0e-03"), short_exponent("2e+10")
    ('1.0e-3', '2e10')
    """
    return re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].replace("+", ""), text)


def format_duration(seconds: float) -> str:
    """Formats a time span as minutes and seconds, or hours, minutes and seconds.

    >>> format_duration(12), format_duration(3723)
    ('0:12', '1:02:03')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
