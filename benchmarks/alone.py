"""The matrix products of one training step and nothing else, as a `Training` for the worker.

There is no bias, activation, loss, optimizer or data: the rest is what XLA's products take, a lower bound for every
library that uses them. Only dense layers have a fixed list of products; those of a recurrent network depend on how it
is written.
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
    """Makes the program that runs as many steps per call as the clock requests."""
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
    """Makes a batch, weights that keep activations in range, and zero gradients."""
    keys = jax.random.split(jax.random.key(0), len(widths))
    weights = [
        jax.random.normal(k, pair) * pair[0] ** -0.5 for k, *pair in zip(keys[1:], widths, widths[1:], strict=False)
    ]
    return jax.random.normal(keys[0], (batch, widths[0])), weights, [jnp.zeros_like(w) for w in weights]


def loop(steps: int, x: jax.Array, weights: Arrays, gradients: Arrays) -> tuple[Arrays, Arrays]:
    """Runs a number of steps, one after another.

    A number of each gradient is added to the weights before the next step, where it is too small to matter: so no step
    can start before the previous one has ended, and XLA can neither omit a product nor compute it once for all steps.
    """

    def body(_, carry):
        ws = [w.at[0, 0].set(1e-9 * g[0, 0]) for w, g in zip(*carry, strict=True)]
        return ws, products(x, ws)

    return jax.lax.fori_loop(0, steps, body, (list(weights), list(gradients)))


def products(x: jax.Array, weights: Arrays) -> list[jax.Array]:
    """Computes the products of the forward and backward pass of dense layers, without the gradient of the batch."""
    inputs, gradients = [x], []
    for w in weights:
        inputs.append(inputs[-1] @ w)
    back = inputs.pop()  # in the place of the loss's gradient, which has its shape
    for i in reversed(range(len(weights))):
        gradients.append(inputs[i].T @ back)
        back = back @ weights[i].T if i else back
    return gradients[::-1]
