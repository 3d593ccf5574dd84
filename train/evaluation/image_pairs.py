"""Scores what was made of a given image against the image that it should have been: PSNR and SSIM.

Images are (batch, height, width, channels) in [-1, 1], so that the range, 2, is the peak.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from ..tasks.sample_score import SampleScore

__all__ = ["judge_pairs", "psnr", "ssim"]

_RANGE = 2.0
_LEAST = 1e-10  # of the squared error: equal images have 106 dB, not infinitely many
_WINDOW, _SIGMA = 11, 1.5  # pixels; those of Wang et al.


def psnr(image: jax.Array, real: jax.Array) -> jax.Array:
    """Peak signal-to-noise ratio in decibels, `10 log10(range^2 / mean squared error)`, of each image: (batch,).

    >>> psnr(jnp.full((1, 4, 4, 1), 0.2), jnp.zeros((1, 4, 4, 1))).round(2).tolist()
    [20.0]
    """
    error = jnp.square(image - real).mean(axis=(1, 2, 3))
    return 10 * jnp.log10(_RANGE**2 / jnp.maximum(error, _LEAST))


def ssim(image: jax.Array, real: jax.Array) -> jax.Array:
    """Structural similarity of each image, 1 for equal ones: (batch,); the mean over all places and channels.

    Wang, Bovik, Sheikh & Simoncelli 2004, Image quality assessment: a Gaussian window of 11 pixels and standard
    deviation 1.5, whole windows only, constants 0.01 and 0.03.

    Raises:
        ValueError: if the images are smaller than the window.
    """
    if min(image.shape[1:3]) < _WINDOW:
        raise ValueError(f"ssim wants images of {_WINDOW}x{_WINDOW} pixels at least, got shape {tuple(image.shape)}")
    image, real = image + 1, real + 1  # black is 0: the means are compared as brightnesses
    seen = _blurred(jnp.stack([image, real, image**2, real**2, image * real]))
    (mean, mean_real), (square, square_real, product) = seen[:2], seen[2:]
    var, var_real, both = square - mean**2, square_real - mean_real**2, product - mean * mean_real
    c1, c2 = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2
    light = (2 * mean * mean_real + c1) / (mean**2 + mean_real**2 + c1)
    return (light * (2 * both + c2) / (var + var_real + c2)).mean(axis=(1, 2, 3))


def judge_pairs() -> SampleScore:
    """Scores images against the real ones that they were to become.

    Reported are `psnr` of what was made, `psnr_given` of what it was made from (a grey image counts as three equal
    channels), `gain`, how much better the one is, and, from 11 pixels on, `ssim`. All are cut to [-1, 1] before.

    >>> judge, x = judge_pairs(), jnp.zeros((1, 8, 8, 1))
    >>> sums = judge.score(x + 0.02, x + 0.2, {"x": x, "weight": jnp.ones(1)})
    >>> told = judge.finish({name: total / weight for name, (total, weight) in sums.items()})
    >>> {name: round(value, 3) for name, value in told.items()}
    {'psnr': 40.0, 'psnr_given': 20.0, 'gain': 20.0}
    """

    def score(made, given, batch):
        real, weight = batch["x"], batch["weight"]
        made, given = (jnp.clip(jnp.broadcast_to(each, real.shape), -1, 1) for each in (made, given))
        scores = {"psnr": psnr(made, real), "psnr_given": psnr(given, real)}
        if min(real.shape[1:3]) >= _WINDOW:
            scores["ssim"] = ssim(made, real)
        return {name: (jnp.sum(each * weight), jnp.sum(weight)) for name, each in scores.items()}

    def finish(means):
        told = {name: float(means[name]) for name in ("psnr", "psnr_given", "ssim") if name in means}
        return told | {"gain": told["psnr"] - told["psnr_given"]}

    return SampleScore(score, finish, "psnr", True, _told)


def _told(metrics: Mapping[str, float]) -> list[str]:
    gain = metrics["gain"]
    told = [
        f"psnr {metrics['psnr']:.2f} dB: how near to the real pictures; what was given has {metrics['psnr_given']:.2f} "
        f"dB, so {abs(gain):.2f} dB were {'gained' if gain > 0 else 'lost'}"
    ]
    if "ssim" in metrics:
        told.append(f"ssim {metrics['ssim']:.3f}: how alike they are in structure, 1 being the same")
    return told


def _blurred(x: jax.Array) -> jax.Array:
    """The Gaussian mean of each whole window of (..., height, width, channels)."""
    at = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(at**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    for axis in (-3, -2):
        cells = x.shape[axis] - _WINDOW + 1
        parts = [w * jax.lax.slice_in_dim(x, i, i + cells, axis=axis) for i, w in enumerate(weights.tolist())]
        x = jnp.sum(jnp.stack(parts), axis=0)
    return x
