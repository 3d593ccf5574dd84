"""Back-propagation of one example, layer by layer: activations, errors and the gradient of every weight."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.normalize import scaled, scaled_targets
from ..errors import BadInput
from ..inference.layers import Network
from ..trainer import eval_params
from .build import Built

__all__ = ["blame"]

_FLAT, _MOST = 0.05, 0.9  # slope of an activation function, and the share of the examples, at which a unit saturates


def blame(built: Built, fit: dict, split: str, index: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Computes the gradients of the loss of one example, as a training step on it alone has them, and their parts.

    Args:
        built: The run.
        fit: Its fit.
        split: train or test.
        index: Number of the example, from 0.

    Returns:
        The loss of the example and the state of the units of each layer, `dead` (its slope is 0 for every training
        example), `saturated` (below a twentieth for nine tenths of them) or empty; and the arrays, each named by what
        it is and the number of its layer: `z0` sums, `a0` activations, `e0` errors (derivatives of the loss by the
        sums), `w0` and `b0` derivatives by weights and biases, `v0` the weights themselves; `x` the inputs.

    Raises:
        BadInput: If the model has no layers of weights, or there is no such example.
    """
    parts, network = built.parts, built.view.network
    if network is None or not network.dense:
        raise BadInput(f"{parts.recipe.model} has no layers through which an error passes back: take mlp or logistic")
    splits = {"train": parts.data.train, "test": parts.data.test}
    if split not in splits or not 0 <= index < len(splits[split].x):
        raise BadInput(f"there is no example {index} among those of {split[:20]!r}")
    chosen = splits[split]
    params, state = eval_params(fit)
    x = jnp.asarray(scaled(parts.scaler, chosen.x[index : index + 1]))
    y = jnp.asarray(scaled_targets(parts.target_scaler, chosen.y[index : index + 1]))
    loss, passed = _pass(network, parts.task, params, state, x, y)
    slopes = _slopes(network, params, state, jnp.asarray(scaled(parts.scaler, parts.data.train.x)))
    found = {name: np.asarray(each, np.float32) for name, each in passed.items()}
    units = [[_named(slope) for slope in each.T] for each in map(np.asarray, slopes)]
    return {"loss": float(loss), "units": units, "split": split, "index": index}, found


def _pass(network: Network, task: Any, params: Any, state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, dict]:
    """Returns the loss of an example, and the arrays of the forward and the backward pass."""
    seen: dict[str, jax.Array] = {}

    def cost(params, shifts):
        def tap(path, value):
            value = value + shifts[path] if path in shifts else value
            seen[path] = jax.lax.stop_gradient(value)
            return value

        outputs = network.tapped(params, state, x, tap)
        return task.mean(task.loss(outputs, y), y), dict(seen)

    sizes = zip(network.dense, network.sizes, strict=True)
    zeros = {path: jnp.zeros((1, size)) for path, size in sizes}
    (loss, seen), (slopes, errors) = jax.value_and_grad(cost, argnums=(0, 1), has_aux=True)(params, zeros)
    found = {"x": x[0]}
    for i, (path, end) in enumerate(zip(network.dense, network.outputs, strict=True)):
        here, own = network.at(slopes, path), network.at(params, path)
        found |= {f"z{i}": seen[path][0], f"a{i}": seen[end][0], f"e{i}": errors[path][0]}
        found |= {f"w{i}": here["w"], f"b{i}": here.get("b", jnp.zeros(0)), f"v{i}": own["w"]}
    return loss, found


def _slopes(network: Network, params: Any, state: Any, x: jax.Array) -> list[jax.Array]:
    """Returns the slope (examples, units) of the activation function of each hidden layer."""

    def activations(shift, path, end):
        seen: dict[str, jax.Array] = {}

        def tap(name, value):
            value = value + shift if name == path else value
            seen[name] = value
            return value

        network.tapped(params, state, x, tap)
        return seen[end]

    def slope(path, end, size):
        zero = jnp.zeros((len(x), size))
        return jax.jvp(lambda shift: activations(shift, path, end), (zero,), (jnp.ones_like(zero),))[1]

    layers = list(zip(network.dense, network.outputs, network.sizes, strict=True))
    return [slope(*layer) for layer in layers[:-1]]


def _named(slopes: np.ndarray) -> str:
    sizes = np.abs(slopes)
    return "dead" if sizes.max() == 0 else "saturated" if np.quantile(sizes, _MOST) < _FLAT else ""
