"""Memory of inference: measures what a batch of inputs needs, and explains the error when the memory is exhausted."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from ..runtime.out_of_memory import OutOfMemory, explained, memory_error
from ..trained.model import Trained, load
from ..units import format_bytes
from .export.answer import answer, example

__all__ = ["batch_memory", "explain_out_of_memory", "inference_memory_error"]

_BATCH = 1000  # inputs that the commands process at once
_SMALLER = (100, 10, 1)


def explain_out_of_memory(run: str, work: Callable[[], Any]) -> Any:
    """Calls a function that applies a trained model, and explains the error if the memory is exhausted.

    Args:
        run: run folder or name of the model.
        work: function to call.

    Raises:
        OutOfMemory: with the memory that a batch needs, and that of smaller batches.
    """
    return explained(work, partial(inference_memory_error, run=run))


def inference_memory_error(error: BaseException, run: str) -> OutOfMemory:
    """Makes the error that replaces one for which `is_exhausted` is true.

    Args:
        error: original error.
        run: run folder or name of the model.
    """
    try:
        trained = load(run)
        size, *sizes = (batch_memory(trained, count) for count in (_BATCH, *_SMALLER))
    except Exception:  # any failure here must not hide the original error
        size, sizes = None, [None] * len(_SMALLER)
    lines = [
        f"  {count:,} inputs: {'unknown' if needed is None else format_bytes(needed)}"
        for count, needed in zip(_SMALLER, sizes, strict=True)
    ]
    advice = ["give fewer files, rows or samples at a time; in Python zoo.load(RUN).predict(x[:100])"]
    if jax.default_backend() != "cpu":
        advice.append("JAX_PLATFORMS=cpu uses the memory of the machine; it is slower")
    return memory_error(error, f"a batch of {_BATCH:,} inputs", size, [*lines, *advice])


def batch_memory(trained: Trained, count: int) -> int | None:
    """Measures the bytes that a batch needs: parameters, inputs, outputs and temporary arrays.

    Args:
        trained: the model.
        count: number of inputs.

    Returns:
        The bytes, or None if the backend does not report them.
    """
    x = jax.ShapeDtypeStruct((count, *trained.input_shape), example(trained)[1])
    sizes = jax.jit(answer(trained)).lower(x).compile().memory_analysis()
    if sizes is None:
        return None
    parameters = sum(leaf.nbytes for leaf in jax.tree.leaves((trained.params, trained.state)))
    inputs = math.prod(x.shape) * x.dtype.itemsize
    return parameters + inputs + sizes.temp_size_in_bytes + sizes.output_size_in_bytes
