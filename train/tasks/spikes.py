"""The task of a liquid state machine: classification of spike trains, beside the same without the liquid."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from .classification import binary, multiclass
from .task import Task

__all__ = ["spikes"]

TASKS = ("spikes",)


def spikes(loss: str = "auto", outputs: int = 1, label_smoothing: float = 0) -> Task:
    """Builds the classification of spike trains: `binary` of one output, else `multiclass`.

    To their scores it adds `raw_accuracy`, that of the same linear layer on the filtered input, without the liquid, and
    `chance`, that of the class of most training examples.

    Args:
        loss: name of a loss of these tasks; "auto": cross-entropy.
        outputs: number of outputs.
        label_smoothing: of the cross-entropy.
    """
    base = (binary if outputs == 1 else multiclass)(loss, outputs, label_smoothing)

    def scores(model, params, state, batch, key):
        x, y, weight = batch["x"], batch["y"], batch["weight"]
        made, raw = model.apply(params, state, x)[0], model.raw.apply(state["raw"], {}, x)[0]
        measured = {"loss": base.loss(made, y)} | {name: metric(made, y) for name, metric in base.metrics.items()}
        measured |= {f"raw_{name}": metric(raw, y) for name, metric in base.metrics.items()}
        measured["chance"] = y == state["frequent"]
        # `where` instead of a product: padding may give infinite values, which must not count.
        return {name: (jnp.sum(jnp.where(weight > 0, each, 0)), jnp.sum(weight)) for name, each in measured.items()}

    return base._replace(
        name="spikes", scores=scores, requires=("record", "raw"), figures=("confusion", _draw_raster), explain=_explain,
        baseline=None,
    )  # fmt: skip


def _draw_raster(drawing: Any) -> None:
    """Draws the spikes of the liquid for the first test example."""
    from ..plots.spikes import raster

    model, x = drawing.model, drawing.data.test.x[:1]
    given = x.astype("float32") if model.scaler is None else model.scaler.apply(x)
    recorded = model.model.record(model.params, model.state, given)
    raster(x[0], recorded[0], model.model.excitatory, drawing.folder / "raster.png")


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [
        f"accuracy {metrics['accuracy']:.4g}; without the liquid, of the same linear layer on the filtered input, "
        f"{metrics['raw_accuracy']:.4g}; of the most frequent class {metrics['chance']:.4g}"
    ]
