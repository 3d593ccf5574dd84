"""Figure of a sequence of bits: what was answered and, of a network with a memory, its slots and heads over time."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import Layer, Sequence

__all__ = ["carries_over", "draw_memory"]


def draw_memory(drawing: Any) -> None:
    """Draws the longest test example."""
    from ..plots.tape import Memory, Tape, tape

    trained, (x, y, lengths) = drawing.model, drawing.data.test
    at = 0 if lengths is None else int(np.argmax(lengths))
    steps = x.shape[1] if lengths is None else int(lengths[at])
    given = np.asarray(x[at : at + 1, :steps])
    read = jnp.asarray(given if trained.scaler is None else trained.scaler.apply(given))
    logits, carry = carries_over(trained.model, trained.params, trained.state, read)
    found = Tape(given[0], y[at, :steps], np.asarray(jax.nn.sigmoid(logits[:, 0])))
    own = carry[0] if isinstance(carry, tuple) and len(carry) == 1 else carry
    if isinstance(own, dict) and {"memory", "weights", "read"} <= own.keys():
        memory, weights = (np.asarray(own[name][:, 0]) for name in ("memory", "weights"))
        reads = own["read"].shape[2]
        lengths = np.linalg.norm(memory, axis=-1)
        found = found._replace(memory=Memory(lengths, weights[:, :reads], weights[:, reads:]))
    name = f"{trained.about['model']}: one sequence of {drawing.data.name}"
    tape(found, drawing.folder / "memory.png", name)


def carries_over(model: Layer, params: Any, state: Any, x: jax.Array) -> tuple[jax.Array, Any]:
    """Computes the outputs of a recurrent model step by step, and its carry after each of the steps.

    Args:
        model: model from a `Sequence` with a carry to `Scanned`.
        params: its parameters.
        state: its state.
        x: inputs (batch, time, ...).

    Returns:
        Outputs (time, batch, ...), and the carry with a time axis before all others.
    """

    def step(carry, x_t):
        ran = model.apply(params, state, Sequence(x_t[:, None], carry=carry))[0]
        return ran.carry, (ran.y[:, 0], ran.carry)

    @jax.jit
    def run(x):
        x = jnp.swapaxes(x, 0, 1)
        carry, first = step(None, x[0])
        rest = jax.lax.scan(step, carry, x[1:])[1]
        return jax.tree.map(lambda one, many: jnp.concatenate([one[None], many]), first, rest)

    return run(x)
