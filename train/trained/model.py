"""A trained model on disk: one safetensors file that describes itself, and what it is once loaded.

The description lies in the file's own header: which animal, with which options, on what input, with which result.
Loading needs no code arguments and runs nothing that the file says.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer

from ..data.normalize import Scaler
from ..data.on_disk import DiskArray
from ..errors import CheckpointUnusable
from ..files import MODEL_FILE, replace_file
from ..pipeline.batches import scaled
from ..runtime.compile import jit
from ..tasks import task_for
from ..tasks.task import Task
from ..trainers.supervised import answers
from ..tree import digest, flatten, read_arrays, specs, unflatten_into
from .build import ModelSpec, build
from .generator_input import sample_latents
from .locate import locate

__all__ = ["Trained", "load", "read_model", "save", "serialize"]

_FORMAT = 2
_CHUNK = 1000
_GIVES = {"language": "the next token", "generation": "samples"}  # where there are neither classes nor a target


@dataclass(frozen=True, repr=False)
class Trained:
    """A trained model with its preprocessing: raw inputs in, answers out.

    Attributes:
        model: the pair, in the precision that it was trained and scored in;
            `model.apply(params, state, scaler.apply(x))` gives the outputs that `predict` reads.
        params: its trained parameters.
        state: its state, batch norm's statistics among it.
        scaler: what was fitted on the training inputs; None where they are tokens.
        target_scaler: likewise for the targets of a regression, else None.
        task: what the outputs mean.
        classes: their names, in the order of the outputs; empty for a regression.
        about: all that the file says of itself: animal, options, data, metrics, vocabulary; `relative` tells that the
            model reads windows less their last value, and forecasts the change from it.
    """

    model: Layer
    params: Any
    state: Any
    scaler: Scaler | None
    target_scaler: Scaler | None
    task: Task
    classes: tuple[str, ...]
    about: Mapping[str, Any]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.about["input_shape"])

    def __repr__(self) -> str:
        told = {name: self.about["metrics"].get(name) for name in (self.about["headline"], "loss")}
        scores = ", ".join(f"{name} {value:.4g}" for name, value in told.items() if value is not None)
        shape = "x".join(map(str, self.input_shape))
        gives = _GIVES.get(self.task.name, self.about["target"] or "a number")
        answers = f"{len(self.classes)} classes" if self.classes else gives
        return f"<{self.about['model']} trained on {self.about['dataset']}: {shape} -> {answers}, test {scores}>"

    def outputs(self, x: Any, lengths: Any = None) -> np.ndarray:
        """What the model gives for raw inputs (batch, *input_shape), or for one input without the batch axis.

        Args:
            x: the inputs. Sequences may be of any length, not only that of the training examples.
            lengths: how many steps of each are valid (batch,); None: all of them.

        Raises:
            ValueError: if the shape is another, they are no finite numbers, or a length is not within the time axis.
        """
        x, alone = self._checked(x)
        if lengths is None and not isinstance(x, DiskArray):  # what lies behind the end of a sequence may be anything
            self._check_finite(x)
        given = {"x": x} if lengths is None else {"x": x, "lengths": self._checked_lengths(lengths, x)}
        size = min(_CHUNK, len(x))
        some = [np.minimum(np.arange(start, start + size), len(x) - 1) for start in range(0, len(x), size)]
        parts = [np.asarray(self._run({name: each[rows] for name, each in given.items()})) for rows in some]
        y = np.concatenate(parts)[: len(x)]
        return y[0] if alone else y

    def predict(self, x: Any, lengths: Any = None) -> np.ndarray:
        """The answer for raw inputs: the class's index (of each step, if it tags), or the value in its own units."""
        outputs, alone = self._batched(x, lengths)
        if self.target_scaler is not None:
            outputs = self.target_scaler.invert(outputs)
        if self.about.get("relative"):  # the model forecasts a change
            outputs = outputs + np.asarray(x, np.float32)[..., -1, :]
        answers = np.asarray(jax.jit(self.task.predict)(outputs))
        return answers[0] if alone else answers

    def probabilities(self, x: Any, lengths: Any = None) -> np.ndarray:
        """The probability of each class for raw inputs: (batch, classes), of each step if it tags.

        Raises:
            ValueError: for a regression, which has none.
        """
        if self.task.probabilities is None:
            raise ValueError(f"{self.about['model']} on {self.about['dataset']} is a regression: use predict")
        outputs, alone = self._batched(x, lengths)
        shares = np.asarray(jax.jit(self.task.probabilities)(outputs))
        return shares[0] if alone else shares

    def sample(self, n: int, key: Any = 0, y: Any = None) -> np.ndarray:
        """Samples (n, ...) of a generator, in the data's own units.

        Args:
            n: how many.
            key: a seed, or a key of jax's: the same one gives the same samples.
            y: the class of each (n,), where the model makes what it is told to; None: drawn evenly.

        Raises:
            ValueError: if the model makes no samples from noise, or a class does not exist.
        """
        key = jax.random.key(key) if isinstance(key, int) else key
        return self.predict(sample_latents(self.model, ModelSpec.of(self.about["made_for"]), n, key, y))

    def _batched(self, x: Any, lengths: Any) -> tuple[np.ndarray, bool]:
        """The outputs with a batch axis, and whether x has none."""
        outputs, alone = self.outputs(x, lengths), np.ndim(x) == len(self.input_shape)
        return (outputs[None] if alone else outputs), alone

    @cached_property
    def _run(self) -> Callable[[dict], jax.Array]:
        def run(batch):
            x = batch["x"] - batch["x"][:, -1:] if self.about.get("relative") else batch["x"]
            return answers(self.model, self.params, self.state, batch | {"x": scaled(self.scaler, x)})[0]

        return jit(run)

    def _checked(self, x: Any) -> tuple[Any, bool]:
        given, shape, name = x if isinstance(x, DiskArray) else np.asarray(x), self.input_shape, self.about["model"]
        free = int(self.about["kind"] in ("sequence", "text"))  # the time axis
        alone = given.ndim == len(shape)
        x = given[None] if alone else given
        if x.ndim != len(shape) + 1 or x.shape[1 + free :] != shape[free:] or not x.size:
            wanted = ("time", *shape[1:]) if free else shape
            one, many = ", ".join(map(str, wanted)), ", ".join(map(str, ("batch", *wanted)))
            raise ValueError(f"{name} wants inputs ({many}) or one of ({one}), got shape {given.shape}")
        if x.dtype.kind not in "biuf":
            raise ValueError(f"{name} wants numbers, got {x.dtype}")
        return x, alone

    def _check_finite(self, x: np.ndarray) -> None:
        bad = np.argwhere(~np.isfinite(x)) if x.dtype.kind == "f" else np.empty((0, x.ndim), int)
        if len(bad):
            place = ", ".join(map(str, bad[0]))
            raise ValueError(f"{self.about['model']} wants finite numbers, x[{place}] is {x[tuple(bad[0])]}")

    def _checked_lengths(self, lengths: Any, x: Any) -> np.ndarray:
        lengths, time = np.atleast_1d(lengths), x.shape[1]
        if lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
            raise ValueError(f"lengths must be {len(x)} whole numbers, got {lengths.dtype} {lengths.shape}")
        if lengths.min() < 0 or lengths.max() > time:
            wrong = int(np.flatnonzero((lengths < 0) | (lengths > time))[0])
            raise ValueError(f"lengths must lie in 0 .. {time}, the time axis; example {wrong} has {lengths[wrong]}")
        return lengths.astype(np.int32)


def save(folder: Path, tree: Mapping[str, Any], about: Mapping[str, Any]) -> Path:
    """Writes the model file of a run, so that there is always a whole one; arguments as in `serialize`."""
    path = folder / MODEL_FILE
    replace_file(path, serialize(tree, about))
    return path


def serialize(tree: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    """The content of a model file.

    Args:
        tree: `params`, `state`, `scaler`, `target_scaler`.
        about: the description, plain JSON values.
    """
    from safetensors.numpy import save as to_bytes

    tensors = flatten(tree)
    description = json.loads(json.dumps({**about, "format": _FORMAT}))  # as it will be read
    description["sha256"] = _digest(tensors, description)
    return to_bytes(tensors, metadata={"zoo": json.dumps(description)})


def load(run: str | Path) -> Trained:
    """Loads the model of a run folder, a model file, or a pretrained model by its name (`zoo list`).

    Raises:
        CheckpointUnusable: if there is none, it is damaged, or this version cannot make that animal; naming the file
            and what differs.

    >>> load("cnn-digits").predict(np.zeros((8, 8, 1))).shape
    ()
    """
    path = locate(run)
    tensors, about = read_model(path)
    try:
        return _made(tensors, about)
    except CheckpointUnusable as error:
        raise CheckpointUnusable(f"{path} does not fit the model that it says it is: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:  # what it says makes no model
        raise CheckpointUnusable(f"{path} describes no model that this version can make: {error!r}") from error


def _made(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> Trained:
    wanted = ModelSpec.of(about["made_for"])
    model = build(about["model"], wanted, about["options"], about.get("dtype", "float32"))
    example = jax.ShapeDtypeStruct((1, *about["input_shape"]), np.int32 if wanted.vocabulary else np.float32)
    template = dict(
        zip(("params", "state"), jax.eval_shape(lambda x: model.init(jax.random.key(0), x), example), strict=True)
    )
    scalers = {
        name: Scaler(tensors.pop(f"{name}/shift"), tensors.pop(f"{name}/scale"))
        for name in ("scaler", "target_scaler")
        if f"{name}/shift" in tensors
    }
    tree = jax.device_put(unflatten_into(template, _widened(tensors, template)))
    return Trained(
        model=model,
        params=tree["params"],
        state=tree["state"],
        scaler=scalers.get("scaler"),
        target_scaler=scalers.get("target_scaler"),
        task=task_for(about["task"], about["loss"], wanted.outputs),
        classes=tuple(about["classes"]),
        about=about,
    )


def _widened(tensors: Mapping[str, np.ndarray], template: Any) -> dict[str, np.ndarray]:
    """What a file stores in half precision, to be small, in the precision that the model computes in."""
    whole = {name for name, (dtype, _) in specs(template).items() if dtype == "float32"}
    return {
        name: array.astype(np.float32) if name in whole and array.dtype == np.float16 else array
        for name, array in tensors.items()
    }


def read_model(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a model file, by path, and what it says of itself.

    Raises:
        CheckpointUnusable: if it is not there, damaged or something else.
    """
    if not path.is_file():
        raise CheckpointUnusable(f"no model at {path}: give the folder of a run (runs/...) or a {MODEL_FILE}")
    tensors, texts = read_arrays(path)
    try:
        about = json.loads(texts.get("zoo", "null"))
    except (ValueError, RecursionError) as error:
        raise CheckpointUnusable(f"{path} cannot be read, its description is damaged: {error}") from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise CheckpointUnusable(f"{path} is no model of this version of the zoo (format {_FORMAT})")
    if about.get("sha256") != _digest(tensors, about):
        raise CheckpointUnusable(f"{path} is damaged: it does not have the SHA-256 {str(about.get('sha256'))[:12]}...")
    return tensors, about


def _digest(tensors: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> str:
    """Of the arrays and of all that is said of them."""
    said = {name: value for name, value in about.items() if name != "sha256"}
    return digest(tensors, json.dumps(said, sort_keys=True))
