"""Conversion of recurrent weights to and from the state dicts of PyTorch's nn.RNN, nn.LSTM and nn.GRU.

PyTorch stores `weight_ih_l0` (gates * width, features), `weight_hh_l0` and two biases per layer, which are added; names
of the backward direction end in `_reverse`. The order of the gates is the same as here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from .base import describe

__all__ = ["from_torch", "to_torch"]


def to_torch(params: Mapping, prefix: str = "") -> dict[str, np.ndarray]:
    """Converts parameters of a `scan`, `bidirectional` or `stacked` layer to a PyTorch state dict of numpy arrays.

    Args:
        params: parameters of cells that PyTorch supports: `rnn_cell`, `lstm_cell` (also with projection), `gru_cell`.
        prefix: prefix of every name, e.g. "lstm." if the module is the attribute `lstm` of another one.

    Raises:
        ValueError: if PyTorch does not support the cell: peepholes, layer norm, or a GRU with `reset="before"`.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gru_cell, scan
    >>> params, _ = scan(gru_cell(4)).init(jax.random.key(0), jnp.ones((1, 5, 3)))
    >>> {name: w.shape for name, w in to_torch(params).items() if "weight" in name}
    {'weight_ih_l0': (12, 3), 'weight_hh_l0': (12, 4)}
    """
    weights = {}
    for place, cell in _cells(params):
        b = np.asarray(cell["b"])
        extra = np.zeros_like(b)
        if "b_h" in cell:
            extra[-cell["b_h"].shape[0] :] = cell["b_h"]
        one = {"weight_ih": cell["w_x"], "weight_hh": cell["w_h"], "bias_ih": b, "bias_hh": extra}
        one |= {"weight_hr": cell["w_p"]} if "w_p" in cell else {}
        weights |= {f"{prefix}{name}_{place}": np.asarray(w).T.copy() for name, w in one.items()}
    return weights


def from_torch(weights: Mapping[str, Any], like: Mapping, prefix: str = "") -> dict:
    """Converts a PyTorch state dict to parameters of an equivalent layer.

    Args:
        weights: state dict of the module: numpy arrays, or values accepted by `numpy.asarray` (CPU tensors). Biases of
            a module with `bias=False` become 0.
        like: parameters of the layer, as returned by `init`; the result has their structure and dtypes.
        prefix: prefix of every name; names without it are ignored.

    Returns:
        Parameters for the layer's `apply`.

    Raises:
        ValueError: if a weight is missing, unexpected or of another shape; the message names it.

    >>> import jax, jax.numpy as jnp
    >>> from zoo.layers import gru_cell, scan
    >>> params, _ = scan(gru_cell(4)).init(jax.random.key(0), jnp.ones((1, 5, 3)))
    >>> same = from_torch(to_torch(params), params)
    >>> bool(jnp.all(same["w_h"] == params["w_h"]))
    True
    """
    weights = {name.removeprefix(prefix): np.asarray(w) for name, w in weights.items() if name.startswith(prefix)}
    left, cells = dict(weights), {}
    if not any(name.startswith("bias") for name in weights):
        left |= {name: np.zeros_like(w) for name, w in to_torch(like).items() if name.startswith("bias")}
    for place, cell in _cells(like):
        cells[place] = {name: jnp.asarray(w, cell[name].dtype) for name, w in _take(left, place, cell).items()}
    if left:
        raise ValueError(f"from_torch: unexpected weights {', '.join(left)}; the layer has {describe(like)}")
    return _rebuilt(like, cells)


def _cells(params: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yields the PyTorch suffix and the parameters of each cell."""
    layers = [params[name] for name in sorted(params, key=int)] if "0" in params else [params]
    for i, layer in enumerate(layers):
        directions = {"": layer["fwd"], "_reverse": layer["bwd"]} if "fwd" in layer else {"": layer}
        for suffix, cell in directions.items():
            _check(cell, f"l{i}{suffix}")
            yield f"l{i}{suffix}", cell


def _check(cell: Mapping, place: str) -> None:
    gru = cell["b"].shape[0] == 3 * cell["w_h"].shape[0] if "w_h" in cell else False
    known = {"w_x", "w_h", "b"} | ({"b_h"} if gru else {"w_p"})
    if not {"w_x", "w_h", "b"} <= set(cell) <= known or gru != ("b_h" in cell):
        raise ValueError(
            f"PyTorch does not support the cell {place} with {', '.join(cell)}: no peepholes, no layer norm, and "
            "GRUs only with reset='after'"
        )


def _take(left: dict, place: str, cell: Mapping) -> dict:
    """Removes the arrays of one cell from the remaining weights and transposes them."""

    def take(name, shape):
        name = f"{name}_{place}"
        if name not in left:
            raise ValueError(f"from_torch: {name} is missing; the remaining weights are {', '.join(left) or 'none'}")
        if left[name].shape != shape:
            raise ValueError(f"from_torch: {name} has shape {left[name].shape}, expected {shape}")
        return left.pop(name).T

    kernels = {"w_x": "weight_ih", "w_h": "weight_hh"} | ({"w_p": "weight_hr"} if "w_p" in cell else {})
    made = {own: take(name, cell[own].shape[::-1]) for own, name in kernels.items()}
    b, extra = take("bias_ih", cell["b"].shape), take("bias_hh", cell["b"].shape)
    if "b_h" not in cell:
        return made | {"b": b + extra}
    gates = b.shape[0] // 3 * 2
    # r and z add both biases; in n the second one is multiplied by the reset gate.
    return made | {"b": np.concatenate([b[:gates] + extra[:gates], b[gates:]]), "b_h": extra[gates:]}


def _rebuilt(like: Mapping, cells: dict) -> dict:
    flat = iter(cells.values())

    def layer(part):
        return {name: next(flat) for name in ("fwd", "bwd")} if "fwd" in part else next(flat)

    return {name: layer(like[name]) for name in sorted(like, key=int)} if "0" in like else layer(like)
