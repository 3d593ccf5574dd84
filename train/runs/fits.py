"""Checks that a model can be held in memory while it is trained, before anything is compiled or written."""

import jax

from .. import trainers
from ..errors import BadInput
from ..runtime import out_of_memory
from ..units import format_bytes, format_number
from .setup import Setup

__all__ = ["check_fits"]


def check_fits(parts: Setup) -> None:
    """Checks that a device has the memory that a step needs at least, for arrays as large as the model.

    These are the parameters, the arrays of the optimizer and the gradient; activations and data come on top.

    Args:
        parts: Parts of the run.

    Raises:
        BadInput: If they do not fit; the message has the size of each and what is available.
    """
    limit, where = out_of_memory.available_memory(), parts.advance.sharding
    fit = parts.advance.shapes(parts.key)[0]
    held, params = where.bytes_a_device(fit), where.bytes_a_device({"params": fit["params"]})
    gradient = params if trainers.traits(parts.recipe.trainer).gradient else 0
    if limit is None or held + gradient <= limit:
        return
    sizes = {"parameters": params, "optimizer and state": held - params, "gradient": gradient}
    each = ", ".join(f"{name} {format_bytes(size)}" for name, size in sizes.items() if size)
    count, name = sum(leaf.size for leaf in jax.tree.leaves(fit["params"])), parts.recipe.model
    raise BadInput(
        f"{name} with these options has {format_number(count)} parameters and does not fit in memory: a step needs "
        f"{format_bytes(held + gradient)} and more ({each}), there are {format_bytes(limit)}. Take a smaller model "
        f"(--model {name} --help lists its options)"
    )
