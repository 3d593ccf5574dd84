"""Applies a model to a batch: builds its inputs and returns its outputs without a carry."""

from typing import Any

from zoo.layers import Layer, Scanned, Sequence

__all__ = ["call", "inputs"]


def inputs(batch: dict) -> Any:
    """Returns the input of a model: `x` of a batch, with its `lengths` where examples differ in length.

    >>> inputs({"x": [1.0, 2.0], "y": [0, 1]})
    [1.0, 2.0]
    """
    return Sequence(batch["x"], batch["lengths"]) if "lengths" in batch else batch["x"]


def call(model: Layer, params: Any, state: Any, batch: dict, key: Any = None) -> tuple[Any, Any]:
    """Applies a model to a batch.

    Args:
        model: the model.
        params: its parameters.
        state: its state.
        batch: `x`, and `lengths` where examples differ in length.
        key: random key for training; None: inference.

    Returns:
        The outputs, without the carry of a recurrent model, and the new state.
    """
    outputs, state = model.apply(params, state, inputs(batch), key)
    return (outputs.y if isinstance(outputs, Scanned) else outputs), state
