"""Messages between page and server: JSON from the page, a JSON header and binary arrays to it.

A message to the page is the length of the header as uint32, the header in UTF-8, filled up with spaces so that both end
at a multiple of 8 bytes, and the arrays one after the other, each filled up to a multiple of 8 bytes; `arrays` of the
header lists name, type, shape and the offset of each from the end of the header. All numbers are little-endian.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import BadInput
from ..strict_json import strict

__all__ = ["LARGEST", "error_text", "pack", "read"]

LARGEST = 1 << 19
"""Largest message of a page, in bytes."""

_NEEDS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "state": {"state": dict},
    "play": {},
    "pause": {},
    "step": {},
    "restart": {},
    "speed": {"value": str},
    "blame": {"split": str, "index": int},
    "recall": {"cells": str, "flip": (int, float), "hide": str, "seed": int},
    "home": {},
    "model": {},
}
_LONGEST = 1000  # characters of an error, which may repeat what the page sent
_TYPES = ("float32", "int8", "int32", "uint8")


def read(text: str | bytes | None) -> dict[str, Any]:
    """Reads a message of a page, an object with `do` and what that needs.

    Raises:
        BadInput: If it is no such message.

    >>> read('{"do": "play"}')
    {'do': 'play'}
    """
    if not isinstance(text, str):
        raise BadInput("messages to the playground are texts")
    if len(text) > LARGEST:
        raise BadInput(f"the message has {len(text):,} characters, at most {LARGEST:,} are read")
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadInput("the message is no JSON") from None
    name = found.get("do") if isinstance(found, dict) else None
    if not isinstance(name, str) or name not in _NEEDS:
        raise BadInput(f"a message is an object with do, one of {', '.join(_NEEDS)}")
    needs = _NEEDS[name]
    for key, kind in needs.items():
        if not isinstance(found.get(key), kind) or isinstance(found.get(key), bool):
            raise BadInput(f"{name} needs {key}")
    if set(found) - {"do", *needs}:
        raise BadInput(f"{name} takes only {', '.join(needs) or 'no more words'}")
    return found


def pack(header: Mapping[str, Any], arrays: Mapping[str, Any] | None = None) -> bytes:
    """Returns a message to the page.

    >>> len(pack({"type": "frame"}, {"surface": np.zeros((2, 3), np.float32)})) % 8
    0
    """
    parts, listed, offset = [], [], 0
    for name, array in (arrays or {}).items():
        array = np.ascontiguousarray(array)
        assert array.dtype.name in _TYPES, (name, array.dtype)
        content = array.astype(array.dtype.newbyteorder("<")).tobytes()
        content += b"\0" * (-len(content) % 8)
        listed.append([name, array.dtype.name, list(array.shape), offset])
        parts.append(content)
        offset += len(content)
    text = json.dumps(strict({**header, "arrays": listed}), allow_nan=False).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)


def error_text(error: Exception) -> str:
    """Returns the text of an error for the page, shortened where it repeats long values.

    >>> error_text(ValueError("no"))
    'no'
    """
    text = str(error)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")
