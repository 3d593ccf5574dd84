"""Parses `--mesh` and `--shard` without jax: the axes of the devices, and the sharding of parameters over them."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import BadInput
from ..option_types import did_you_mean

__all__ = ["DATA", "Rule", "mesh_axes", "mesh_sizes", "shard_rules", "spread"]

DATA = "data"  # the axis over which batches are sharded
_EXAMPLE = "as in --mesh data=4,model=2"


class Rule(NamedTuple):
    """Sharding rule for parameters.

    Attributes:
        text: the rule as it was given.
        pattern: pattern of the whole path of a parameter, as in checkpoints: `body/.*/w`.
        spec: axis of each dimension; None for a dimension that is not sharded.
    """

    text: str
    pattern: re.Pattern[str]
    spec: tuple[str | None, ...]


def mesh_axes(text: str | None) -> dict[str, int]:
    """Parses the axes of a mesh and their sizes.

    Raises:
        BadInput: if the text is no list of names and sizes, or contains a name twice.

    >>> mesh_axes("data=4,model=2"), mesh_axes(None)
    ({'data': 4, 'model': 2}, {})
    """
    axes: dict[str, int] = {}
    for part in text.split(",") if text is not None else ():
        name, _, size = (each.strip() for each in part.partition("="))
        if not name.isidentifier() or not size.isdecimal() or int(size) < 1:
            raise BadInput(f"--mesh {text}: {part!r} is not an axis with its number of devices, {_EXAMPLE}")
        if name in axes:
            raise BadInput(f"--mesh {text} contains the axis {name} twice; each has one size, {_EXAMPLE}")
        axes[name] = int(size)
    return axes


def mesh_sizes(axes: Mapping[str, int], devices: int) -> dict[str, int]:
    """Returns the sizes of all axes; `data`, if it is not given, gets the devices that the other axes leave.

    Raises:
        BadInput: if the sizes do not fit the number of devices.

    >>> mesh_sizes({"model": 2}, 8)
    {'data': 4, 'model': 2}
    """
    wanted = math.prod(axes.values())
    sizes = dict(axes) if DATA in axes else {DATA: devices // wanted, **axes}
    if math.prod(sizes.values()) == devices:
        return sizes
    text = ",".join(f"{name}={size}" for name, size in axes.items())
    many = f"{wanted} devices" if DATA in axes else f"a multiple of {wanted} devices"
    advice = f"without {DATA}=... that axis gets what the others leave" if DATA in axes else "choose another size"
    raise BadInput(f"--mesh {text} needs {many}, and jax has {devices} here: {advice}; --mesh none uses all as {DATA}")


def shard_rules(texts: Sequence[str], axes: Mapping[str, int]) -> tuple[Rule, ...]:
    """Parses sharding rules like `head/w=None,model`.

    Args:
        texts: rules, each a pattern, `=`, and an axis or None for each dimension.
        axes: axes of the mesh; `data` always exists.

    Raises:
        BadInput: if a pattern is no regular expression, or an axis is unknown or used twice.

    >>> shard_rules(["head/w=None,model"], {"model": 2})[0].spec
    (None, 'model')
    """
    return tuple(_rule(text, [DATA, *(name for name in axes if name != DATA)]) for text in texts)


def spread(mesh: str | None, shard: Sequence[str], fsdp: bool) -> str:
    """Describes how a run is distributed over its devices; "" for plain data parallelism.

    >>> spread("data=4,model=2", ["head/w=None,model"], True)
    'mesh data=4 model=2, shard head/w=None,model, fsdp'
    """
    parts = [f"mesh {mesh.replace(',', ' ')}"] if mesh else []
    return ", ".join([*parts, *(f"shard {rule}" for rule in shard), *["fsdp"] * fsdp])


def _rule(text: str, axes: Sequence[str]) -> Rule:
    pattern, equals, rest = text.rpartition("=")
    if not (pattern and equals and rest):
        raise BadInput(f"--shard {text}: a rule has a pattern and an axis for each dimension, as in head/w=None,model")
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise BadInput(f"--shard {text}: {pattern!r} is not a regular expression: {error}") from None
    spec = tuple(None if each.strip().lower() == "none" else each.strip() for each in rest.split(","))
    named = [each for each in spec if each is not None]
    for each in named:
        if each not in axes:
            there = f"the mesh has {' and '.join(axes)}; add axes with --mesh, {_EXAMPLE}"
            raise BadInput(f"--shard {text}: there is no axis {each!r}{did_you_mean(each, axes)} ({there})")
        if named.count(each) > 1:
            raise BadInput(f"--shard {text}: the axis {each} can shard one dimension, not {named.count(each)}")
    return Rule(text, compiled, spec)
