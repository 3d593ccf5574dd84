"""Autoencoder: an encoder to a code of few numbers and a decoder that reconstructs the input from it.

Paper: Hinton & Salakhutdinov 2006, Reducing the dimensionality of data with neural networks; linear: Baldi & Hornik
1989, Neural networks and principal component analysis.
Command: python -m zoo.train --model autoencoder
Chart: AE; input -> convolution (filters) -> hidden (hidden) -> hidden (latent) -> hidden (reversed hidden) ->
convolution (reversed filters) -> match input output
Expect: a squared error of at most 0.9 for a held-out digit of values from 0 to 1; 10 principal components have 1.27.
About: As the code is narrow, only what examples have in common fits through. A linear one spans the same space as the
principal components.
Equations: z = encode(x); y = decode(z); loss = |y - x|^2
Limits: A wide code copies the input and learns nothing. Points between codes need not decode to anything sensible, so
that it is no generator (see vae).
"""

from collections.abc import Callable

import jax.numpy as jnp

from . import layers
from ._autoencoder import Autoencoder, autoencoding, decoder, encoder
from .layers import Activation, dense, serial
from .layers.checks import check_positive

__all__ = ["autoencoder"]


def autoencoder(
    shape: tuple[int, ...],
    *,
    latent: int = 10,
    hidden: tuple[int, ...] = (128, 64),
    filters: tuple[int, ...] = (),
    activation: Activation = "relu",
    tied: bool = False,
) -> Autoencoder:
    """Builds an autoencoder of examples of one shape.

    The code has no activation. Without hidden layers, or with the activation `linear`, the best autoencoder projects to
    the principal components.

    Args:
        shape: shape of one example.
        latent: numbers of the code.
        hidden: widths of the dense layers of the encoder; the decoder has them in reverse order.
        filters: filters of stages of convolution and pooling before the dense layers, each of which halves the image;
            (): no convolution.
        activation: activation function of the hidden layers, by name.
        tied: whether the weights of the decoder are those of the encoder, transposed.

    Raises:
        ValueError: if weights of convolutions are to be tied, or the stages do not suit the shape.

    >>> import jax, jax.numpy as jnp
    >>> model, x = autoencoder((8, 8, 1), latent=2), jnp.ones((4, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.features(params, state, x).shape
    ((4, 8, 8, 1), (4, 2))
    """
    for width in (latent, *hidden, *filters):
        check_positive("autoencoder", "latent, hidden and filters", width)
    parts = {**encoder(hidden, filters, activation), "latent": dense(latent)}
    if not tied:
        return autoencoding(parts, decoder("autoencoder", shape, hidden, filters, activation))
    if filters:
        raise ValueError("autoencoder: tied weights are those of dense layers; leave out filters (--m.filters) or tied")
    return _tied(parts, shape, len(hidden), layers.activation(activation))


def _tied(parts: dict, shape: tuple[int, ...], hidden: int, act: Callable) -> Autoencoder:
    """Builds an autoencoder whose decoder has biases of its own alone."""
    code, names = serial(**parts), [str(3 * i) for i in range(hidden)]

    def kernels(params):
        return [*(params["body"][name]["w"] for name in names), params["latent"]["w"]]

    def init(key, x):
        params, state = code.init(key, x)
        biases = {str(i): {"b": jnp.zeros(len(w))} for i, w in enumerate(kernels(params))}
        return params | {"decoder": biases}, state

    def decode(params, state, z):
        for i, w in reversed([*enumerate(kernels(params))]):
            z = z @ w.T + params["decoder"][str(i)]["b"]
            z = act(z) if i else z
        return z.reshape(len(z), *shape)

    def apply(params, state, x, key=None):
        z, state = code.apply(params, state, x, key)
        return decode(params, state, z), state

    return Autoencoder(init, apply, lambda params, state, x: code.apply(params, state, x)[0], decode)
