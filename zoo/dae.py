"""Denoising autoencoder: reconstructs examples from damaged ones, by which its code learns what belongs together.

Paper: Vincent, Larochelle, Lajoie, Bengio & Manzagol 2010, Stacked denoising autoencoders.
Command: python -m zoo.train --model dae
Chart: DAE; noisy input -> convolution (filters) -> hidden (hidden) -> match input output
Expect: a PSNR at least 6 dB above that of the damaged digits, in half a minute.
About: Undoing the damage requires knowledge of how values depend on each other. Its hidden layer is a good start for
a classifier when labels are few.
Equations: x' = damage(x); y = decode(encode(x')); loss = |y - x|^2
Limits: It removes only the kind of noise that it was trained with, and where detail is gone it gives an average of
what could have been there.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from . import layers
from ._autoencoder import autoencoding, decoder, encoder
from .layers import Activation
from .layers.checks import check_number, check_positive, check_rate
from .layers.precision import floating

__all__ = ["Dae", "dae"]


class Dae(NamedTuple):
    """Denoising autoencoder, with the capabilities of the task `reconstruct` and of the trainer `layerwise`.

    Attributes:
        init: as of a `Layer`. Params are `body`, the layers of the encoder, named as those of an `mlp`, or `stage0`,
            ... as those of a `cnn`, and `decoder`.
        apply: as of a `Layer`; with a key, of damaged inputs.
        features: `(params, state, x) -> (batch, hidden)`, the values of the last hidden layer.
        decode: `(params, state, z) -> x`.
        corrupt: `(x, key) -> x`, damaged examples, or values of a layer.
        means: `(params, x, count) -> (batch, units)`, the values after so many dense layers.
        levels: for each dense layer the places of its parameters in the encoder and in the decoder; () with stages of
            convolution.
        activation: activation function of the hidden layers.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]
    decode: Callable[..., jax.Array]
    corrupt: Callable[..., jax.Array]
    means: Callable[..., jax.Array]
    levels: tuple[tuple[str, str], ...]
    activation: Callable[..., jax.Array]


def dae(
    shape: tuple[int, ...],
    *,
    hidden: tuple[int, ...] = (256,),
    filters: tuple[int, ...] = (),
    activation: Activation = "relu",
    noise: Literal["gaussian", "masking", "salt_and_pepper"] = "gaussian",
    level: float = 0.5,
) -> Dae:
    """Builds a denoising autoencoder of examples of one shape.

    Args:
        shape: shape of one example.
        hidden: widths of the hidden layers of the encoder, of which the last one is the code; the decoder has them in
            reverse order.
        filters: filters of stages of convolution and pooling before the dense layers, each of which halves the image;
            (): no convolution.
        activation: activation function of the hidden layers, by name.
        noise: damage of the inputs: gaussian adds noise, clipped to the range of the values of images; masking sets
            values to 0; salt_and_pepper sets them to the least or the largest value of their channel or column.
        level: standard deviation of Gaussian noise, in the scale of the normalised inputs; else share of the values
            that are damaged.

    >>> import jax, jax.numpy as jnp
    >>> model, x = dae((8, 8, 1), noise="masking", level=0.25), jnp.ones((4, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, bool((model.corrupt(x, jax.random.key(1)) == 0).any())
    ((4, 8, 8, 1), True)
    """
    for width in (*hidden, *filters):
        check_positive("dae", "hidden and filters", width)
    if not hidden and not filters:
        raise ValueError("dae: hidden must have a width for at least one layer (--m.hidden), or filters (--m.filters)")
    if noise == "gaussian":
        check_number("dae", "level", level, above=True)
    else:
        check_rate("dae", "level", level)
    act, corrupt = layers.activation(activation), partial(corrupted, noise=noise, level=level)
    parts = encoder(hidden, filters, activation)
    inner = autoencoding(parts, decoder("dae", shape, hidden[:-1], filters, activation))
    names = [] if filters else [(str(3 * i), str(2 * (len(hidden) - 1 - i))) for i in range(len(hidden))]

    def apply(params, state, x, key=None):
        x = x if key is None else corrupt(x, jax.random.fold_in(key, len(parts) + 1))
        return inner.apply(params, state, x, key)

    def means(params, x, count):
        x = layers.flatten(x)
        for name, _ in names[:count]:
            x = act(x @ params["body"][name]["w"] + params["body"][name]["b"])
        return x

    return Dae(inner.init, apply, inner.features, inner.decode, corrupt, means, tuple(names), act)


def corrupted(x: jax.Array, key: jax.Array, noise: str, level: float) -> jax.Array:
    """Damages values (batch, ...), each by itself; kinds and levels as of `dae`."""
    x, axes = floating(x), tuple(range(x.ndim - 1))
    low, high = jnp.min(x, axes), jnp.max(x, axes)
    if noise == "gaussian":
        noisy = x + level * jax.random.normal(key, x.shape, x.dtype)
        return jnp.clip(noisy, low, high) if x.ndim == 4 else noisy
    which, side = jax.random.split(key)
    hit = jax.random.bernoulli(which, level, x.shape)
    if noise == "masking":
        return jnp.where(hit, 0, x)
    return jnp.where(hit, jnp.where(jax.random.bernoulli(side, shape=x.shape), low, high), x)
