"""The task of a self-organising map: assignment of examples to units that lie on a grid."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from zoo.layers.distances import two_smallest

from ._map_figures import draw_map, draw_net, draw_units, growth
from .cluster import cluster
from .task import Task

__all__ = ["topographic_map"]

TASKS = ("topographic_map",)


def topographic_map(outputs: int = 0) -> Task:
    """Builds the assignment of examples to units of a grid.

    To the scores of `cluster` it adds `quantisation_error`, the mean distance of an example from the nearest unit;
    `topographic_error`, the share of examples whose two nearest units are no neighbours (Kiviluoto 1996); and, with
    labels, `accuracy`, the share of examples whose class is that of most training examples of their unit.

    Args:
        outputs: number of classes of the data; below 2: there are no labels.
    """
    base = cluster(outputs)

    def scores(model, params, state, batch, key):
        assert base.scores is not None
        sums = base.scores(model, params, state, batch, key)
        outputs, there = model.apply(params, state, batch["x"])[0], batch["weight"] > 0
        two = two_smallest(-outputs)
        apart = jnp.asarray(model.grid.distances > model.grid.reach)[two[:, 0], two[:, 1]]
        measured = {"quantisation_error": jnp.sqrt(-jnp.max(outputs, axis=1)), "topographic_error": apart}
        if "_table" in sums:
            measured["accuracy"] = jnp.argmax(state["votes"], axis=1)[two[:, 0]] == batch["y"]
        total = jnp.sum(there)
        return sums | {name: (jnp.sum(jnp.where(there, each, 0)), total) for name, each in measured.items()}

    def finish(means):
        found = base.finish(means)
        found.pop("quantisation")
        return found

    return base._replace(
        name="topographic_map", scores=scores, finish=finish, headline="quantisation_error",
        requires=("assign", "grid"),
        figures=(draw_map, draw_units, draw_net),
        progress=growth,
        gives="units of the map", describe=_describe, explain=_explain,
    )  # fmt: skip


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the place of the nearest unit of each example, its distance in the scale of the model, and its label.

    The label is the class of most training examples of the unit, with their share; none if it has no examples.
    """
    columns, votes = trained.model.grid.shape[1], np.asarray(trained.state["votes"])
    for outputs in trained.outputs(x):
        nearest = int(outputs.argmax())
        row, column = divmod(nearest, columns)
        found = {"row": row, "column": column, "distance": float(max(-outputs[nearest], 0)) ** 0.5}
        if len(trained.classes) > 1:
            total, best = votes[nearest].sum(), int(votes[nearest].argmax())
            found |= {"label": trained.classes[best] if total else "none"}
            found |= {"share": float(votes[nearest, best] / max(total, 1))}
        yield found


def _explain(metrics: Mapping[str, float]) -> list[str]:
    return [
        f"quantisation error {metrics['quantisation_error']:.4g}: mean distance to the nearest unit, after "
        "normalisation",
        f"topographic error {metrics['topographic_error']:.4g}: share of examples whose two nearest units are no "
        "neighbours",
    ]
