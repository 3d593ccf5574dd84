"""Capsule network: units are vectors, whose length says whether an object is there and whose direction how it looks.

Paper: Sabour, Frosst & Hinton 2017, Dynamic routing between capsules.
Command: python -m zoo.train --model capsule
Expect: at least 98.8 % on the held-out fifth of digits; both of two overlapping digits found in at least 90 %.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .layers import compose, conv, dense, relu, reshape, serial, sigmoid
from .layers.capsules import Routed, capsules, squash
from .layers.checks import check_positive
from .layers.precision import promote_float32


class Capsule(NamedTuple):
    """A layer from images to the lengths of the class capsules, and what they stand for.

    Attributes:
        init: as of any layer.
        apply: as of any layer. Images (batch, height, width, channels) give lengths (batch, outputs), from 0 to 1; an
            input `(images, classes)`, with the classes of the objects in each image, integers (batch, objects), gives
            `(lengths, reconstructions)`. Objects lie over each other: what one of them covers is covered.
        routed: `(params, state, x) -> Routed`, the class capsules and how they were found.
        render: `(params, state, poses, classes) -> images`, of the capsules (batch, outputs, features) those of some
            classes, integers (batch, objects), decoded; pixels from 0 to 1.
    """

    init: Callable
    apply: Callable
    routed: Callable
    render: Callable


def capsule(
    outputs: int,
    *,
    shape: tuple[int, ...],
    filters: int = 64,
    size: int = 3,
    strides: int = 2,
    primary: int = 16,
    primary_features: int = 8,
    features: int = 16,
    iterations: int = 3,
    hidden: tuple[int, ...] = (128, 256),
) -> Capsule:
    """Builds a capsule network: a convolution, primary capsules, class capsules, and a decoder of one of these.

    The network of the paper, for images of 28 x 28: filters=256, size=9, primary=32, hidden=(512, 1024).

    Args:
        outputs: number of classes.
        shape: shape of an image.
        filters: filters of the first convolution.
        size: height and width of the filters of both convolutions in pixels.
        strides: distance in pixels of the places of the primary capsules.
        primary: primary capsules at each place.
        primary_features: numbers of a primary capsule.
        features: numbers of a class capsule.
        iterations: iterations of the routing by agreement.
        hidden: widths of the decoder's hidden layers.

    >>> import jax, jax.numpy as jnp
    >>> model, x = capsule(10, shape=(8, 8, 1)), jnp.ones((2, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.apply(params, state, x)[0].shape, model.routed(params, state, x).y.shape
    ((2, 10), (2, 10, 16))
    """
    sizes = {"outputs": outputs, "filters": filters, "size": size, "strides": strides, "primary": primary}
    for name, value in (sizes | {"primary_features": primary_features}).items():
        check_positive("capsule", name, value)
    if len(shape) != 3 or min(shape[:2]) < 2 * size - 1:
        raise ValueError(f"capsule: two convolutions of {size}x{size} need images of at least "
                         f"{2 * size - 1} x {2 * size - 1} pixels, got {shape}")  # fmt: skip
    find = serial(
        conv=serial(conv(filters, size, padding="VALID"), relu),
        primary=serial(
            conv(primary * primary_features, size, strides=strides, padding="VALID"),
            lambda x: squash(x.reshape(x.shape[0], -1, primary_features)),
        ),
        classes=capsules(outputs, features, iterations=iterations),
    )
    body = [part for width in hidden for part in (dense(width), relu)]
    decoder = serial(*body, dense(prod(shape)), sigmoid, reshape(*shape))

    def forward(call, x):
        images, classes = x if isinstance(x, tuple) else (x, jnp.zeros((x.shape[0], 1), jnp.int32))
        routed = call("find", images)
        lengths = jnp.sqrt(jnp.sum(jnp.square(promote_float32(routed.y)), axis=-1) + 1e-12)
        return lengths, _overlaid(lambda poses: call("decoder", poses), routed.y, classes)

    whole = compose(forward, find=find, decoder=decoder)

    def apply(params, state, x, key=None):
        if isinstance(x, tuple):
            return whole.apply(params, state, x, key)
        return whole.apply(params, state, x, key)[0][0], state

    def routed(params, state, x) -> Routed:
        return find.apply(params["find"], state.get("find", {}), x)[0]

    def render(params, state, poses, classes):
        return _overlaid(lambda z: decoder.apply(params["decoder"], {}, z)[0], poses, classes)

    return Capsule(whole.init, apply, routed, render)


def _overlaid(decode: Callable, poses: jax.Array, classes: Any) -> jax.Array:
    """Decodes the capsules of some classes, each with all others set to 0, and lays the images over each other."""
    batch, outputs, features = poses.shape
    chosen = jax.nn.one_hot(classes, outputs, dtype=poses.dtype)  # (batch, objects, outputs)
    masked = poses[:, None] * chosen[..., None]
    made = decode(masked.reshape(-1, outputs * features))
    made = made.reshape(batch, chosen.shape[1], *made.shape[1:])
    return made[:, 0] if chosen.shape[1] == 1 else 1 - jnp.prod(1 - made, axis=1)
