"""Bounds on the sizes that options ask for, checked before a model is made: making and tracing take time per layer."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["check_options", "check_sizes"]

_MOST_LAYERS = 1500  # the deepest networks of the literature have 1,202; each layer takes up to 0.05 s to trace
_WIDEST = 1 << 20  # units of a layer with weights between all of them: their float32 are 4 TiB
_LAYERS = ("depth", "n")  # options that count layers, or tables of n-grams
_UNITS = ("width", "hidden", "filters", "rival", "latent", "projection", "size")  # of arrays; of several: a layer each


def check_options(options: Mapping[str, Any]) -> None:
    """Checks that no option of a model asks for more layers than can be compiled, or for a layer beyond all memory.

    Args:
        options: options of the model by name.

    Raises:
        ValueError: if one does.

    >>> check_options({"hidden": (64,) * 10, "depth": 2})
    >>> check_options({"depth": 10**7})
    Traceback (most recent call last):
    ValueError: depth asks for 10,000,000 layers, at most 1,500 can be compiled
    """
    for name, count in _layers(options):
        if count > _MOST_LAYERS:
            raise ValueError(f"{name} asks for {count:,} layers, at most {_MOST_LAYERS:,} can be compiled")
    width = options.get("width")
    if isinstance(width, int) and width > _WIDEST:
        raise ValueError(f"width asks for {width:,} units, the weights between {_WIDEST:,} would fill 4 TiB")


def check_sizes(tensors: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Checks that the model that a file describes is not larger than the arrays in the file.

    Args:
        tensors: arrays of the file by path.
        about: its description.

    Raises:
        ValueError: if the description asks for more layers than there are arrays, or for a layer with more units than
            all arrays have values; the message names the field.
    """
    held = [array for name, array in tensors.items() if name.startswith(("params/", "state/"))]
    values = sum(array.size for array in held)
    for name, count in _layers(about["options"]):
        if count > len(held):
            raise ValueError(f"`options.{name}` asks for {count:,} layers, the file has {len(held):,} arrays")
    for name, size in _units(about["options"]):
        if size > values:
            raise ValueError(
                f"`options.{name}` asks for {size:,} units, the arrays of the file have {values:,} values in all"
            )


def _layers(options: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, value in options.items():
        if name in _LAYERS and isinstance(value, int):
            yield name, value
        if name in _UNITS and isinstance(value, list | tuple):
            yield name, len(value)


def _units(options: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name in options.keys() & set(_UNITS):
        sizes = options[name] if isinstance(options[name], list | tuple) else [options[name]]
        yield from ((name, size) for size in sizes if isinstance(size, int))
