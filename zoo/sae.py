"""Sparse autoencoder: a hidden layer of which few units are active for an example, each for a feature of its own.

Paper: Ng 2011, Sparse autoencoder (CS294A lecture notes); Olshausen & Field 1996, Emergence of simple-cell receptive
field properties by learning a sparse code for natural images; k-sparse: Makhzani & Frey 2013.
Command: python -m zoo.train --model sae
Chart: SAE; input -> hidden (hidden) -> match input output
Expect: units that are active within 10 % of the target rate on unseen patches, and edges as filters, in a minute.
About: A penalty holds the mean activation of every unit at a low target. On patches of photographs the units become
detectors of edges.
Equations: h = sigmoid(x W + b); loss = |decode(h) - x|^2 + beta sum_j KL(rho | mean of h_j)
Limits: With too large a penalty units die or reconstructions fade; the target is met on average, not for each
example.
"""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp

from ._autoencoder import Autoencoder, autoencoding
from .layers import dense, flatten, reshape, serial, sigmoid
from .layers.checks import check_positive

__all__ = ["sae"]


def sae(shape: tuple[int, ...], *, hidden: int = 100, keep: int | None = None) -> Autoencoder:
    """Builds an autoencoder with one hidden layer of sigmoid units, whose rate the trainer `sparse` keeps low.

    Params are `body`, the hidden layer, named as that of an `mlp`, and `decoder`.

    Args:
        shape: shape of one example.
        hidden: number of hidden units.
        keep: units that stay active for each example, those with the largest values; the others are 0, and units are
            linear (k-sparse). By default all are sigmoid units.

    >>> import jax, jax.numpy as jnp
    >>> model, x = sae((8, 8, 1), hidden=20, keep=3), jax.random.normal(jax.random.key(0), (4, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(1), x)
    >>> (model.features(params, state, x) != 0).sum(axis=1).tolist()
    [3, 3, 3, 3]
    """
    check_positive("sae", "hidden", hidden)
    if keep is not None and not 0 < keep <= hidden:
        raise ValueError(f"sae: keep must be from 1 to the number of hidden units, {hidden}, got {keep}")

    body = serial(dense(hidden), sigmoid if keep is None else partial(_largest, keep=keep))
    return autoencoding({"flat": flatten, "body": body}, serial(dense(prod(shape)), reshape(*shape)))


def _largest(x: jax.Array, keep: int) -> jax.Array:
    """Sets all but the largest values of each example to 0."""
    return jnp.where(x >= jax.lax.top_k(x, keep)[0][..., -1:], x, 0)
