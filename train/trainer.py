"""The third pair: a trainer makes what is trained (`init`), moves it (`step`) and scores it (`evaluate`).

One gradient (MLP), two gradients (GAN) and no gradient (perceptron, Hopfield, Kohonen) have the same shape, and so
share one loop, one command line, one format on disk.
"""

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Trainer", "eval_params", "named_key"]


class Trainer(NamedTuple):
    """How something is trained.

    Attributes:
        init: `(key, batch) -> fit`. `fit` is one dict of arrays, all that training needs to go on: `params`,
            `state`, and what else the rule keeps.
        step: `(fit, batch, key) -> (fit, metrics)`, metrics being scalars by name.
        evaluate: `(fit, batch, key) -> {name: (sum, weight)}` over a batch whose `weight` is 1 for an example and
            0 for padding. Sums of batches divided by their weights are the whole set's exact means.
        finish: derives from those means what is no mean itself (a root, an R2).
    """

    init: Callable[..., dict]
    step: Callable[..., tuple[dict, dict]]
    evaluate: Callable[..., dict]
    finish: Callable[[dict], dict] = lambda means: means


def eval_params(fit: dict) -> tuple[Any, Any]:
    """The parameters and state to use once trained: of each part the moving average where there is one."""
    return fit["params"] | fit.get("ema", {}), fit["state"]


def named_key(key: jax.Array, name: str, step: int | jax.Array = 0) -> jax.Array:
    """The key of a named stream at a step: all randomness of a run is this, so a resumed run repeats it exactly.

    >>> import jax
    >>> key = jax.random.key(0)
    >>> same = named_key(key, "noise", 3) == named_key(key, "noise", 3)
    >>> bool(same), bool(named_key(key, "noise") == named_key(key, "order"))
    (True, False)
    """
    return jax.random.fold_in(jax.random.fold_in(key, zlib.crc32(name.encode())), jnp.asarray(step, jnp.uint32))
