"""Clustering: examples are assigned to units, without labels."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..metrics.clustering import adjusted_rand, purity
from .task import Task, public

__all__ = ["cluster"]

TASKS = ("cluster",)


def cluster(outputs: int = 0) -> Task:
    """Builds the assignment of examples to clusters or units of a map.

    The outputs of the model (batch, units) are negative squared distances to the units in the scale of the model; its
    capability `assign(params, state, x)` gives the unit of each example. The mean of the smallest squared distance is
    reported as `inertia`, its root as `quantisation`. Where the data have labels, `purity` (share of examples in the
    majority class of their cluster) and `ari`, the adjusted Rand index (Hubert and Arabie 1985), compare assignments
    with them.

    Args:
        outputs: number of classes of the data; below 2: there are no labels.

    >>> task = cluster()
    >>> task.predict(jnp.array([[-4.0, -1.0]])).tolist(), task.loss(jnp.array([[-4.0, -1.0]]), None).tolist()
    ([1], [1.0])
    """

    def scores(model, params, state, batch, key):
        distances, weight = model.apply(params, state, batch["x"])[0], batch["weight"]
        there, total = weight > 0, jnp.sum(weight)
        sums: dict[str, Any] = {"loss": (jnp.sum(jnp.where(there, _inertia(distances), 0)), total)}
        y = batch.get("y")
        if outputs > 1 and y is not None and y.ndim == 1 and jnp.issubdtype(y.dtype, jnp.integer):
            units = jax.nn.one_hot(model.assign(params, state, batch["x"]), distances.shape[-1])
            # A total, since the adjusted Rand index depends on the number of examples.
            table = jnp.einsum("bu,bc->uc", jnp.where(there[:, None], units, 0), jax.nn.one_hot(y, outputs))
            sums["_table"] = (table, None)
        return sums

    return Task(
        "cluster", lambda distances, target: _inertia(distances), {}, _finish, "inertia", False, predict=_assign,
        probabilities=None, target=lambda batch: batch["x"], scores=scores, units="none", requires=("assign",),
        gives="clusters", output="negative_squared_distances", describe=_describe, compare=_compare, details=_details,
        figures=("clusters",), explain=_explain,
    )  # fmt: skip


def _assign(distances: jax.Array) -> jax.Array:
    return jnp.argmax(distances, axis=-1).astype(jnp.int32)


def _inertia(distances: jax.Array) -> jax.Array:
    return -jnp.max(distances, axis=-1)


def _finish(means: dict) -> dict:
    inertia = float(means["loss"])
    found = public(means) | {"inertia": inertia, "quantisation": max(inertia, 0.0) ** 0.5}
    if "_table" not in means:
        return found
    table = np.rint(np.asarray(means["_table"], np.float64))
    return found | {"purity": purity(table), "ari": adjusted_rand(table)}


def _compare(trained: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(data.test.y), trained.predict(data.test.x)


def _details(data: Dataset, truth: np.ndarray, assigned: np.ndarray) -> dict[str, Any]:
    """Returns the number of test examples of each cluster."""
    return {"clusters": np.bincount(assigned).tolist()}


def _describe(trained: Any, x: Any, score: Callable) -> Iterator[dict[str, Any]]:
    """Yields the cluster of each example and its distance from the centre, in the scale of the model."""
    for distances in trained.outputs(x):
        unit = int(distances.argmax())
        yield {"cluster": unit, "distance": float(max(-distances[unit], 0)) ** 0.5}


def _explain(metrics: Mapping[str, float]) -> list[str]:
    line = f"inertia {metrics['inertia']:.4g}: mean squared distance to the nearest centre, after normalisation"
    if "ari" not in metrics:
        return [line]
    agreement = f"adjusted Rand index {metrics['ari']:.3f}: agreement with the labels, 0 by chance and 1 when equal"
    return [line, f"{agreement}; purity {metrics['purity']:.3f}"]
