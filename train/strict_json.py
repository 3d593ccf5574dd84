"""Numbers as JSON has them: NaN and infinity, which JSON lacks, become null and a word beside it."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["restored", "strict"]

_WORDS = "not_finite"


def strict(content: Any) -> Any:
    """Returns plain JSON values of values and arrays; NaN and infinity become null.

    A mapping gets the entry `not_finite` with the word for each of them, by its path, if there are any.

    >>> strict({"step": 3, "loss": float("nan"), "scores": {"r2": [0.5, float("-inf")]}})
    {'step': 3, 'loss': None, 'scores': {'r2': [0.5, None]}, 'not_finite': {'loss': 'nan', 'scores.r2.1': '-inf'}}
    """
    words: dict[str, str] = {}
    plain = _plain(content, "", words)
    return plain | {_WORDS: words} if words and isinstance(plain, dict) else plain


def restored(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a mapping of numbers that `strict` wrote with its NaN and infinities.

    >>> restored({"step": 3, "loss": None, "not_finite": {"loss": "inf"}})
    {'step': 3, 'loss': inf}
    """
    words = row.get(_WORDS, {})
    return {name: float(words[name]) if name in words else value for name, value in row.items() if name != _WORDS}


def _plain(value: Any, path: str, words: dict[str, str]) -> Any:
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, Mapping):
        return {name: _plain(each, f"{path}.{name}" if path else str(name), words) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{path}.{i}" if path else str(i), words) for i, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        words[path] = str(value)
        return None
    return value
