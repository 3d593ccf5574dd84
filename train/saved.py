"""A trained model on disk: one safetensors file that describes itself, and what it is once loaded.

The description lies in the file's own header: which animal, with which options, on what input, with which result.
Loading needs no code arguments and runs nothing that the file says.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer

from .data.normalize import Scaler
from .data.source import source
from .errors import CheckpointUnusable
from .setup import make_model
from .tasks import Task, task_for

__all__ = ["Trained", "flatten", "load", "save"]

_FORMAT = 1
_FILE = "model.safetensors"
_CHUNK = 1000


@dataclass(frozen=True, repr=False)
class Trained:
    """A trained model with its preprocessing: raw inputs in, answers out.

    Attributes:
        model: the pair; `model.apply(params, state, scaler.apply(x))` gives the outputs that `predict` reads.
        params: its trained parameters.
        state: its state, batch norm's statistics among it.
        scaler: what was fitted on the training inputs.
        target_scaler: likewise for the targets of a regression, else None.
        task: what the outputs mean.
        classes: their names, in the order of the outputs; empty for a regression.
        about: all that the file says of itself: animal, options, data, metrics.
    """

    model: Layer
    params: Any
    state: Any
    scaler: Scaler
    target_scaler: Scaler | None
    task: Task
    classes: tuple[str, ...]
    about: Mapping[str, Any]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.about["input_shape"])

    def __repr__(self) -> str:
        told = {name: self.about["metrics"].get(name) for name in (self.task.headline, "loss")}
        scores = ", ".join(f"{name} {value:.4g}" for name, value in told.items() if value is not None)
        shape = "x".join(map(str, self.input_shape))
        answers = f"{len(self.classes)} classes" if self.classes else self.about["target"] or "a number"
        return f"<{self.about['model']} trained on {self.about['dataset']}: {shape} -> {answers}, test {scores}>"

    def outputs(self, x: Any) -> np.ndarray:
        """What the model gives for raw inputs (batch, *input_shape), or for one input without the batch axis.

        Raises:
            ValueError: if the shape is another.
        """
        x, alone = self._checked(x)
        size = min(_CHUNK, len(x))
        whole = np.concatenate([x, np.repeat(x[-1:], -len(x) % size, axis=0)])
        parts = [np.asarray(self._run(part)) for part in np.split(whole, len(whole) // size)]
        y = np.concatenate(parts)[: len(x)]
        return y[0] if alone else y

    def predict(self, x: Any) -> np.ndarray:
        """The answer for raw inputs: the class's index, or the value in the target's own units."""
        outputs, alone = np.atleast_2d(self.outputs(x)), np.ndim(x) == len(self.input_shape)
        if self.target_scaler is not None:
            outputs = self.target_scaler.invert(outputs)
        answers = np.asarray(self.task.predict(outputs))
        return answers[0] if alone else answers

    def probabilities(self, x: Any) -> np.ndarray:
        """The probability of each class for raw inputs: (batch, classes).

        Raises:
            ValueError: for a regression, which has none.
        """
        if self.task.probabilities is None:
            raise ValueError(f"{self.about['model']} on {self.about['dataset']} is a regression: use predict")
        outputs, alone = np.atleast_2d(self.outputs(x)), np.ndim(x) == len(self.input_shape)
        shares = np.asarray(self.task.probabilities(outputs))
        return shares[0] if alone else shares

    @cached_property
    def _run(self) -> Callable[[Any], jax.Array]:
        return jax.jit(lambda x: self.model.apply(self.params, self.state, self.scaler.apply(x))[0])

    def _checked(self, x: Any) -> tuple[np.ndarray, bool]:
        x, shape = np.asarray(x), self.input_shape
        if x.shape == shape:
            return x[None], True
        if x.shape[1:] != shape or not len(x):
            one, many = ", ".join(map(str, shape)), ", ".join(map(str, ("batch", *shape)))
            raise ValueError(f"{self.about['model']} wants inputs ({many}) or one of ({one}), got shape {x.shape}")
        if x.dtype.kind not in "biuf":
            raise ValueError(f"{self.about['model']} wants numbers, got {x.dtype}")
        return x, False


def save(folder: Path, tree: Mapping[str, Any], about: Mapping[str, Any]) -> Path:
    """Writes a model file: beside its place, then renamed, so that there is always a whole one.

    Args:
        folder: the run's.
        tree: `params`, `state`, `scaler`, `target_scaler`.
        about: the description, plain JSON values.
    """
    from safetensors.numpy import save as to_bytes

    tensors = flatten(tree)
    description = {**about, "format": _FORMAT, "sha256": _digest(tensors)}
    path, beside = folder / _FILE, folder / f".{_FILE}.{os.getpid()}"
    try:
        with beside.open("wb") as file:
            file.write(to_bytes(tensors, metadata={"zoo": json.dumps(description)}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def load(run: str | Path) -> Trained:
    """Loads the model of a run folder, or a model file.

    Raises:
        CheckpointUnusable: if there is none, it is damaged, or this version cannot make that animal; naming the file
            and what differs.
    """
    path = Path(run)
    path = path / _FILE if path.is_dir() else path
    tensors, about = _read(path)
    kind = source(about["dataset"])
    model = make_model(about["model"], kind, about["options"])
    example = jax.ShapeDtypeStruct((1, *about["input_shape"]), np.float32)
    template = dict(zip(("params", "state"), jax.eval_shape(model.init, jax.random.key(0), example), strict=True))
    scalers = {
        name: Scaler(tensors.pop(f"{name}/shift"), tensors.pop(f"{name}/scale"))
        for name in ("scaler", "target_scaler")
        if f"{name}/shift" in tensors
    }
    tree = _restore(path, template, tensors)
    return Trained(
        model=model,
        params=tree["params"],
        state=tree["state"],
        scaler=scalers["scaler"],
        target_scaler=scalers.get("target_scaler"),
        task=task_for(about["task"], about["loss"], kind.outputs),
        classes=tuple(about["classes"]),
        about=about,
    )


def flatten(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a tree by their paths, on the host.

    >>> list(flatten({"head": {"w": np.ones(2), "b": np.ones(1)}}))
    ['head/b', 'head/w']
    """
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    names = [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]
    # safetensors writes an array that is not contiguous wrongly, without a word.
    arrays = [np.ascontiguousarray(leaf).reshape(leaf.shape) for leaf in jax.device_get([leaf for _, leaf in leaves])]
    return dict(zip(names, arrays, strict=True))


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointUnusable(f"no model at {path}: give the folder of a run (runs/...) or a {_FILE}")
    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("zoo", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointUnusable(f"{path} cannot be read, it is damaged or something else: {error}") from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise CheckpointUnusable(f"{path} is no model of this version of the zoo (format {_FORMAT})")
    if about["sha256"] != _digest(tensors):
        raise CheckpointUnusable(f"{path} is damaged: its arrays do not have the SHA-256 {about['sha256'][:12]}...")
    return tensors, about


def _restore(path: Path, template: Any, tensors: Mapping[str, np.ndarray]) -> Any:
    """Puts arrays in the places of a template; refuses with a list of all that differs."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(template)
    wanted = {jax.tree_util.keystr(where, simple=True, separator="/"): leaf for where, leaf in leaves}
    absent = {name: leaf for name, leaf in wanted.items() if name not in tensors}
    lines = [f"  missing     {name} {leaf.dtype}{list(leaf.shape)}" for name, leaf in absent.items()]
    lines += [f"  unexpected  {name}" for name in tensors if name not in wanted]
    lines += [
        f"  differing   {name}: {tensors[name].dtype}{list(tensors[name].shape)}, wanted {leaf.dtype}{list(leaf.shape)}"
        for name, leaf in wanted.items()
        if name in tensors and (tensors[name].shape, tensors[name].dtype) != (leaf.shape, leaf.dtype)
    ]
    if lines:
        raise CheckpointUnusable("\n".join([f"{path} does not fit the model that it says it is:", *lines]))
    return jax.tree.unflatten(structure, [jax.numpy.asarray(tensors[name]) for name in wanted])


def _digest(tensors: Mapping[str, np.ndarray]) -> str:
    whole = hashlib.sha256()
    for name in sorted(tensors):
        whole.update(f"{name} {tensors[name].dtype} {tensors[name].shape}\n".encode())
        whole.update(np.ascontiguousarray(tensors[name]).data)
    return whole.hexdigest()
