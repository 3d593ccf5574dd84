"""Parameters that are drawn by numpy, so that no program is compiled for them."""

import jax
import numpy as np


def drawn(model, x):
    """Returns random parameters of the shapes that `init` gives, and shapes of the state."""
    params, state = jax.eval_shape(model.init, jax.random.key(0), x)
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: np.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), params), state
