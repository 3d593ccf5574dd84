"""Radial basis function network: Gaussian units around centres, and a linear layer that is solved by least squares.

Paper: Broomhead & Lowe 1988, Multivariable functional interpolation and adaptive networks; Moody & Darken 1989.
Command: python -m zoo.train --model rbf
Chart: RBF; input -> kernel (units) -> output
Expect: at least 98.8 % on the held-out fifth of digits, in a few seconds; at least 96.4 % of MNIST's 10,000.
About: Every hidden unit measures the distance to a centre, and the output is a weighted sum of how near the input is
to each. Centres are found by k-means, the weights by least squares.
Equations: h_j = exp(-|x - c_j|^2 / (2 s_j^2)); y = h W + b
Limits: Far from all centres every unit is silent and the output is the bias. In many dimensions distances become
alike, and many centres are needed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ._read_out import read_out
from .layers import Layer, flatten, stateless
from .layers.checks import check_features, check_positive
from .layers.distances import squared_distances


class Rbf(NamedTuple):
    """Model with a linear layer on Gaussian units.

    Attributes:
        init: as of a `Layer`; params are `{"hidden": {"centres", "width"}, "head": {"w", "b"}}`.
        apply: as of a `Layer`.
        features: `(params, state, x) -> (batch, units)`, the inputs of `head`.
        centres: `params -> (units, features), (units,)`, centres and widths of the units, in the scale of the model.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]
    centres: Callable[[Any], tuple[jax.Array, jax.Array]]


def rbf(outputs: int, *, units: int = 500) -> Rbf:
    """Builds a radial basis function network from inputs of any shape, flattened, to (batch, outputs).

    A unit gives exp(-|x - centre|^2 / (2 width^2)). Untrained, the centres are normal noise.

    Args:
        outputs: number of classes or values to predict.
        units: number of Gaussian units.

    >>> import jax, jax.numpy as jnp
    >>> params, _ = rbf(10, units=30).init(jax.random.key(0), jnp.ones((4, 28, 28, 1)))
    >>> params["hidden"]["centres"].shape, params["hidden"]["width"].shape
    ((30, 784), (30,))
    """
    check_positive("rbf", "units", units)
    model = read_out(_gaussians(units), outputs)
    return Rbf(*model, lambda params: (params["hidden"]["centres"], params["hidden"]["width"]))


def _gaussians(units: int) -> Layer:
    """Builds the layer of Gaussian units: (batch, ...) to (batch, units)."""

    def make(key, x):
        size = flatten(x[:1]).shape[1]
        return {"centres": jax.random.normal(key, (units, size)), "width": jnp.full(units, size**0.5)}

    def apply(params, x):
        check_features(f"gaussians({units})", params["centres"].shape[1], flatten(x))
        return jnp.exp(-0.5 * squared_distances(flatten(x), params["centres"]) / jnp.square(params["width"]))

    return stateless(make, apply)
