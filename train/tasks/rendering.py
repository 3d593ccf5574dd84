"""Rendering: images from attributes, compared with the true images pixel by pixel."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import jax

from ..data.dataset import Dataset
from ..errors import BadInput
from ..losses import regression as losses
from ..metrics.image_quality import psnr
from ._rendering_figures import draw_knobs, draw_rendered
from .baseline import Baseline, central_value
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "rendering"]

TASKS = ("rendering",)
LOSSES = MappingProxyType({"rendering": {"mse": losses.mse, "mae": losses.mae, "huber": losses.huber}})


def rendering(loss: str = "auto", outputs: int = 1) -> Task:
    """Builds the rendering of images, whose targets are rows of numbers from 0 to 1 (batch, outputs).

    Reported are `psnr`, the mean peak signal-to-noise ratio of an image in decibels, where the peak is 1, and the
    squared error per pixel and channel, `mse`.

    Args:
        loss: mse, mae or huber, the mean over pixels and channels; "auto": mse.
        outputs: numbers of an image.

    >>> import jax.numpy as jnp
    >>> task = rendering(outputs=4)
    >>> task.metrics["psnr"](jnp.full((1, 4), 0.1), jnp.zeros((1, 4))).round(2).tolist()
    [20.0]
    """
    cost = choose_loss("rendering", LOSSES["rendering"], loss)
    metrics = {"psnr": _alike(_psnr), "mse": _alike(losses.mse)}
    return Task(
        "rendering", _alike(cost), metrics, public, "psnr", True, predict=lambda outputs: outputs, probabilities=None,
        units="none", gives="images", output="images", describe=_describe, figures=(draw_rendered, draw_knobs),
        explain=_explain, baseline=partial(_mean_image, outputs=outputs),
    )  # fmt: skip


def _alike(measure: Callable) -> Callable:
    def measured(outputs, y):
        if outputs.shape != y.shape:
            raise BadInput(
                f"--task rendering: the targets must be images in rows of {outputs.shape[-1]} numbers from 0 to 1, got "
                f"targets of shape {tuple(y.shape[1:])}"
            )
        return measure(outputs, y.astype(outputs.dtype))

    return measured


def _psnr(outputs: jax.Array, y: jax.Array) -> jax.Array:
    """Computes the ratio of each image: of the same images from -1 to 1, whose range is 2."""
    image, real = (2 * each[..., None, None] - 1 for each in (outputs, y))
    return psnr(image, real)


def _mean_image(data: Dataset, kind: str, outputs: int) -> Baseline:
    return central_value(data, kind, outputs=outputs)._replace(name="mean image")


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the mean brightness of each image, and the image itself as a row of numbers."""
    for image in trained.predict(x).reshape(len(x), -1):
        yield {"brightness": float(image.mean()), "values": [float(value) for value in image]}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [
        f"psnr {metrics['psnr']:.2f} dB an image: similarity to the true images, whose values range from 0 to 1; "
        f"squared error {metrics['mse']:.4g} a pixel and channel"
    ]
