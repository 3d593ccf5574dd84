"""Windows that slide over the spatial axes of (batch, *space, channels): what convolution and pooling share."""

from collections.abc import Sequence
from typing import Any

from .checks import check_choice, is_whole

__all__ = ["Axes", "Padding", "check_axes", "check_padding", "pads", "per_axis"]

Axes = int | Sequence[int]
"""One whole number for every spatial axis, or one for each."""

Padding = str | Sequence[tuple[int, int]]
"""`"SAME"`, `"VALID"`, or how many cells to add before and after each spatial axis."""


def check_axes(layer: str, **named: Any) -> None:
    """Raises a ValueError unless each is a whole number above 0 or a tuple of them, the tuples of one length."""
    lengths = {}
    for name, value in named.items():
        values = list(value) if isinstance(value, tuple | list) else [value]
        if not values or not all(is_whole(v, 1) for v in values):
            raise ValueError(f"{layer}: {name} must be a whole number above 0 or a tuple of them, got {value!r}")
        if isinstance(value, tuple | list):
            lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"{layer}: tuples must have one number for each spatial axis, but {told}")


def check_padding(layer: str, padding: Any) -> Any:
    """Gives back "SAME", "VALID" (in any case) or a tuple of pairs; anything else is a ValueError."""
    if isinstance(padding, str):
        return check_choice(layer, "padding", padding.upper(), ("SAME", "VALID"))
    pairs = (
        [tuple(p) if isinstance(p, tuple | list) else () for p in padding] if isinstance(padding, tuple | list) else []
    )
    if pairs and all(len(pair) == 2 and all(is_whole(n, 0) for n in pair) for pair in pairs):
        return tuple(pairs)
    raise ValueError(f'{layer}: padding must be "SAME", "VALID" or pairs (before, after) of each axis, got {padding!r}')


def per_axis(layer: str, name: str, value: Axes, rank: int) -> tuple[int, ...]:
    """Gives one number for each of `rank` spatial axes."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * rank
    if len(values) != rank:
        raise ValueError(f"{layer}: {name} is given for {len(values)} spatial axes, but the input has {rank}")
    return values


def pads(
    layer: str, space: Sequence[int], size: Sequence[int], strides: Sequence[int], padding: Padding
) -> list[tuple[int, int]]:
    """How many cells to add before and after each axis; `size` is the window's reach, holes included.

    "SAME" gives `ceil(space / stride)` windows, the odd cell goes after.

    Raises:
        ValueError: if the window does not fit.
    """
    if padding == "SAME":
        more = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(space, size, strides, strict=True)]
        return [(m // 2, m - m // 2) for m in more]
    if padding == "VALID":
        padding = [(0, 0)] * len(space)
    if len(padding) != len(space):
        raise ValueError(f"{layer}: padding is given for {len(padding)} spatial axes, but the input has {len(space)}")
    pairs = [(int(low), int(high)) for low, high in padding]
    if any(n + low + high < k for n, k, (low, high) in zip(space, size, pairs, strict=True)):
        raise ValueError(
            f"{layer}: a window of {'x'.join(map(str, size))} does not fit an input of {'x'.join(map(str, space))}; "
            'take a smaller window or padding="SAME"'
        )
    return pairs
