"""Encoders, decoders and the form that autoencoders share. Their layers are named as those of `mlp` and `cnn`.

So `--init-from` takes the layers of a trained encoder into a classifier of the same widths.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, NamedTuple

from . import layers
from ._convolutional import generator
from .layers import Activation, Layer, batch_norm, conv, dense, flatten, identity, max_pool, reshape, serial

__all__ = ["Autoencoder", "autoencoding", "decoder", "encoder"]


class Autoencoder(NamedTuple):
    """Autoencoder, with the capabilities that the task `reconstruct` looks for.

    Attributes:
        init: as of a `Layer`. Params are those of the encoder, and `decoder`.
        apply: as of a `Layer`; gives the reconstruction, of the shape of the input.
        features: `(params, state, x) -> (batch, latents)`, the code of inputs.
        decode: `(params, state, z) -> x`, the reconstruction from a code (batch, latents).
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., Any]
    decode: Callable[..., Any]


def autoencoding(parts: Mapping[str, Any], decoder: Layer) -> Autoencoder:
    """Joins the parts of an encoder, run in their order, and a decoder.

    >>> import jax, jax.numpy as jnp
    >>> model = autoencoding({"code": dense(2)}, dense(3))
    >>> params, state = model.init(jax.random.key(0), jnp.ones((5, 3)))
    >>> list(params), model.features(params, state, jnp.ones((5, 3))).shape
    (['code', 'decoder'], (5, 2))
    """
    code, whole = serial(**parts), serial(**parts, decoder=decoder)

    def features(params, state, x):
        return flatten(code.apply(params, state, x)[0])

    def decode(params, state, z):
        return decoder.apply(params["decoder"], state.get("decoder", {}), z)[0]

    return Autoencoder(whole.init, whole.apply, features, decode)


def encoder(hidden: tuple[int, ...], filters: tuple[int, ...], activation: Activation) -> dict[str, Any]:
    """Builds the parts of an encoder: stages of convolution and pooling as those of `cnn`, dense layers as of `mlp`.

    Args:
        hidden: widths of the dense layers.
        filters: filters of each stage; (): no convolution.
        activation: activation function of all layers, by name.
    """
    act = layers.activation(activation)
    stages = {
        f"stage{i}": serial(conv(width, 3, bias=False), max_pool(2), batch_norm(), act)
        for i, width in enumerate(filters)
    }
    body = [part for width in hidden for part in (dense(width), act, identity)]  # identity where an mlp has dropout
    return {**stages, "flat": flatten, "body": serial(*body)}


def decoder(
    name: str, shape: tuple[int, ...], hidden: tuple[int, ...], filters: tuple[int, ...], activation: Activation
) -> Layer:
    """Builds the mirror image of an encoder, from codes to examples; the last layer has no activation.

    Args:
        name: name of the model, for messages.
        shape: shape of one example.
        hidden: widths of the dense layers of the encoder.
        filters: filters of its stages.
        activation: activation function of all layers but the last.

    Raises:
        ValueError: with filters, if the examples are no images, or not divisible by 2 for each stage.
    """
    act = layers.activation(activation)
    if filters:
        return generator(name, shape, filters, hidden[::-1], act=act, squash=identity)
    body = [part for width in hidden[::-1] for part in (dense(width), act)]
    return serial(*body, dense(prod(shape)), reshape(*shape))
