"""Normalisation: mean 0 and variance 1, over the batch (batch norm) or within each example (layer and group norm).

All compute in float32 whatever comes: half precision has too few digits for a mean and a variance.
"""

import jax.numpy as jnp
from jax import Array, lax

from .base import Layer, stateless
from .checks import check_features, check_least_rank, check_number, check_positive, check_share
from .precision import full_precision

__all__ = ["batch_norm", "group_norm", "layer_norm"]


def batch_norm(momentum: float = 0.9, epsilon: float = 1e-5) -> Layer:
    """Normalises each feature over the batch and all other axes, then scales and shifts it (Ioffe and Szegedy 2015).

    Shape (batch, ..., features). Training uses the batch's mean and (biased) variance and lets the state follow them,
    `momentum * state + (1 - momentum) * batch`, with the unbiased variance, as in the paper. Inference uses the state.

    Args:
        momentum: share of the state that each step keeps, in [0, 1).
        epsilon: added to the variance.

    Raises:
        ValueError: when it trains on one number a feature, whose variance is 0.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import batch_norm
    >>> params, state = batch_norm().init(jax.random.key(0), jnp.ones((8, 3)))
    >>> sorted(params), sorted(state)
    (['b', 'scale'], ['mean', 'var'])
    """
    check_share("batch_norm", "momentum", momentum)
    check_number("batch_norm", "epsilon", epsilon, above=True)

    def init(key, x):
        check_least_rank("batch_norm", 2, x, "(batch, ..., features)")
        features = x.shape[-1]
        return _affine(x), {"mean": jnp.zeros(features), "var": jnp.ones(features)}

    def apply(params, state, x, key=None):
        check_least_rank("batch_norm", 2, x, "(batch, ..., features)")
        check_features("batch_norm", params["scale"].size, x)
        if key is None:
            return _finish(params, x, state["mean"], state["var"], epsilon), state
        count = x.size // x.shape[-1]
        if count < 2:
            raise ValueError(
                f"batch_norm cannot train on one number a feature (shape {x.shape}): its variance is 0; "
                "take a larger batch, or layer_norm"
            )
        mean, var = _moments(x, tuple(range(x.ndim - 1)))
        seen = {"mean": mean.ravel(), "var": var.ravel() * (count / (count - 1))}
        new = {name: momentum * state[name] + (1 - momentum) * lax.stop_gradient(seen[name]) for name in state}
        return _finish(params, x, mean, var, epsilon), new

    return full_precision(Layer(init, apply))


def layer_norm(epsilon: float = 1e-5) -> Layer:
    """Normalises the last axis of each example, then scales and shifts each feature (Ba et al. 2016).

    Args:
        epsilon: added to the variance.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import layer_norm
    >>> x, norm = jnp.array([[1.0, 3.0]]), layer_norm()
    >>> norm.apply(*norm.init(jax.random.key(0), x), x)[0].round(3).tolist()
    [[-1.0, 1.0]]
    """
    check_number("layer_norm", "epsilon", epsilon, above=True)

    def init(key, x):
        check_least_rank("layer_norm", 1, x, "(..., features)")
        return _affine(x)

    def apply(params, x):
        check_features("layer_norm", params["scale"].size, x)
        return _finish(params, x, *_moments(x, (-1,)), epsilon)

    return full_precision(stateless(init, apply))


def group_norm(groups: int, epsilon: float = 1e-5) -> Layer:
    """Normalises groups of neighbouring channels of each example over all its space (Wu and He 2018).

    Shape (batch, *space, channels). One group for each channel is the instance norm.

    Args:
        groups: how many; the channels must be a multiple of it.
        epsilon: added to the variance.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import group_norm
    >>> group_norm(2).init(jax.random.key(0), jnp.ones((1, 5, 5, 6)))[0]["scale"].shape
    (6,)
    """
    name = f"group_norm({groups})"
    check_positive("group_norm", "groups", groups)
    check_number("group_norm", "epsilon", epsilon, above=True)

    def init(key, x):
        check_least_rank(name, 2, x, "(batch, *space, channels)")
        if x.shape[-1] % groups:
            raise ValueError(f"{name} cannot share {x.shape[-1]} channels evenly (shape {tuple(x.shape)})")
        return _affine(x)

    def apply(params, x):
        check_least_rank(name, 2, x, "(batch, *space, channels)")
        check_features(name, params["scale"].size, x, what="channels")
        grouped = x.reshape(*x.shape[:-1], groups, -1)
        mean, var = _moments(grouped, (*range(1, x.ndim - 1), x.ndim))
        mean, var = (jnp.repeat(m[..., 0], x.shape[-1] // groups, axis=-1) for m in (mean, var))
        return _finish(params, x, mean, var, epsilon)

    return full_precision(stateless(init, apply))


def _affine(x: Array) -> dict[str, Array]:
    return {"scale": jnp.ones(x.shape[-1]), "b": jnp.zeros(x.shape[-1])}


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and biased variance."""
    mean = x.mean(axes, keepdims=True)
    return mean, jnp.square(x - mean).mean(axes, keepdims=True)


def _finish(params, x: Array, mean: Array, var: Array, epsilon: float) -> Array:
    return (x - mean) * (lax.rsqrt(var + epsilon) * params["scale"]) + params["b"]
