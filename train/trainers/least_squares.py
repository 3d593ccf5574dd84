"""Least squares: the linear layer of a model with features in closed form, by ridge regression."""

from collections.abc import Callable
from typing import Annotated, Any

import jax
import jax.numpy as jnp

from zoo.layers import Layer

from ..errors import BadInput
from ..option_types import Bounds
from ..tasks.task import Task, weights_of
from ..trainer import Trainer
from . import Run
from .scoring import scores

__all__ = [
    "add_rows",
    "by_rows",
    "check",
    "check_model",
    "least_squares",
    "no_rows",
    "ridge_regression",
    "solution",
    "solved",
    "targets_of",
    "with_head",
]

TRAITS = {
    "gradient": False,
    "reads": ("loss", "label_smoothing", "class_weights"),
    "schedule": False,
    "batch": "all",
    "shares_programs": True,
    "weights": True,
}

_ROWS = 4096  # examples whose features are computed at a time
_SCALES = 96  # factors of the outputs that are tried for classes


def least_squares(
    model: Layer, task: Task, run: Run, *, ridge: Annotated[float, Bounds(0, open_low=True)] = 10.0
) -> Trainer:
    """Makes the trainer that solves the layer `head` of a model on its features, in one step over all examples.

    Classes are the targets 1 and -1 of an output each; their outputs are then multiplied by the one number with which
    the loss of the training examples is least, which changes no class but makes probabilities of them.

    Args:
        model: model with the capability `features(params, state, x) -> (batch, n)`.
        task: classification or regression.
        run: gives the number of steps.
        ridge: weight of the sum of squared weights beside the sum of squared errors (alpha of scikit-learn's Ridge).

    Raises:
        BadInput: if the model has no features, or the run has more than one step.
    """
    check(model, run)

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        params, loss = solved(model, task, fit["params"], fit["state"], batch, ridge)
        return fit | {"params": params}, {"loss": loss}

    return Trainer(init, step, scores(model, task), task.finish)


def check(model: Any, run: Run) -> None:
    """Raises BadInput if a model has no features, or a run has more than one step."""
    check_model(model, run)
    if run.steps != 1:
        raise BadInput(
            f"{run.recipe.model} is solved from all examples in one step, not {run.steps}: leave --epochs and --steps"
        )


def check_model(model: Any, run: Run) -> None:
    """Raises BadInput if a model has no features."""
    if not hasattr(model, "features"):
        raise BadInput(f"the trainer {run.recipe.trainer} needs a model with features; {run.recipe.model} has none")


def solved(model: Any, task: Task, params: dict, state: Any, batch: dict, ridge: float) -> tuple[dict, jax.Array]:
    """Solves the layer `head` of a model on a batch.

    Args:
        model: model with features.
        task: its task.
        params: its parameters.
        state: its state.
        batch: all training examples.
        ridge: weight of the squared weights.

    Returns:
        The parameters with the new head, and the loss of the batch.
    """
    wanted = targets_of(task, params, batch)
    weights = _weights(task, batch)
    head = ridge_regression(lambda x: model.features(params, state, x), batch["x"], wanted, ridge, weights)
    return with_head(model, task, params | {"head": head}, state, batch)


def _weights(task: Task, batch: dict) -> jax.Array | None:
    """Returns the weight of each example, its own times that of its class; None: all count the same."""
    if not task.class_weights:
        return batch.get("weight")
    return weights_of(task.target(batch), task.class_weights) * batch.get("weight", 1)


def with_head(model: Any, task: Task, params: dict, state: Any, batch: dict) -> tuple[dict, jax.Array]:
    """Returns the parameters, outputs of classes scaled to the least loss of a batch, and that loss."""
    x, y, head, weight = batch["x"], task.target(batch), params["head"], batch.get("weight")
    made = by_rows(lambda x: model.apply(params, state, x)[0], x)

    def mean(values):
        return task.mean(values, y) if weight is None else jnp.average(values, weights=weight)

    if task.probabilities is None:
        return params, mean(task.loss(made, y))
    scales = jnp.exp2(jnp.arange(_SCALES) / 8 - 4)  # 1/16 to 2^7.9; made here, as programs hold few constants
    losses = jax.lax.map(lambda scale: mean(task.loss(scale * made, y)), scales)
    best = jnp.argmin(losses)
    return params | {"head": jax.tree.map(lambda each: scales[best] * each, head)}, losses[best]


def ridge_regression(
    features: Callable, x: jax.Array, y: jax.Array, ridge: float, weights: jax.Array | None = None
) -> dict[str, jax.Array]:
    """Solves `min sum_i weights_i |features(x_i) w + b - y_i|^2 + ridge |w|^2`, some rows at a time.

    The triangle of a QR decomposition is carried from rows to rows: normal equations would square the condition number,
    which float32 does not have the digits for (Golub and Van Loan 2013, section 5.3).

    Args:
        features: `(rows, ...) -> (rows, n)`.
        x: inputs (examples, ...).
        y: targets float (examples, outputs).
        ridge: positive; b is free.
        weights: of the examples (examples,), not negative; None: 1.

    Returns:
        `w` (n, outputs) and `b` (outputs,).

    >>> x = jnp.array([[0.0], [1.0], [2.0]])
    >>> head = ridge_regression(lambda x: x, x, 3 * x + 1, 1e-6)
    >>> print(f"{head['w'].item():.3f} {head['b'].item():.3f}")
    3.000 1.000
    """
    n, k = jax.eval_shape(features, x[:1]).shape[1], y.shape[1]

    def add(triangle, rows):
        x, y, factors = rows
        return add_rows(triangle, features(x), y, factors), None

    factors = jnp.ones(len(x)) if weights is None else jnp.sqrt(weights)  # 0 for the rows that fill the last part
    triangle, _ = jax.lax.scan(add, no_rows(n, k, ridge), _in_rows((x, y, factors)))
    return solution(triangle, k)


def no_rows(features: int, outputs: int, ridge: float) -> jax.Array:
    """Returns the triangle (features + 1 + outputs, the same) of ridge regression before the first row."""
    return jnp.diag(jnp.concatenate([jnp.full(features, jnp.sqrt(ridge)), jnp.zeros(1 + outputs)]))


def add_rows(triangle: jax.Array, h: jax.Array, y: jax.Array, factors: jax.Array) -> jax.Array:
    """Returns the triangle with further rows.

    Args:
        triangle: that of the rows before.
        h: features (rows, n).
        y: targets (rows, outputs).
        factors: square roots of the weights (rows,); 0 for a row that does not count.
    """
    system = jnp.concatenate([h, jnp.ones((len(h), 1)), y], axis=1) * factors[:, None]
    return jnp.linalg.qr(jnp.concatenate([triangle, system]), mode="r")


def solution(triangle: jax.Array, outputs: int) -> dict[str, jax.Array]:
    """Returns weights and biases, the solution for all rows of a triangle."""
    n = len(triangle) - outputs
    w = jax.scipy.linalg.solve_triangular(triangle[:n, :n], triangle[:n, n:])
    return {"w": w[:-1], "b": w[-1]}


def by_rows(function: Callable, x: jax.Array) -> Any:
    """Computes a function of examples, an array or several, some rows at a time."""
    made = jax.lax.map(function, _in_rows(x))
    return jax.tree.map(lambda each: each.reshape(-1, *each.shape[2:])[: len(x)], made)


def _in_rows(arrays: Any) -> Any:
    """Cuts arrays into (parts, rows, ...); the last part is filled with zeros."""

    def cut(each):
        parts = -(-len(each) // _ROWS)
        rows = -(-len(each) // parts)
        filled = jnp.pad(each, [(0, parts * rows - len(each)), *[(0, 0)] * (each.ndim - 1)])
        return filled.reshape(parts, rows, *each.shape[1:])

    return jax.tree.map(cut, arrays)


def targets_of(task: Task, params: dict, batch: dict) -> jax.Array:
    """Returns the targets of the layer `head` (examples, outputs): classes as 1 and -1, numbers as they are."""
    y, outputs = task.target(batch), params["head"]["w"].shape[1]
    if jnp.issubdtype(y.dtype, jnp.floating):
        return y.reshape(len(y), -1)
    if y.ndim == 1 and outputs > 1:
        return 2 * jax.nn.one_hot(y, outputs) - 1
    return 2 * y.reshape(len(y), -1).astype(jnp.float32) - 1
