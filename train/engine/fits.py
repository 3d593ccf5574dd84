"""Checks that a model can be held in memory while it is trained, before anything is compiled or written."""

import jax

from ..errors import BadInput
from ..runtime import out_of_memory
from ..units import format_bytes, format_number
from .steps import StepProgram

__all__ = ["check_fits"]


def check_fits(advance: StepProgram, key: jax.Array, model: str, *, gradient: bool) -> None:
    """Checks that a device has the memory that a step needs at least, for arrays as large as the model.

    These are the parameters, the arrays of the optimizer and the gradient; activations and data come on top.

    Args:
        advance: Training steps.
        key: Key of the run.
        model: Name of the model, for the message.
        gradient: Whether the trainer computes a gradient.

    Raises:
        BadInput: If they do not fit; the message has the size of each and what is available.
    """
    limit, where, fit = out_of_memory.available_memory(), advance.sharding, advance.shapes(key)[0]
    held, params = where.bytes_a_device(fit), where.bytes_a_device({"params": fit["params"]})
    needed = held + params * gradient
    if limit is None or needed <= limit:
        return
    sizes = {"parameters": params, "optimizer and state": held - params, "gradient": params * gradient}
    each = ", ".join(f"{name} {format_bytes(size)}" for name, size in sizes.items() if size)
    count = sum(leaf.size for leaf in jax.tree.leaves(fit["params"]))
    raise BadInput(
        f"{model} with these options has {format_number(count)} parameters and does not fit in memory: a step needs "
        f"{format_bytes(needed)} and more ({each}), there are {format_bytes(limit)}. Take a smaller model "
        f"(--model {model} --help lists its options)"
    )
