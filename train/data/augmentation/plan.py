"""Parses the text of `--augment`: names of changes with their strengths. Needs neither jax nor numpy."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from ...errors import BadInput
from ...option_types import Bounds, did_you_mean

__all__ = ["CHANGES", "Change", "Strength", "parse_augment"]


class Strength(NamedTuple):
    """Describes the strength of a change: what it measures, its default and its bounds; None: it has no strength."""

    about: str
    default: float
    bounds: Bounds


class Change(NamedTuple):
    """Holds a change and its strength, 0 for one without."""

    name: str
    strength: float


_SHARE = Bounds(0, 1, open_low=True)

CHANGES: Mapping[str, Strength | None] = MappingProxyType(
    {
        "flip": None,
        "shift": Strength("largest share of the side", 1 / 12, _SHARE),
        "crop": Strength("smallest share of the area", 0.5, _SHARE),
        "rotate": Strength("largest angle in degrees", 15, Bounds(0, 180, open_low=True)),
        "scale": Strength("largest gain in size", 0.2, Bounds(0, 4, open_low=True)),
        "jitter": Strength(
            "largest change of brightness, contrast and saturation, six times that of the hue", 0.3, _SHARE
        ),
        "cutout": Strength("share of the side", 0.25, _SHARE),
        "mixup": Strength("alpha of the beta distribution", 0.2, Bounds(0, 100, open_low=True)),
    }
)
"""The changes by name, with their strengths."""

_FORMER = {"shift_flip": "shift+flip"}  # names of earlier versions


@cache
def parse_augment(text: str) -> tuple[Change, ...]:
    """Parses changes that are joined by +, each with a strength or its default; none is no change.

    Args:
        text: `flip`, `flip+rotate=20+jitter`, ...

    Raises:
        BadInput: if a change is unknown or there twice, or its strength is no number or out of bounds.

    >>> parse_augment("flip+rotate=20")
    (Change(name='flip', strength=0.0), Change(name='rotate', strength=20.0))
    """
    if text == "none":
        return ()
    found = tuple(_change(part.strip(), text) for part in _FORMER.get(text, text).split("+"))
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"--augment {text}: {twice} is there twice")
    return found


def _change(part: str, text: str) -> Change:
    name, equals, value = part.partition("=")
    if name not in CHANGES:
        raise BadInput(
            f"--augment {name!r} is not known{did_you_mean(name, CHANGES)} (choose from none, {', '.join(CHANGES)}, or "
            "several: flip+rotate=20+jitter)"
        )
    strength = CHANGES[name]
    if strength is None:
        if equals:
            raise BadInput(f"--augment {text}: {name} has no strength, got {value!r}")
        return Change(name, 0.0)
    try:
        number = float(value) if equals else strength.default
    except ValueError:
        number = float("nan")
    if number not in strength.bounds:
        wanted = f"the {strength.about}, must be a number {strength.bounds}"
        raise BadInput(f"--augment {text}: {name}, {wanted}, got {value!r}")
    return Change(name, float(number))
