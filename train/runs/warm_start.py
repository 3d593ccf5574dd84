"""Initial weights from another run or model: arrays that match by path and shape are taken, and listed."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..checkpoints.checkpoint import newest, read
from ..checkpoints.manifest import MANIFEST
from ..engine.stepper import LoopState
from ..errors import CheckpointUnusable, warn
from ..files import MODEL_FILE
from ..runtime.processes import device_put, gather
from ..trained.file import locate, pretrained_names, read_model
from ..tree import flatten
from .setup import Setup

__all__ = ["read_weights", "warm_start"]

_ROWS = 24  # of one kind; the rest is counted


def warm_start(path: Path, setup: Setup) -> tuple[LoopState, list[str]]:
    """Returns the initial state of a run with given weights, and a table of what was taken, left out and differs.

    Optimizer, schedule and data start from the beginning.

    Raises:
        CheckpointUnusable: if nothing fits, or there are no weights at that path.
    """
    found = read_weights(path)
    fit = setup.advance.init(setup.key)
    own = {"params": fit["params"], "state": fit["state"]}
    named = flatten(gather(own))
    taken = {name for name, array in named.items() if name in found and found[name].shape == array.shape}
    if not any(name.startswith("params/") for name in taken):
        raise CheckpointUnusable(
            "\n".join([f"--init-from {path}: no weights of it fit {setup.recipe.model}", *_table(named, found, taken)])
        )
    leaves, structure = jax.tree_util.tree_flatten(own)
    new = [found[name].astype(leaf.dtype) if name in taken else leaf for name, leaf in zip(named, leaves, strict=True)]
    new = jax.tree.unflatten(structure, new)
    new = device_put(new, setup.advance.sharding.fit(new))
    fit |= new
    if "ema" in fit:
        fit["ema"] = jax.tree.map(jax.numpy.copy, new["params"])
    return LoopState(fit), [f"weights  from {path}: {len(taken)} of {len(named)} arrays", *_table(named, found, taken)]


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of `params` and `state` from a model file, a checkpoint or a run.

    A run gives its best model, else its newest checkpoint; a checkpoint its moving average, if it has one.

    Raises:
        CheckpointUnusable: if there are none, or they are damaged.
    """
    path = path.expanduser()
    path = locate(path) if str(path) in pretrained_names() and not path.is_dir() else path
    if path.is_dir() and not (path / MANIFEST).exists() and (path / MODEL_FILE).exists():
        path = path / MODEL_FILE
    if not path.is_dir():
        return _of_model(read_model(path)[0])
    checkpoint = read(path) if (path / MANIFEST).exists() else newest(path, warn)
    tensors = {name.removeprefix("fit/"): array for name, array in checkpoint.tensors().items()}
    average = {"params" + name.removeprefix("ema"): each for name, each in tensors.items() if name.startswith("ema/")}
    return _of_model(tensors | average)


def _of_model(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array for name, array in tensors.items() if name.startswith(("params/", "state/"))}


def _table(own: dict[str, np.ndarray], found: dict[str, np.ndarray], taken: set[str]) -> list[str]:
    def shape(array: Any) -> str:
        return str(list(array.shape))

    differ = [
        f"  differs  {name}: {shape(found[name])} there, {shape(own[name])} here"
        for name in own
        if name in found and name not in taken
    ]
    kinds = [
        [f"  taken    {name} {shape(own[name])}" for name in own if name in taken],
        differ,
        [f"  new      {name} {shape(own[name])}, not there" for name in own if name not in found],
        [f"  left     {name} {shape(found[name])}, not here" for name in found if name not in own],
    ]
    return [line for lines in kinds for line in _some(lines)]


def _some(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _ROWS else [*lines[:_ROWS], f"{lines[0][:11]}... and {len(lines) - _ROWS} more"]
