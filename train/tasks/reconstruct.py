"""Reconstruction: the inputs are the targets, as for autoencoders."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..data.on_disk import blocks
from ..errors import BadInput
from ..losses import regression as losses
from ..option_types import Bounds
from ._density_figures import draw_filters
from ._reconstruct_figures import before_after, differences, interpolation, latents, reconstructions
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
_LEAST = 1e-30  # squared error that still has a logarithm
_ROWS = 4096  # examples whose errors are computed at a time


def reconstruct(
    loss: str = "auto", *, quantile: Annotated[float, Bounds(0, 1, open_low=True, open_high=True)] = 0.99
) -> Task:
    """Builds the reconstruction of the inputs.

    Reported in the data's own units are the squared error per feature (`mse`, of an image per pixel and channel) with
    its root (`rmse`), and per example, the sum over its features (`sse`); `scaled_sse` is the same after normalisation,
    where all columns of a table count alike. The loss is in the scale of the model.

    Of a model with the capability `corrupt` inputs are damaged, and reported are `mse_given`, the error of the damaged
    inputs over all examples, and `gain`, by how many decibels the PSNR of the reconstructions lies above theirs.

    An example is an anomaly if its `scaled_sse` lies above a threshold, which is kept with the model. Models with the
    capability `features` give codes of examples, which are drawn, and those with `decode` reconstructions of codes.

    Args:
        loss: mse, half_mse, mae or huber, the mean over the features; "auto": mse.
        quantile: share of the training examples whose error lies below the threshold of anomalies.

    >>> task, x = reconstruct(), jnp.ones((1, 4))
    >>> [float(metric(x + 2, x)[0]) for metric in (task.loss, task.metrics["mse"], task.metrics["sse"])]
    [4.0, 4.0, 16.0]
    """
    cost = choose_loss("reconstruct", LOSSES["reconstruct"], loss)
    metrics = {"mse": losses.mse, "sse": _sse, "_scaled_sse": _sse}
    return Task(
        "reconstruct", _same_shape(cost), {name: _same_shape(each) for name, each in metrics.items()}, _finish,
        "mse", False, predict=lambda outputs: outputs, probabilities=None, target=lambda batch: batch["x"],
        units="example", powers={"mse": 2, "mse_given": 2, "sse": 2, "rmse": 1}, given=("mse",),
        gives="reconstructions", output="reconstructions",
        describe=_describe, figures=(reconstructions, latents, interpolation, draw_filters, "filters"),
        progress=before_after, pictured=differences, explain=_explain, baseline=mean_example,
        calibrate=partial(_threshold, quantile),
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
    found = public(means) | {"scaled_sse": means["_scaled_sse"], "rmse": float(means["mse"]) ** 0.5}
    if "mse_given" in means:
        errors = (max(float(means[name]), _LEAST) for name in ("mse_given", "mse"))
        found["gain"] = 10 * math.log10(next(errors) / next(errors))
    return found


def _threshold(quantile: float, trained: Any, data: Dataset) -> dict[str, Any]:
    """Computes the error of training examples above which an example is an anomaly."""
    train, test = (np.concatenate([_scaled_sse(trained, part, trained.predict(part)) for part in blocks(each.x, _ROWS)])
                   for each in (data.train, data.test))  # fmt: skip
    threshold = float(np.quantile(train, quantile))
    above = float(np.mean(test > threshold))
    words = (
        f"scaled_sse above {threshold:.4g}, the quantile {quantile:g} of {len(train):,} training examples "
        f"(--t.quantile); {100 * above:.1f} % of the test examples lie above"
    )
    return {"threshold": threshold, "quantile": quantile, "test_share": above, "summary": words}


def _scaled_sse(trained: Any, x: Any, made: np.ndarray) -> np.ndarray:
    """Computes the squared error of reconstructions (batch,) after normalisation, the sum over the features."""
    error = (made - np.asarray(x, np.float64)) * np.asarray(trained.scaler.scale)
    return np.square(error).reshape(len(made), -1).sum(axis=1)


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the errors of each example, and the ratio of its error to the threshold of anomalies, if it is known."""
    threshold = trained.about.get("calibration", {}).get("threshold")
    made = trained.predict(x)
    errors = np.square(made - np.asarray(x, np.float64))
    for error, total in zip(errors, _scaled_sse(trained, x, made), strict=True):
        found = {"mse": float(error.mean()), "sse": float(error.sum()), "max_error": float(np.sqrt(error.max()))}
        found["scaled_sse"] = float(total)
        if threshold is not None:
            found |= {"score": float(total / max(threshold, 1e-30)), "anomaly": "yes" if total > threshold else "no"}
        yield found


def _explain(metrics: Mapping[str, float]) -> list[str]:
    lines = [
        f"squared error {metrics['sse']:.4g} an example (image, row) and {metrics['mse']:.4g} a feature (pixel and "
        f"channel, column), in the data's own units; after normalisation {metrics['scaled_sse']:.4g} an example"
    ]
    if "gain" in metrics:
        lines.append(
            f"gain {metrics['gain']:.2f} dB of PSNR: the damaged inputs have a squared error of "
            f"{metrics['mse_given']:.4g} a feature"
        )
    return lines
