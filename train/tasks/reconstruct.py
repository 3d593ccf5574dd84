"""Reconstruction: the inputs are the targets, as for autoencoders."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BadInput
from ..losses import regression as losses
from .baseline import mean_example
from .task import Task, choose_loss, public

__all__ = ["LOSSES", "reconstruct"]

TASKS = ("reconstruct",)
LOSSES = MappingProxyType(
    {
        "reconstruct": {
            "mse": losses.mse,
            "half_mse": losses.half_mse,
            "mae": losses.mae,
            "huber": losses.huber,
        }
    }
)


def reconstruct(loss: str = "auto") -> Task:
    """Builds the reconstruction of the inputs.

    Reported in the data's own units are the squared error per feature (`mse`, of an image per pixel and channel) with
    its root (`rmse`), and per example, the sum over its features (`sse`). The loss is in the scale of the model.

    Args:
        loss: mse, half_mse, mae or huber, the mean over the features; "auto": mse.

    >>> task, x = reconstruct(), jnp.ones((1, 4))
    >>> [float(metric(x + 2, x)[0]) for metric in (task.loss, task.metrics["mse"], task.metrics["sse"])]
    [4.0, 4.0, 16.0]
    """
    cost = choose_loss("reconstruct", LOSSES["reconstruct"], loss)
    return Task(
        "reconstruct", _same_shape(cost), {"mse": _same_shape(losses.mse), "sse": _same_shape(_sse)}, _finish,
        "mse", False, predict=lambda outputs: outputs, probabilities=None, target=lambda batch: batch["x"],
        units="example", powers={"mse": 2, "sse": 2, "rmse": 1}, gives="reconstructions", output="reconstructions",
        describe=_describe, figures=("reconstructions", "filters"), explain=_explain, baseline=mean_example,
    )  # fmt: skip


def _same_shape(measure: Callable) -> Callable:
    def measured(outputs, x):
        if outputs.shape != x.shape:
            raise BadInput(
                f"--task reconstruct: outputs must have the shape of the inputs {x.shape[1:]}, got {outputs.shape[1:]}"
            )
        return measure(outputs, x.astype(outputs.dtype))

    return measured


def _sse(outputs: jax.Array, x: jax.Array) -> jax.Array:
    return jnp.sum(jnp.square(outputs - x), axis=tuple(range(1, x.ndim)))


def _finish(means: dict) -> dict:
    return public(means) | {"rmse": float(means["mse"]) ** 0.5}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the error of each example: large errors mark examples unlike those of the training (anomalies)."""
    for example, made in zip(x, trained.predict(x), strict=True):
        error = np.square(made - np.asarray(example, np.float64))
        yield {"mse": float(error.mean()), "sse": float(error.sum()), "max_error": float(np.sqrt(error.max()))}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [f"mse {metrics['mse']:.4g}: squared error per feature, in the data's own units; {metrics['sse']:.4g} each"]
