"""Window arguments (sizes, strides, padding) shared by convolution and pooling."""

from collections.abc import Sequence
from typing import Any

from .checks import check_choice, is_integer

__all__ = ["Axes", "Padding", "check_axes", "check_padding", "pads", "per_axis"]

Axes = int | Sequence[int]
"""Integer for all spatial axes, or a sequence of one integer per axis."""

Padding = str | Sequence[tuple[int, int]]
"""`"SAME"`, `"VALID"`, or pairs of cells added before and after each spatial axis."""


def check_axes(layer: str, **named: Any) -> None:
    """Raises a ValueError unless each is a positive integer or a tuple of them, all tuples of one length."""
    lengths = {}
    for name, value in named.items():
        values = list(value) if isinstance(value, tuple | list) else [value]
        if not values or not all(is_integer(v, 1) for v in values):
            raise ValueError(f"{layer}: {name} must be a positive integer or a tuple of them, got {value!r}")
        if isinstance(value, tuple | list):
            lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"{layer}: tuples must have one number per spatial axis, but {found}")


def check_padding(layer: str, padding: Any) -> Any:
    """Returns "SAME", "VALID" (any case is accepted) or a tuple of pairs; raises a ValueError otherwise."""
    if isinstance(padding, str):
        return check_choice(layer, "padding", padding.upper(), ("SAME", "VALID"))
    pairs = (
        [tuple(p) if isinstance(p, tuple | list) else () for p in padding] if isinstance(padding, tuple | list) else []
    )
    if pairs and all(len(pair) == 2 and all(is_integer(n, 0) for n in pair) for pair in pairs):
        return tuple(pairs)
    raise ValueError(f'{layer}: padding must be "SAME", "VALID" or a pair (before, after) per axis, got {padding!r}')


def per_axis(layer: str, name: str, value: Axes, rank: int) -> tuple[int, ...]:
    """Expands a value to one integer for each of `rank` spatial axes."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * rank
    if len(values) != rank:
        raise ValueError(f"{layer}: {name} has {len(values)} numbers, but the input has {rank} spatial axes")
    return values


def pads(
    layer: str, space: Sequence[int], size: Sequence[int], strides: Sequence[int], padding: Padding
) -> list[tuple[int, int]]:
    """Computes the padding before and after each spatial axis.

    "SAME" gives `ceil(space / stride)` windows; an odd number of cells has the extra one after.

    Args:
        layer: name of the layer, for error messages.
        space: input size along each axis.
        size: window size along each axis, dilation included.
        strides: step between windows along each axis.
        padding: "SAME", "VALID" or pairs (before, after).

    Returns:
        A pair (before, after) per axis.

    Raises:
        ValueError: if the window is larger than the padded input.
    """
    if padding == "SAME":
        more = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(space, size, strides, strict=True)]
        return [(m // 2, m - m // 2) for m in more]
    if padding == "VALID":
        padding = [(0, 0)] * len(space)
    if len(padding) != len(space):
        raise ValueError(f"{layer}: padding has {len(padding)} pairs, but the input has {len(space)} spatial axes")
    pairs = [(int(low), int(high)) for low, high in padding]
    if any(n + low + high < k for n, k, (low, high) in zip(space, size, pairs, strict=True)):
        raise ValueError(
            f"{layer}: a window of {'x'.join(map(str, size))} does not fit an input of {'x'.join(map(str, space))}; "
            'use a smaller window or padding="SAME"'
        )
    return pairs
