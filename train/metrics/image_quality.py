"""Similarity of two images: PSNR and SSIM.

Images are (batch, height, width, channels) in [-1, 1], so that the peak is the range, 2.
"""

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import describe

__all__ = ["SSIM_WINDOW", "psnr", "ssim"]

SSIM_WINDOW = 11  # pixels, as in Wang et al.
_RANGE = 2.0
_MIN_ERROR = 1e-10  # mean squared error: equal images have 106 dB instead of infinity
_SIGMA = 1.5  # pixels, as in Wang et al.


def psnr(image: jax.Array, real: jax.Array) -> jax.Array:
    """Computes the peak signal-to-noise ratio of each image in decibels, `10 log10(range^2 / mse)`: (batch,).

    >>> psnr(jnp.full((1, 4, 4, 1), 0.2), jnp.zeros((1, 4, 4, 1))).round(2).tolist()
    [20.0]
    """
    image, real = _brightness("psnr", image), _brightness("psnr", real)
    error = jnp.square(image - real).mean(axis=(1, 2, 3))
    return 10 * jnp.log10(_RANGE**2 / jnp.maximum(error, _MIN_ERROR))


def ssim(image: jax.Array, real: jax.Array) -> jax.Array:
    """Computes the structural similarity of each image, 1 for equal ones: (batch,), the mean over pixels and channels.

    Wang, Bovik, Sheikh & Simoncelli 2004, Image quality assessment: a Gaussian window of 11 pixels and standard
    deviation 1.5, whole windows only, constants 0.01 and 0.03.

    Raises:
        ValueError: if the images are smaller than the window.
    """
    if min(image.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"ssim requires images of at least {SSIM_WINDOW}x{SSIM_WINDOW} pixels, got shape {tuple(image.shape)}"
        )
    image, real = (
        _brightness("ssim", image) + 1,
        _brightness("ssim", real) + 1,
    )  # black is 0: the means are compared as brightness
    seen = _blurred(jnp.stack([image, real, image**2, real**2, image * real]))
    (mean, mean_real), (square, square_real, product) = seen[:2], seen[2:]
    var, var_real, both = square - mean**2, square_real - mean_real**2, product - mean * mean_real
    c1, c2 = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2
    light = (2 * mean * mean_real + c1) / (mean**2 + mean_real**2 + c1)
    return (light * (2 * both + c2) / (var + var_real + c2)).mean(axis=(1, 2, 3))


def _brightness(name: str, image: jax.Array) -> jax.Array:
    """Returns an image in float32 or wider; raises a TypeError for integers, whose range is not [-1, 1]."""
    if not jnp.issubdtype(image.dtype, jnp.floating):
        raise TypeError(f"{name} expects floating-point images in [-1, 1], got {describe(image)}")
    return image.astype(jnp.promote_types(image.dtype, jnp.float32))


def _blurred(x: jax.Array) -> jax.Array:
    """Computes the Gaussian mean of each whole window of (..., height, width, channels)."""
    at = np.arange(SSIM_WINDOW) - SSIM_WINDOW // 2
    weights = np.exp(-(at**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    for axis in (-3, -2):
        cells = x.shape[axis] - SSIM_WINDOW + 1
        parts = [w * jax.lax.slice_in_dim(x, i, i + cells, axis=axis) for i, w in enumerate(weights.tolist())]
        x = jnp.sum(jnp.stack(parts), axis=0)
    return x
