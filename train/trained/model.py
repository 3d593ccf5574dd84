"""The `Trained` model: parameters with their preprocessing, loaded from a model file; predicts from raw inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer

from ..config.model_sizes import check_sizes
from ..data.normalize import Scaler, on_device, on_host, scaled
from ..data.on_disk import DiskArray
from ..data.windows import changes
from ..errors import BadInput, CheckpointUnusable
from ..runtime.compile import jit
from ..runtime.jax_settings import check_jax_settings
from ..tasks import task_for
from ..tasks.task import Task
from ..tree import specs, unflatten_into
from .build import ModelSpec, build
from .call import call
from .file import locate, read_model
from .generator_input import sample_latents
from .origin import check_origin
from .scalers import take_scalers

__all__ = ["Trained", "load"]

_CHUNK = 1000  # examples per call of the compiled model


@dataclass(frozen=True, repr=False)
class Trained:
    """Trained model with its preprocessing.

    Attributes:
        model: pair of functions, in the precision of the training; `model.apply(params, state, scaler.apply(x))`
            gives the outputs that `predict` interprets. Further fields are capabilities, such as `sample`.
        params: trained parameters.
        state: state, such as the statistics of batch norm.
        scaler: normalisation of the inputs, fitted on the training inputs; None for tokens.
        target_scaler: normalisation of outputs that have a unit, such as the targets of a regression, else None.
        task: meaning of the outputs.
        classes: names of the classes, in the order of the outputs; empty for a regression.
        about: description in the model file: model, options, data, metrics, vocabulary; where `relative` is true the
            model reads windows minus their last value, and forecasts the change from it.
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
        """Shape of one example."""
        return tuple(self.about["input_shape"])

    def __repr__(self) -> str:
        known = {name: self.about["metrics"].get(name) for name in (self.about["headline"], "loss")}
        scores = ", ".join(f"{name} {value:.4g}" for name, value in known.items() if value is not None)
        shape = "x".join(map(str, self.input_shape))
        classes = f"{len(self.classes)} classes" if self.classes else self.about["target"] or "a number"
        outputs = self.task.gives or classes
        return f"<{self.about['model']} trained on {self.about['dataset']}: {shape} -> {outputs}, test {scores}>"

    def outputs(self, x: Any, lengths: Any = None) -> np.ndarray:
        """Computes the outputs for raw inputs (batch, *input_shape), or for one input without the batch axis.

        Args:
            x: inputs. Sequences may be of any length, not only that of the training examples.
            lengths: number of valid steps of each sequence (batch,); None: all.

        Raises:
            ValueError: for another shape, numbers that are not finite, or a length outside the time axis.
        """
        return self._in_chunks(x, lengths, np.asarray)

    def predict(self, x: Any, lengths: Any = None) -> np.ndarray:
        """Predicts from raw inputs: class indices (per step for tagging), values in the data's units in float64.

        Arguments and errors as in `outputs`.
        """
        if self.target_scaler is None:  # outputs of many examples may be far larger than their predictions
            return self._in_chunks(x, lengths, jax.jit(self.task.predict))
        outputs, alone = self._batched(x, lengths)
        outputs = self.target_scaler.invert(outputs)
        if self.about.get("relative") and self.task.units != "none":  # outputs are changes from the last value
            last = np.asarray(x, np.float64)[..., -1:, :]
            outputs = outputs + (last if self.task.units == "example" else last[..., 0, :])
        predictions = np.asarray(self.task.predict(outputs))  # on the host, which keeps the digits of float64
        return predictions[0] if alone else predictions

    def probabilities(self, x: Any, lengths: Any = None) -> np.ndarray:
        """Computes the probability of each class for raw inputs: (batch, classes), for tagging of each step.

        Raises:
            ValueError: for a task without probabilities, such as a regression.
        """
        if self.task.probabilities is None:
            raise ValueError(
                f"{self.about['model']} on {self.about['dataset']} has the task {self.task.name}, which has no "
                "probabilities: use predict"
            )
        outputs, alone = self._batched(x, lengths)
        shares = np.asarray(jax.jit(self.task.probabilities)(outputs))
        return shares[0] if alone else shares

    def log_prob(self, x: Any, key: Any = None) -> np.ndarray:
        """Computes the log-likelihood of raw inputs, or a lower bound, in nats after normalisation: (batch,).

        Args:
            x: inputs.
            key: PRNG key of a random bound; None: the model's choice.

        Raises:
            ValueError: if the model has no likelihood, or as in `outputs`.
        """
        if not hasattr(self.model, "log_prob"):
            raise ValueError(f"{self.about['model']} has no likelihood: its model has no capability `log_prob`")
        x, alone = self._checked(x)
        values = np.asarray(self.model.log_prob(self.params, self.state, scaled(self.scaler, x), key))  # pyright: ignore
        return values[0] if alone else values

    def sample(self, n: int, key: Any = 0, y: Any = None) -> np.ndarray:
        """Draws samples (n, ...) in the data's own units.

        Args:
            n: number of samples.
            key: a seed, or a PRNG key; the same one gives the same samples.
            y: class of each sample (n,), for a conditional generator; None: all classes in turn.

        Raises:
            ValueError: if the model makes no samples from noise, n is below 1 or a class does not exist.
        """
        key = jax.random.key(key) if isinstance(key, int) else key
        draw = getattr(self.model, "sample", None)
        if draw is None:
            return self.predict(sample_latents(self.model, ModelSpec.of(self.about["made_for"]), n, key, y))
        if n < 1:
            raise ValueError(f"the number of samples must be at least 1, got {n}")
        samples = np.asarray(draw(self.params, self.state, key, n))
        return samples if self.scaler is None else np.asarray(self.scaler.invert(samples))

    def _in_chunks(self, x: Any, lengths: Any, last: Callable) -> np.ndarray:
        """Computes a function of the outputs for some raw inputs at a time."""
        x, alone = self._checked(x)
        if lengths is None and not isinstance(x, DiskArray):  # what lies behind the end of a sequence may be anything
            self._check_finite(x)
        given = {"x": x} if lengths is None else {"x": x, "lengths": self._checked_lengths(lengths, x)}
        size = min(_CHUNK, len(x))
        some = [np.minimum(np.arange(start, start + size), len(x) - 1) for start in range(0, len(x), size)]
        read = (self._read({name: each[rows] for name, each in given.items()}) for rows in some)
        y = np.concatenate([np.asarray(last(self._run(batch))) for batch in read])[: len(x)]
        return y[0] if alone else y

    def _batched(self, x: Any, lengths: Any) -> tuple[np.ndarray, bool]:
        """Computes outputs with a batch axis; the flag says that x has none."""
        outputs, alone = self.outputs(x, lengths), np.ndim(x) == len(self.input_shape)
        return (outputs[None] if alone else outputs), alone

    def _read(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns a batch with its wide inputs normalised; windows of a relative series are changes."""
        x = changes(batch["x"]) if self.about.get("relative") else batch["x"]
        return batch | {"x": on_host(self.scaler, x)}

    @cached_property
    def _run(self) -> Callable[[dict], jax.Array]:
        def run(batch):
            batch = batch | {"x": on_device(self.scaler, batch["x"])}
            read = batch if self.task.inputs is None else self.task.inputs(batch, None)
            return call(self.model, self.params, self.state, read)[0]

        return jit(run)

    def _checked(self, x: Any) -> tuple[Any, bool]:
        given, shape, name = x if isinstance(x, DiskArray) else np.asarray(x), self.input_shape, self.about["model"]
        free = int(self.about["kind"] in ("sequence", "text") or self.about["made_for"]["each"])  # the time axis
        alone = given.ndim == len(shape)
        x = given[None] if alone else given
        if x.ndim != len(shape) + 1 or x.shape[1 + free :] != shape[free:] or not x.size:
            wanted = ("time", *shape[1:]) if free else shape
            one, many = ", ".join(map(str, wanted)), ", ".join(map(str, ("batch", *wanted)))
            raise ValueError(f"{name} reads inputs ({many}) or one of ({one}), got shape {given.shape}")
        if x.dtype.kind not in "biuf":
            raise ValueError(f"{name} reads numbers, got {x.dtype}")
        return x, alone

    def _check_finite(self, x: np.ndarray) -> None:
        bad = np.argwhere(~np.isfinite(x)) if x.dtype.kind == "f" else np.empty((0, x.ndim), int)
        if len(bad):
            place = ", ".join(map(str, bad[0]))
            raise ValueError(f"{self.about['model']} reads finite numbers, x[{place}] is {x[tuple(bad[0])]}")

    def _checked_lengths(self, lengths: Any, x: Any) -> np.ndarray:
        lengths, time = np.atleast_1d(lengths), x.shape[1]
        if lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
            raise ValueError(f"lengths must be {len(x)} whole numbers, got {lengths.dtype} {lengths.shape}")
        if lengths.min() < 0 or lengths.max() > time:
            wrong = int(np.flatnonzero((lengths < 0) | (lengths > time))[0])
            raise ValueError(f"lengths must lie in 0 .. {time}, the time axis; example {wrong} has {lengths[wrong]}")
        return lengths.astype(np.int32)


def load(run: str | Path, model: str | None = None) -> Trained:
    """Loads the model of a run folder, a model file, or a pretrained model by its name (`python -m zoo list`).

    Args:
        run: run folder, model file, or name of a pretrained model.
        model: reference to the function that makes the model, `./file.py:function` or `package.module:function`; only
            for a model that is neither in the zoo nor registered by an installed package.

    Raises:
        BadInput: if `model` is not the model of the file, or a setting of jax does not suit.
        CheckpointUnusable: if there is none, it is damaged, or this version cannot build that model; the message names
            the file and the difference, or the package to install.

    >>> load("cnn-digits").predict(np.zeros((8, 8, 1))).shape
    ()
    """
    check_jax_settings()
    path = locate(run)
    tensors, about = read_model(path)
    check_origin(path, about, model)
    try:
        return _made(tensors, about)
    except CheckpointUnusable as error:
        raise CheckpointUnusable(f"{path} does not fit the model that it describes: {error}") from None
    except BadInput as error:
        raise CheckpointUnusable(f"{path} describes no model that this version can build: {error}") from None
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = str(error) if type(error) is ValueError else repr(error)
        raise CheckpointUnusable(f"{path} describes no model that this version can build: {reason}") from error


def _made(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> Trained:
    check_sizes(tensors, about)
    wanted = ModelSpec.of(about["made_for"])
    model = build(about["model"], wanted, about["options"], about.get("dtype", "float32"))
    example = jax.ShapeDtypeStruct((1, *about["input_shape"]), np.int32 if wanted.vocabulary else np.float32)
    template = dict(
        zip(("params", "state"), jax.eval_shape(lambda x: model.init(jax.random.key(0), x), example), strict=True)
    )
    scalers = take_scalers(tensors, about)
    tree = jax.device_put(unflatten_into(template, _widened(tensors, template)))
    task = task_for(about["task"], about["loss"], wanted.outputs, threshold=about["recipe"].get("threshold", 0.5))
    for name in task.requires:
        if not hasattr(model, name):
            raise ValueError(f"the task {task.name} requires a model with the capability `{name}`")
    return Trained(
        model=model,
        params=tree["params"],
        state=tree["state"],
        scaler=scalers.get("scaler"),
        target_scaler=scalers.get("target_scaler"),
        task=task,
        classes=tuple(about["classes"]),
        about=about,
    )


def _widened(tensors: Mapping[str, np.ndarray], template: Any) -> dict[str, np.ndarray]:
    """Converts arrays stored in half precision to the precision of the model."""
    whole = {name for name, (dtype, _) in specs(template).items() if dtype == "float32"}
    return {
        name: array.astype(np.float32) if name in whole and array.dtype == np.float16 else array
        for name, array in tensors.items()
    }
