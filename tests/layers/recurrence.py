"""What the tests of the chunked backward passes share."""

from functools import partial

import jax
import jax.experimental
import jax.numpy as jnp
import numpy as np

from zoo.layers.scan import scan
from zoo.layers.sequence import Rows, Sequence

# Where float64 lives: jax.enable_x64 from jax 0.8 on, before that in jax.experimental.
float64 = partial(jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64, True)


def held_to_the_plain_form(cell, time, case):
    """Compares value and gradients for parameters, input and carry, forward or reverse, with or without lengths."""
    with float64():
        rng = np.random.default_rng(time)
        x, table = rng.normal(size=(3, time, 4)), rng.normal(size=(5, 4))
        ids = rng.integers(0, 5, (3, time)) if "rows" in case else None
        lengths = jnp.array([time, 0, min(time, 8)]) if "lengths" in case else None
        options = {"reverse": "reverse" in case, "output": "last" if "last" in case else "all", "return_carry": True}
        layers = [scan(cell, fast=fast, **options) for fast in (True, False)]
        params, carry = _random(rng, cell, x)
        weights = rng.normal(size=(3, time, 1))

        def loss(layer, params, x, table, carry):
            given = x if ids is None else Rows(table, ids)
            after, y = layer.apply(params, {}, Sequence(given, lengths, carry))[0]
            shared = weights[:, 0] if y.ndim == 2 else weights
            return (jnp.sin(y) * shared).sum() + sum(jnp.cos(leaf).sum() for leaf in jax.tree.leaves(after))

        got, want = (
            jax.jit(jax.value_and_grad(partial(loss, layer), (0, 1, 2, 3)))(params, x, table, carry) for layer in layers
        )
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-10), got, want)
        assert all(np.any(leaf) for leaf in jax.tree.leaves(want[1][0]))


def gradients(cell):
    """Gives one loss by the chunked form and by the plain one, and parameters for both."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 9, 2))
    params, _ = _random(rng, cell, x)

    def loss(fast, params):
        return jnp.sin(scan(cell, fast=fast).apply(params, {}, x)[0]).sum()

    return partial(loss, True), partial(loss, False), params


def mapped(cell):
    """Compares the gradients under vmap, over parameters, with those of each member alone."""
    rng = np.random.default_rng(0)
    x = np.asarray(rng.normal(size=(2, 18, 3)), np.float32)
    members = [jax.tree.map(np.float32, _random(rng, cell, x)[0]) for _ in range(2)]
    gradient = jax.grad(lambda params: scan(cell).apply(params, {}, x)[0].sum())
    both = jax.jit(jax.vmap(gradient))(jax.tree.map(lambda *leaves: np.stack(leaves), *members))
    for i, member in enumerate(members):
        want = jax.jit(gradient)(member)
        jax.tree.map(lambda a, b, i=i: np.testing.assert_allclose(a[i], b, rtol=1e-4, atol=1e-4), both, want)


def _random(rng, cell, x):
    shapes, _ = jax.eval_shape(cell.init, jax.random.key(0), (None, x[:, 0]))
    params = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape) / 2, shapes)
    return params, jax.tree.map(lambda leaf: rng.normal(size=leaf.shape), cell.carry(params, x[:, 0]))
