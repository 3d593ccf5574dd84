"""Normalisation layers: over the batch (batch norm) or within each example (layer norm, group norm).

All compute in float32, as half precision is too coarse for means and variances.
"""

import jax.numpy as jnp
from jax import Array, lax

from .base import Layer, stateless
from .checks import check_features, check_least_rank, check_number, check_positive, check_rate
from .precision import full_precision

__all__ = ["batch_norm", "group_norm", "layer_norm"]


def batch_norm(momentum: float = 0.9, epsilon: float = 1e-5) -> Layer:
    """Builds batch normalisation: each feature normalised over all other axes, scaled and shifted.

    Shape (batch, ..., features). Training normalises with the batch's mean and biased variance and updates the running
    statistics in the state, `momentum * state + (1 - momentum) * batch`, with the unbiased variance (Ioffe and Szegedy
    2015). Inference normalises with the running statistics.

    Args:
        momentum: decay rate of the running statistics, in [0, 1).
        epsilon: small number added to the variance.

    Raises:
        ValueError: in training with a single value per feature, whose variance is 0.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import batch_norm
    >>> params, state = batch_norm().init(jax.random.key(0), jnp.ones((8, 3)))
    >>> sorted(params), sorted(state)
    (['b', 'scale'], ['mean', 'var'])
    """
    check_rate("batch_norm", "momentum", momentum)
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
                f"batch_norm cannot train on {'one value' if count else 'no values'} per feature (shape {x.shape}), "
                "the variance needs two; use a larger batch or layer_norm"
            )
        mean, var = _moments(x, tuple(range(x.ndim - 1)))
        seen = {"mean": mean.ravel(), "var": var.ravel() * (count / (count - 1))}
        new = {name: momentum * state[name] + (1 - momentum) * lax.stop_gradient(seen[name]) for name in state}
        return _finish(params, x, mean, var, epsilon), new

    return full_precision(Layer(init, apply))


def layer_norm(epsilon: float = 1e-5) -> Layer:
    """Builds layer normalisation: the last axis normalised, scaled and shifted (Ba et al. 2016).

    Args:
        epsilon: small number added to the variance.

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
    """Builds group normalisation: groups of neighbouring channels normalised over space (Wu and He 2018).

    Shape (batch, *space, channels). One group per channel is instance normalisation.

    Args:
        groups: number of groups, a divisor of the number of channels.
        epsilon: small number added to the variance.

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
            raise ValueError(f"{name}: {x.shape[-1]} channels are not divisible by the groups (shape {tuple(x.shape)})")
        return _affine(x)

    def apply(params, x):
        check_least_rank(name, 2, x, "(batch, *space, channels)")
        check_features(name, params["scale"].size, x, what="channels")
        grouped = x.reshape(*x.shape[:-1], groups, x.shape[-1] // groups)
        mean, var = _moments(grouped, (*range(1, x.ndim - 1), x.ndim))
        mean, var = (jnp.repeat(m[..., 0], x.shape[-1] // groups, axis=-1) for m in (mean, var))
        return _finish(params, x, mean, var, epsilon)

    return full_precision(stateless(init, apply))


def _affine(x: Array) -> dict[str, Array]:
    return {"scale": jnp.ones(x.shape[-1]), "b": jnp.zeros(x.shape[-1])}


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Computes mean and biased variance."""
    mean = x.mean(axes, keepdims=True)
    return mean, jnp.square(x - mean).mean(axes, keepdims=True)


def _finish(params, x: Array, mean: Array, var: Array, epsilon: float) -> Array:
    return (x - mean) * (lax.rsqrt(var + epsilon) * params["scale"]) + params["b"]
