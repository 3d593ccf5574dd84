"""Dual problem of support vector machines: sequential steps with a kernel, coordinate ascent without one."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np

from zoo.layers import flatten

from ..data.normalize import scaled
from ..errors import BadInput, warn
from ..option_types import Bounds
from ..runtime.out_of_memory import available_memory
from ..tasks.task import Task
from ..trainer import Trainer, named_key
from ..units import format_bytes
from . import Run
from ._dual_steps import Options, dual_step
from ._machines import held_parts, largest, members
from .scoring import scores

__all__ = ["dual"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all"}

_ROUNDING = 1 + 1e-5  # of a mean in float32
_ON = 1e-2  # decision values this far from a margin lie on it


def dual(
    model: Any,
    task: Task,
    run: Run,
    *,
    cost: Annotated[float, Bounds(0, open_low=True)] = 1.0,
    squared: bool = False,
    epsilon: Annotated[float, Bounds(0)] = 0.1,
    tolerance: Annotated[float, Bounds(0, open_low=True)] = 1e-3,
    folds: Annotated[int, Bounds(0)] = 3,
    block: Annotated[int, Bounds(2)] | None = None,
    iterations: Annotated[int, Bounds(1)] = 1000,
) -> Trainer:
    """Makes the trainer of support vector machines, which by default need one step over all examples.

    Several steps (`--epochs`) with fewer iterations each can be interrupted between them; machines whose gap is small
    enough are left as they are.

    Args:
        model: a `svm`.
        task: classification or regression.
        run: gives the recipe and the targets.
        cost: weight C of the errors beside the width of the margin.
        squared: squared hinge loss, for the kernel none.
        epsilon: half the width of the tube of a regression, inside which errors count nothing, in standard deviations
            of the targets.
        tolerance: largest violation of the KKT conditions at which a machine is solved.
        folds: parts of the examples, each of which is held back once to fit Platt's probabilities; 0: none, and logits
            are 5 times the decision values.
        block: kernel values in memory, in rows of all examples of a machine (default: all of them up to 4,096 rows,
            else 1,024).
        iterations: most working sets of a machine that are solved in a step, which ends where they make no progress.

    Raises:
        BadInput: if the model is no `svm`, an option is out of bounds, or the kernel values do not fit in memory.
    """
    options = Options(cost, squared, epsilon, tolerance, folds, block, iterations)
    _check(model, run, options)
    base, size = scores(model, task), lambda n: largest(run.targets, model.pairs, n)

    def init(key, batch):
        x, y = flatten(batch["x"]), batch["y"]
        params, state = model.init(key, batch["x"])
        count, here = len(params["machines"]["bias"]), options._replace(values=_are_values(y))
        _check_targets(y, model, count)
        if model.kernel is not None:
            params = params | {"machines": _with_room(params["machines"], x)}
        held = held_parts(named_key(key, "folds"), y, folds)
        return {"params": params, "state": state, "held": held, "solver": _unsolved(count, size(len(x)), here)}

    def step(fit, batch, key):
        x, y = flatten(batch["x"]), batch["y"]
        here = options._replace(values=_are_values(y))
        each = members(y, model.pairs, len(fit["params"]["machines"]["bias"]), size(len(x)))
        return dual_step(fit, x, each, model.kernel, here)

    def evaluate(fit, batch, key):
        total, measured = jnp.sum(batch["weight"]), {"kkt_gap": jnp.max(fit["state"]["kkt_gap"])}
        machines = fit["params"]["machines"]
        if "vectors" in machines:
            measured["support_vectors"] = jnp.sum(jnp.any(machines["coefficients"] != 0, axis=1))
        return base(fit, batch, key) | {name: (value * total, total) for name, value in measured.items()}

    return Trainer(init, step, evaluate, task.finish, (_draw_margins,), partial(_unsolved_machines, options, run))


def _unsolved_machines(options: Options, run: Run, metrics: Mapping[str, float]) -> list[str]:
    """Returns a line about machines whose gap is above the tolerance, with what to do; none if all are solved."""
    gap, longer = metrics["kkt_gap"], "--epochs" if run.recipe.steps is None else "--steps"
    if gap <= options.tolerance * _ROUNDING:
        return []
    return [
        f"not all machines are solved: the gap of the KKT conditions is {gap:.2g}, above --t.tolerance "
        f"{options.tolerance:g}. Give more --t.iterations (now {options.iterations:,}), or continue with more {longer} "
        f"(now {run.steps:,}); if the gap stays, rounding keeps it open, and training ends as soon as it falls no "
        "further: give a smaller --t.cost, scaled inputs (--normalize) or a larger --t.tolerance"
    ]


def _draw_margins(drawing: Any) -> None:
    """Draws the margins and the support vectors of one machine in the plane; without a kernel, of the examples."""
    from ..plots.margins import margins

    model, (x, y) = drawing.model, drawing.data.train[:2]
    if drawing.kind != "points" or model.task.name != "binary":
        return

    def decide(points):
        return np.asarray(model.model.decision(model.params, model.state, scaled(model.scaler, points)))[:, 0]

    if model.model.kernel is None:
        vectors = x[(2 * y - 1) * decide(x) <= 1 + _ON]
    else:
        vectors = model.scaler.invert(np.asarray(model.params["machines"]["vectors"]))
    margins(decide, np.asarray(x), np.asarray(y), vectors, drawing.folder / "margins.png", drawing.data.classes)


def _with_room(machines: dict, x: jax.Array) -> dict:
    """Returns the parameters of machines whose vectors are the examples."""
    count = machines["coefficients"].shape[1]
    return machines | {"vectors": x, "coefficients": jnp.zeros((len(x), count))}


def _unsolved(count: int, examples: int, options: Options) -> dict[str, jax.Array]:
    """Returns the problems of `count` machines before the first step; checks the memory that they will need."""
    variables, problems = examples * (1 + options.values), 1 if options.values else options.folds + 1
    _check_memory(variables, options)
    return {
        "b": jnp.zeros((count, problems, variables)),
        "f": jnp.zeros((count, problems, examples)),
        "gap": jnp.full((count, problems), jnp.inf),
    }


def _are_values(y: jax.Array) -> bool:
    return jnp.issubdtype(y.dtype, jnp.floating)


def _check_targets(y: jax.Array, model: Any, outputs: int) -> None:
    """Raises BadInput if the machines of the model do not suit the targets."""
    several = y.ndim > 1 and y.shape[1] > 1
    if several and model.scheme != "separate":
        raise BadInput(
            f"--m.scheme {model.scheme} separates classes, the targets are {y.shape[1]} "
            f"{'values' if _are_values(y) else 'labels'} of each example: give --m.scheme separate"
        )
    if model.scheme == "separate" and y.ndim == 1 and outputs > 1:
        raise BadInput("--m.scheme separate is for several labels or values of each example: leave it out")


def _check_memory(variables: int, options: Options) -> None:
    """Warns that not all kernel values fit in memory at a time; raises BadInput if a block of them does not."""
    size, limit = options.rows(variables), available_memory()
    whole, needed = 4 * variables**2, 4 * size * variables
    if limit is not None and needed > limit:
        most = max(int(limit / 8 / variables), 2)
        raise BadInput(
            f"{size:,} x {variables:,} kernel values need {format_bytes(needed)}, there are {format_bytes(limit)}: "
            f"give --t.block {min(most, 1024)} ({format_bytes(4 * min(most, 1024) * variables)}), or --m.kernel none"
        )
    if size < variables:
        warn(
            f"all {variables:,} x {variables:,} kernel values of a machine would need {format_bytes(whole)}: they are "
            f"computed {size:,} rows at a time, in {format_bytes(needed)} (--t.block)"
        )


def _check(model: Any, run: Run, options: Options) -> None:
    """Raises BadInput if the model is no `svm`, or an option is out of bounds."""
    name, recipe = run.recipe.trainer, run.recipe
    if not hasattr(model, "decision"):
        raise BadInput(f"the trainer {name} needs a model with decision values, such as svm; {recipe.model} has none")
    if recipe.m.get("vectors") is not None:
        raise BadInput(
            f"--m.vectors {recipe.m['vectors']}: training decides the number of support vectors; leave it out"
        )
    if options.folds == 1:
        raise BadInput(f"--t.folds {options.folds} must be 0, or at least 2: each part is held back once")
    if options.squared and model.kernel is not None:
        raise BadInput("--t.squared has an effect without a kernel only: give --m.kernel none as well")
    if recipe.augment != "none":
        raise BadInput(f"--augment {recipe.augment}: {recipe.model} learns from the images as they are; leave it out")
