"""The matrix products of one training step and nothing else, as a `Training` that the worker times.

No bias, activation, loss, optimizer or data: what is left is what XLA's own products take, below which no library that
uses them gets. Dense layers alone have such a list; a recurrent network's products depend on how it is written.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from zoo.train.runtime.compile import jit

from .clock import Training
from .workloads import DENSE, Data, Workload

__all__ = ["build", "loop", "products", "start"]

Arrays = Sequence[jax.Array]


def build(work: Workload, data: Data) -> Training:
    """As many steps in one call as the clock wants."""
    run = jit(loop, donate_argnums=(2, 3))
    x, weights, gradients = start(DENSE[work.name], work.batch)
    count = sum(w.size for w in weights)

    def go(clock):
        ws, gs, steps = weights, gradients, 1
        while steps:
            ws, gs = run(steps, x, ws, gs)
            steps = clock(steps, float(gs[-1][0, 0]))

    return Training(count, go)


def start(widths: Sequence[int], batch: int) -> tuple[jax.Array, Arrays, Arrays]:
    """A batch, weights of the size that keeps what passes them in range, and gradients of no step."""
    keys = jax.random.split(jax.random.key(0), len(widths))
    weights = [
        jax.random.normal(k, pair) * pair[0] ** -0.5 for k, *pair in zip(keys[1:], widths, widths[1:], strict=False)
    ]
    return jax.random.normal(keys[0], (batch, widths[0])), weights, [jnp.zeros_like(w) for w in weights]


def loop(steps: int, x: jax.Array, weights: Arrays, gradients: Arrays) -> tuple[Arrays, Arrays]:
    """So many steps, one after another.

    A number of each gradient goes into the weights before the next step, where it is too small to matter: so no step
    can begin before the last has ended, and XLA can neither leave a product out nor compute it once for all steps.
    """

    def body(_, carry):
        ws = [w.at[0, 0].set(1e-9 * g[0, 0]) for w, g in zip(*carry, strict=True)]
        return ws, products(x, ws)

    return jax.lax.fori_loop(0, steps, body, (list(weights), list(gradients)))


def products(x: jax.Array, weights: Arrays) -> list[jax.Array]:
    """Forward and back, a dense layer's two products each; nobody asks for the gradient of the batch."""
    inputs, gradients = [x], []
    for w in weights:
        inputs.append(inputs[-1] @ w)
    back = inputs.pop()  # in the place of the loss's gradient, which has its shape
    for i in reversed(range(len(weights))):
        gradients.append(inputs[i].T @ back)
        back = back @ weights[i].T if i else back
    return gradients[::-1]
