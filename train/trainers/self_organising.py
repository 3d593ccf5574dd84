"""Competitive learning on a grid: the nearest unit of an example and its neighbours move towards it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp

from zoo.layers import flatten
from zoo.layers.distances import smallest, squared_distances, two_smallest

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from . import Run
from .least_squares import by_rows
from .scoring import scores

__all__ = ["principal_plane", "self_organising"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all"}

_STEPS = 64  # of the online rule, after which the norms of the units are computed anew


def self_organising(
    model: Any,
    task: Task,
    run: Run,
    *,
    rule: Literal["batch", "online"] = "batch",
    neighbourhood: Literal["gaussian", "bubble"] = "gaussian",
    start: Literal["plane", "examples"] = "plane",
    radius: Annotated[float, Bounds(0, open_low=True)] | None = None,
    last_radius: Annotated[float, Bounds(0, open_low=True)] = 0.5,
    rate: Annotated[float, Bounds(0, 1, open_low=True)] = 0.5,
    last_rate: Annotated[float, Bounds(0, 1, open_low=True)] = 0.01,
) -> Trainer:
    """Makes the trainer of a self-organising map; a step is one pass over all examples.

    The radius of the neighbourhood falls exponentially over the run, the rate linearly.

    Args:
        model: a `kohonen`.
        task: topographic_map or cluster.
        run: gives the number of steps.
        rule: batch, every unit moves to the mean of the examples weighted by its neighbourhood; online, the rule of
            Kohonen 1982, one example after another in random order.
        neighbourhood: weight by distance on the grid: gaussian, or bubble, 1 inside the radius.
        start: units at first: plane, on the plane of the two principal components, or examples, drawn at random.
        radius: radius at first (default: half of the shorter side).
        last_radius: radius at the end.
        rate: share of the way to an example at first (online).
        last_rate: that share at the end (online).

    Raises:
        BadInput: if the model has no grid, or an option is out of bounds.
    """
    schedule = _schedule(model, run, radius, last_radius, rate, last_rate)
    distances = jnp.asarray(model.grid.distances, jnp.float32)
    keeps = rule == "batch" and run.recipe.augment == "none"  # the examples of the next step are those of this one
    pull = _gaussian if neighbourhood == "gaussian" else _bubble
    place = {"plane": principal_plane, "examples": _drawn}[start]

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        units = place(named_key(key, "units"), flatten(batch["x"]), model.grid.shape)
        fit = {"params": params | {"map": {"units": units}}, "state": state, "step": jnp.zeros((), jnp.int32)}
        return fit | ({"nearest": _nearest(units, flatten(batch["x"]))} if keeps else {})

    def step(fit, batch, key):
        x, units = flatten(batch["x"]), fit["params"]["map"]["units"]
        if rule == "batch":
            nearest = fit["nearest"] if keeps else _nearest(units, x)
            weight = pull(distances, schedule(fit["step"] / max(run.steps - 1, 1))[0])
            units = _means(units, x, nearest, weight)
        else:
            radii, rates = schedule((fit["step"] + jnp.arange(len(x)) / len(x)) / run.steps)
            units = _one_by_one(units, jax.random.permutation(key, x), radii, rates, distances, pull)
        near, distance = by_rows(lambda rows: _two_nearest(rows, units), x)
        state = {"votes": _votes(fit["state"]["votes"], near[:, 0], batch.get("y"))}
        moved = {"params": fit["params"] | {"map": {"units": units}}, "state": state, "step": fit["step"] + 1}
        moved |= {"nearest": near[:, 0]} if keeps else {}
        return moved, _errors(distance, distances[near[:, 0], near[:, 1]] > model.grid.reach)

    return Trainer(init, step, scores(model, task), task.finish)


def _schedule(
    model: Any, run: Run, radius: float | None, last_radius: float, rate: float, last_rate: float
) -> Callable[[Any], tuple[Any, Any]]:
    """Returns the function from a share of the run to radius and rate.

    Raises:
        BadInput: if the model has no grid, or a value is out of bounds.
    """
    if not hasattr(model, "grid"):
        raise BadInput(f"the trainer {run.recipe.trainer} needs a model on a grid; {run.recipe.model} has none")
    first = max(min(model.grid.shape) / 2, last_radius) if radius is None else radius
    if not first >= last_radius > 0 or not 1 >= rate >= last_rate > 0:
        raise BadInput(
            f"--t.radius {first:g} must be at least --t.last-radius {last_radius:g}, and --t.rate {rate:g}, at most 1, "
            f"at least --t.last-rate {last_rate:g}; all of them above 0"
        )
    return lambda time: (first * (last_radius / first) ** time, rate + (last_rate - rate) * time)


def principal_plane(key: jax.Array, x: jax.Array, shape: tuple[int, int]) -> jax.Array:
    """Places units (rows * columns, features) on the plane of the two largest principal components.

    The longer side of the grid lies along the first; the grid spans one standard deviation to each side of the mean.
    """
    mean = jnp.mean(x, axis=0)
    variances, axes = jnp.linalg.eigh((x - mean).T @ (x - mean) / len(x))
    spread = axes[:, ::-1] * jnp.sqrt(jnp.maximum(variances[::-1], 0))
    spread = jnp.pad(spread, ((0, 0), (0, max(2 - spread.shape[1], 0))))[:, :2]  # one feature has one component
    down, along = (jnp.linspace(-1, 1, size) if size > 1 else jnp.zeros(1) for size in shape)
    down, along = jnp.meshgrid(down, along, indexing="ij")
    one, two = (along, down) if shape[1] >= shape[0] else (down, along)
    return mean + one.reshape(-1, 1) * spread[:, 0] + two.reshape(-1, 1) * spread[:, 1]


def _drawn(key: jax.Array, x: jax.Array, shape: tuple[int, int]) -> jax.Array:
    count = shape[0] * shape[1]
    return x[jax.random.choice(key, len(x), (count,), replace=len(x) < count)]


def _gaussian(distance: jax.Array, radius: jax.Array) -> jax.Array:
    return jnp.exp(-0.5 * jnp.square(distance * (1 / radius)))  # one division instead of one for each unit


def _bubble(distance: jax.Array, radius: jax.Array) -> jax.Array:
    return (distance <= radius).astype(jnp.float32)


def _one_by_one(
    units: jax.Array, x: jax.Array, radii: jax.Array, rates: jax.Array, distances: jax.Array, pull: Callable
) -> jax.Array:
    """Moves the units by Kohonen's rule, one example after another.

    The nearest unit has the least `|w|^2 - 2 x.w`; the squares of the norms follow from those before. Around the mean
    of the examples, and for some steps, float32 has the digits for both.
    """
    middle, parts = jnp.mean(x, axis=0), -(-len(x) // _STEPS)
    x, ones = x - middle, jnp.ones(x.shape[1])  # XLA's CPU compiler does not vectorise a sum over rows

    def cut(each):  # steps of the rate 0 fill the last part
        filled = jnp.pad(each, ((0, parts * _STEPS - len(each)), *((0, 0),) * (each.ndim - 1)))
        return filled.reshape(parts, _STEPS, *each.shape[1:])

    def move(held, example):
        (units, squares), (x, square, radius, rate) = held, example
        products = jnp.dot(units, x, precision="highest")
        share = rate * pull(distances[smallest(squares - 2 * products)], radius)
        squares = jnp.square(1 - share) * squares + 2 * share * (1 - share) * products + jnp.square(share) * square
        return (units + share[:, None] * (x - units), squares), None

    def several(units, part):
        return jax.lax.scan(move, (units, jnp.square(units) @ ones), part)[0][0], None

    examples = cut(x), cut(jnp.square(x) @ ones), jnp.maximum(cut(radii), jnp.min(radii)), cut(rates)
    return jax.lax.scan(several, units - middle, examples)[0] + middle


def _nearest(units: jax.Array, x: jax.Array) -> jax.Array:
    """Returns the nearest unit of each example."""
    return by_rows(lambda rows: smallest(squared_distances(rows, units)), x)


def _means(units: jax.Array, x: jax.Array, nearest: jax.Array, weight: jax.Array) -> jax.Array:
    """Moves every unit to the weighted mean of the examples; one that no example reaches stays."""
    sums = weight @ jnp.zeros_like(units).at[nearest].add(x)
    counts = weight @ jnp.zeros(len(units)).at[nearest].add(1)
    reached = counts > 1e-6
    return jnp.where(reached[:, None], sums / jnp.where(reached, counts, 1)[:, None], units)


def _two_nearest(x: jax.Array, units: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns the two nearest units of each example (examples, 2), and its squared distance from the nearest."""
    distances = squared_distances(x, units)
    return two_smallest(distances), jnp.min(distances, axis=1)


def _errors(distance: jax.Array, apart: jax.Array) -> dict[str, jax.Array]:
    return {
        "loss": jnp.mean(distance),
        "quantisation_error": jnp.mean(jnp.sqrt(distance)),
        "topographic_error": jnp.mean(apart.astype(jnp.float32)),
    }


def _votes(votes: jax.Array, nearest: jax.Array, y: jax.Array | None) -> jax.Array:
    """Counts the classes of the examples of each unit; without labels, the examples."""
    labelled = y is not None and y.ndim == 1 and votes.shape[1] > 1 and jnp.issubdtype(y.dtype, jnp.integer)
    return jnp.zeros_like(votes).at[nearest, y if labelled else 0].add(1)
