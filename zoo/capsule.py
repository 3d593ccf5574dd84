"""Capsule network: units are vectors; the length is how surely an object is there, the direction its pose.

Paper: Sabour, Frosst & Hinton 2017, Dynamic routing between capsules.
Command: python -m zoo.train --model capsule
Chart: CN; input -> convolution (filters) -> capsule -> capsule (outputs) -> hidden (hidden) -> match input output
Expect: at least 98.8 % on the held-out fifth of digits.
About: Each capsule predicts the pose of every class by a matrix, and its output is routed to the classes whose pose
the other capsules predict as well. A decoder reconstructs the image from the pose of its class.
Equations: v = |s|^2 / (1 + |s|^2) * s / |s|, s = sum_i c_i W_i u_i; c = softmax(b), b += v . W_i u_i, repeated
Limits: Routing repeats its products and keeps a prediction for every pair of capsules, in memory and time far more than
a dense layer; it has not been scaled to large images.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .layers import Layer, Routed, capsules, compose, conv, dense, relu, reshape, serial, sigmoid, squash
from .layers.checks import check_positive
from .layers.initializers import he_normal

__all__ = ["Capsule", "capsule"]


class Capsule(NamedTuple):
    """Capsule network, with the capabilities of the task `capsules`.

    Attributes:
        init: as of a `Layer`. Params are `find`, from images to the class capsules, and `decoder`.
        apply: as of a `Layer`. Images (batch, height, width, channels) give the lengths of the class capsules (batch,
            outputs), from 0 to 1. An input `(images, classes)`, with the classes of the objects in each image, integers
            (batch, objects), gives `(lengths, reconstructions)`.
        routed: `(params, state, x) -> Routed`, the class capsules and the routing by which they were found.
        render: `(params, state, poses, classes) -> images`, decoded from the capsules of some classes, integers (batch,
            objects), of all class capsules (batch, outputs, features); pixels from 0 to 1.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    routed: Callable[..., Routed]
    render: Callable[..., jax.Array]


def capsule(
    outputs: int,
    *,
    shape: tuple[int, ...],
    filters: tuple[int, ...] = (64,),
    size: int = 3,
    strides: int = 2,
    primary: int = 16,
    primary_features: int = 8,
    features: int = 16,
    iterations: int = 3,
    hidden: tuple[int, ...] = (128, 256),
) -> Capsule:
    """Builds a capsule network: convolutions, primary capsules, class capsules, and a decoder of these.

    That of the paper, for images of 28x28: filters=(256,), size=9, primary=32, hidden=(512, 1024).

    Args:
        outputs: number of classes.
        shape: shape of an image.
        filters: filters of each convolution before the primary capsules.
        size: height and width of all filters in pixels.
        strides: distance in pixels between the places of the primary capsules.
        primary: primary capsules at each place.
        primary_features: numbers of a primary capsule.
        features: numbers of a class capsule.
        iterations: iterations of the routing by agreement.
        hidden: widths of the hidden layers of the decoder.

    Raises:
        ValueError: for sizes that are not positive, or images smaller than the filters need.

    >>> import jax, jax.numpy as jnp
    >>> model, x = capsule(10, shape=(8, 8, 1)), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.routed(params, state, x).y.shape
    ((2, 10), (2, 10, 16))
    """
    sizes = {"outputs": (outputs,), "filters": filters, "size": (size,), "strides": (strides,), "primary": (primary,)}
    for name, values in (sizes | {"primary_features": (primary_features,)}).items():
        for value in values:
            check_positive("capsule", name, value)
    least = (len(filters) + 1) * (size - 1) + 1
    if len(shape) != 3 or min(shape[:2]) < least:
        raise ValueError(
            f"capsule: {len(filters) + 1} convolutions of {size}x{size} need images (height, width, channels) of at "
            f"least {least}x{least} pixels, got {tuple(shape)}; use fewer filters (--m.filters) or smaller ones "
            "(--m.size)"
        )
    front = [part for width in filters for part in (conv(width, size, padding="VALID", init=he_normal()), relu)]
    vectors = serial(
        conv(primary * primary_features, size, strides=strides, padding="VALID"), reshape(-1, primary_features), squash
    )
    find = serial(conv=serial(*front), primary=vectors, classes=capsules(outputs, features, iterations=iterations))
    body = [part for width in hidden for part in (dense(width, init=he_normal()), relu)]
    return _with_decoder(find, serial(*body, out=serial(dense(prod(shape)), sigmoid, reshape(*shape))))


def _with_decoder(find: Layer, decoder: Layer) -> Capsule:
    """Builds the network of the layers from images to class capsules, and of the decoder of the capsules of some."""

    def forward(call, x):
        images, classes = x if isinstance(x, tuple) else (x, jnp.zeros((x.shape[0], 1), jnp.int32))
        found = call("find", images)
        return found.lengths, _overlaid(lambda z: call("decoder", z), found.y, classes)

    whole = compose(forward, find=find, decoder=decoder)

    def apply(params, state, x, key=None):
        y, state = whole.apply(params, state, x, key)
        return (y if isinstance(x, tuple) else y[0]), state

    def routed(params, state, x):
        return find.apply(params["find"], state.get("find", {}), x)[0]

    def render(params, state, poses, classes):
        return _overlaid(lambda z: decoder.apply(params["decoder"], {}, z)[0], poses, classes)

    return Capsule(whole.init, apply, routed, render)


def _overlaid(decode: Callable, poses: jax.Array, classes: jax.Array) -> jax.Array:
    """Decodes the capsules of some classes, each with all others set to 0, and lays the images over each other."""
    batch, outputs, features = poses.shape
    chosen = jax.nn.one_hot(classes, outputs, dtype=poses.dtype)  # (batch, objects, outputs)
    masked = poses[:, None] * chosen[..., None]
    made = decode(masked.reshape(batch * chosen.shape[1], outputs * features))
    made = made.reshape(batch, *chosen.shape[1:2], *made.shape[1:])
    return made[:, 0] if chosen.shape[1] == 1 else 1 - jnp.prod(1 - made, axis=1)
