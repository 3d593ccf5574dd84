"""Applies the changes of `--augment` to a batch."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import random

from ...errors import BadInput
from ..normalize import Scaler, for_device
from ..on_disk import sample
from .affine import crop, joined, resample, rotate, scale
from .pixels import cutout, flip, jitter, shift
from .plan import parse_augment

__all__ = ["augment", "levels_of", "mixed"]

Levels = tuple[Any, Any]
"""Values of black and white, numbers or one for each channel."""

_QUANTILES = 1025  # by which shares of mixed examples are drawn
_MAPS: Mapping[str, Callable] = {"crop": crop, "rotate": rotate, "scale": scale}


def augment(text: str, key: jax.Array, x: jax.Array, levels: Levels | None = None) -> jax.Array:
    """Applies an independent random change to every image of a batch; `mixup` is left to `mixed`.

    Neighbouring changes of place (crop, rotate, scale) sample the pixels once.

    Args:
        text: value of `--augment`, as `parse_augment` reads it.
        key: random key of the changes.
        x: images (batch, height, width, channels), uint8 or float; for "none" any array.
        levels: values of black and white, by which `jitter` changes colours; None: 0 and 255.

    Returns:
        The images; float32 on the same scale if a change computes values that x cannot hold.

    Raises:
        BadInput: if there is no such augmentation, or x does not hold images.

    >>> x = jnp.arange(8.0).reshape(2, 2, 2, 1)
    >>> augment("flip+rotate=20", random.key(0), x).shape
    (2, 2, 2, 1)
    """
    plan = parse_augment(text)
    if plan and x.ndim != 4:
        raise BadInput(
            f"augmentation {text!r} needs images (batch, height, width, channels), got shape {x.shape}; "
            "set --augment none"
        )
    maps = None
    for position, (name, strength) in enumerate(plan):
        own = random.fold_in(key, position)
        if name in _MAPS:
            new = _MAPS[name](own, x.shape, strength)
            maps = new if maps is None else joined(maps, new)
            continue
        if maps is not None:
            x, maps = resample(x.astype(jnp.float32), maps), None
        x = _changed(name, own, x, strength, levels)
    return x if maps is None else resample(x.astype(jnp.float32), maps)


def _changed(name: str, key: jax.Array, x: jax.Array, strength: float, levels: Levels | None) -> jax.Array:
    if name == "flip":
        return flip(key, x)
    if name == "shift":
        return shift(key, x, strength)
    if name == "jitter":
        return jitter(key, x.astype(jnp.float32), strength, levels or (0.0, 255.0))
    return cutout(key, x.astype(jnp.float32), strength) if name == "cutout" else x


def mixed(text: str, key: jax.Array, batch: dict) -> dict:
    """Mixes each example with the one before it, if `mixup` is among the changes (Zhang et al. 2018, mixup).

    The share of the own example is Beta(alpha, alpha) or 1 minus it, whichever is larger, so that its target `y` has
    the larger weight in the loss.

    Args:
        text: value of `--augment`.
        key: random key of the changes.
        batch: `x`, normalised, and `y`.

    Returns:
        The batch with mixed `x`, the targets `other` of the examples that were mixed in, and `share`, (batch,).
    """
    plan = parse_augment(text)
    position = next((i for i, each in enumerate(plan) if each.name == "mixup"), None)
    if position is None:
        return batch
    alpha, x = plan[position].strength, batch["x"]
    share = jnp.interp(random.uniform(random.fold_in(key, position), x.shape[:1]), *_larger_share(alpha))
    own = share.reshape(-1, *(1,) * (x.ndim - 1))
    x = own * x + (1 - own) * jnp.roll(x, 1, axis=0)
    return batch | {"x": x, "other": jnp.roll(batch["y"], 1, axis=0), "share": share}


@cache
def _larger_share(alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities and quantiles of the larger of s and 1 - s, for s by Beta(alpha, alpha).

    Interpolated quantiles compile in a tenth of the time of the rejection sampling of `jax.random.beta`.
    """
    from scipy.special import betaincinv

    # Denser towards 1, where the quantiles of a small alpha flatten out.
    parts = 1 - np.linspace(1, 0, _QUANTILES) ** 2
    return parts.astype(np.float32), betaincinv(alpha, alpha, 0.5 + parts / 2).astype(np.float32)


def levels_of(text: str, x: np.ndarray, scaler: Scaler | None) -> Levels | None:
    """Returns black and white, the least and the largest value of training images, on the scale that `augment` reads.

    Args:
        text: value of `--augment`; only `jitter` needs them, else None is returned.
        x: training images as stored.
        scaler: their normalisation, which is applied before `augment` to values of more than 16 bits.
    """
    if "jitter" not in [each.name for each in parse_augment(text)] or x.ndim != 4:
        return None
    some = sample(x)
    ends = np.stack([np.full(x.shape[-1], each) for each in (some.min(), some.max())])
    if scaler is not None and for_device(scaler, x.dtype) is None:
        ends = scaler.apply(ends)
    black, white = ends.astype(np.float32)
    return black, np.where(white > black, white, black + 1)
