"""The `Trained` model: parameters with their preprocessing, loaded from a model file; predicts from raw inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer

from ..data.normalize import Scaler, on_device, on_host
from ..data.on_disk import DiskArray
from ..data.tables.encoder import TableEncoder
from ..data.windows import changes
from ..errors import BadInput, CheckpointUnusable
from ..files import MODEL_FILE, replace_file
from ..runtime.compile import jit
from ..runtime.jax_settings import check_jax_settings
from ..tasks.task import Task
from .arrays import restored
from .build import task_of
from .call import call, log_prob, recall, reconstruct, transform
from .file import check_origin, locate, parse_model, read_model, serialize
from .generator_input import sample
from .inputs import check_finite_inputs, checked_inputs, checked_lengths
from .labels import labels_of, named, score
from .summary import in_a_line

__all__ = ["Trained", "assembled", "load", "loads"]

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
        history: rows of metrics of the run in this process that trained it; empty for a model that was loaded.
    """

    model: Layer
    params: Any
    state: Any
    scaler: Scaler | None
    target_scaler: Scaler | None
    task: Task
    classes: tuple[str, ...]
    about: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """Scores of the test examples when the model was kept; of a file, of those by which it was chosen."""
        kept = self.about["metrics"]
        rows = (row for row in self.history if row["split"] == "test" and row["step"] == kept["step"])
        return {name: value for name, value in next(rows, kept).items() if name not in ("split", "not_finite")}

    @property
    def labels(self) -> np.ndarray:
        """Values of the classes as `predict` returns them, texts or whole numbers, in the order of the outputs."""
        return labels_of(self.about)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return tuple(self.about["input_shape"])

    @property
    def encoder(self) -> TableEncoder | None:
        """Encoder of a table's rows, whose features are the inputs; None for other data."""
        return TableEncoder.from_json(self.about["table"]) if "table" in self.about else None

    def __repr__(self) -> str:
        return in_a_line(self.about, self.task.gives)

    def __reduce__(self) -> tuple[Callable, tuple]:
        """Pickles and copies the model as the content of its file."""
        return loads, (self.to_bytes(), None, tuple(self.history))

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
        """Predicts from raw inputs: classes (per step for tagging), values in the data's units in float64.

        Classes are the `labels`: names where the classes have names, whole numbers where the targets were whole numbers
        (`predict_indices` returns numbers always). Arguments and errors as in `outputs`.
        """
        found = self.predict_indices(x, lengths)
        return named(found, self.labels) if self.task.named else found

    def predict_indices(self, x: Any, lengths: Any = None) -> np.ndarray:
        """Predicts as `predict`, but classes as their indices in `classes`."""
        if self.target_scaler is None:  # outputs of many examples may be far larger than their predictions
            return self._in_chunks(x, lengths, jax.jit(self.task.predict))
        outputs, alone = self._batched(x, lengths)
        outputs = self.target_scaler.invert(outputs)
        if self.about.get("relative") and self.task.units != "none":  # outputs are changes from the last value
            last = np.asarray(x, np.float64)[..., -1:, :]
            outputs = outputs + (last if self.task.units == "example" else last[..., 0, :])
        predictions = np.asarray(self.task.predict(outputs))  # on the host, which keeps the digits of float64
        return predictions[0] if alone else predictions

    def predict_proba(self, x: Any, lengths: Any = None) -> np.ndarray:
        """Computes `probabilities`, with columns in the order of `labels`, under scikit-learn's name."""
        return self.probabilities(x, lengths)

    def score(self, x: Any, y: Any) -> float:
        """Scores raw inputs: the share of correct classes, of label sets, or R2 of a regression, as scikit-learn does.

        Args:
            x: inputs, as for `predict`.
            y: true values, as `predict` returns them, or indices of the classes.
        """
        return score(self, x, y)

    def save(self, path: str | Path) -> Path:
        """Writes the model file, from which `zoo.load(path)` restores the model, and returns its path.

        Args:
            path: the file, which ends in .safetensors, or a folder, which is made if it is missing.
        """
        path = Path(path).expanduser()
        path = path if path.suffix == ".safetensors" else path / MODEL_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, self.to_bytes())
        return path

    def to_bytes(self) -> bytes:
        """Returns the content of the model file; `loads` is its inverse."""
        scalers = {"scaler": self.scaler, "target_scaler": self.target_scaler}
        return serialize({"params": self.params, "state": self.state, **scalers}, self.about)

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

    def transform(self, x: Any) -> np.ndarray:
        """Computes features of raw inputs for another model, float32 (batch, n), as in trained/call.py."""
        return transform(self, x)

    def log_prob(self, x: Any, key: Any = None) -> np.ndarray:
        """Computes the log-likelihood of raw inputs, or a lower bound, in nats after normalisation: (batch,).

        Args:
            x: inputs.
            key: PRNG key, or a seed, of a random bound; None: the model's choice.

        Raises:
            ValueError: if the model has no likelihood, or as in `outputs`.
        """
        return log_prob(self, x, key)

    def recall(self, x: Any, known: Any = None, key: Any = None) -> Any:
        """Recalls stored patterns from damaged raw inputs; arguments, errors and result: trained/call.py."""
        return recall(self, x, known, key)

    def reconstruct(self, x: Any) -> np.ndarray:
        """Reconstructs raw inputs, in the data's own units; errors and result: trained/call.py."""
        return reconstruct(self, x)

    def sample(self, n: int, key: Any = 0, y: Any = None) -> np.ndarray:
        """Draws samples (n, ...) in the data's own units.

        Args:
            n: number of samples.
            key: a seed, or a PRNG key; the same one gives the same samples.
            y: class of each sample (n,), for a conditional generator; None: all classes in turn.

        Raises:
            ValueError: if the model makes no samples from noise, n is below 1 or a class does not exist.
        """
        return sample(self, n, key, y)

    def _in_chunks(self, x: Any, lengths: Any, last: Callable, run: Callable | None = None) -> np.ndarray:
        """Computes a function of the outputs, or of what `run` gives, for some raw inputs at a time."""
        x, alone = checked_inputs(self.about, x)
        if lengths is None and not isinstance(x, DiskArray):  # what lies behind the end of a sequence may be anything
            check_finite_inputs(self.about, x)
        given = {"x": x} if lengths is None else {"x": x, "lengths": checked_lengths(lengths, x)}
        size = min(_CHUNK, len(x))
        some = [np.minimum(np.arange(start, start + size), len(x) - 1) for start in range(0, len(x), size)]
        read = (self._read({name: each[rows] for name, each in given.items()}) for rows in some)
        y = np.concatenate([np.asarray(last((run or self._run)(batch))) for batch in read])[: len(x)]
        return y[0] if alone else y

    def _batched(self, x: Any, lengths: Any) -> tuple[np.ndarray, bool]:
        """Computes outputs with a batch axis; the flag says that x has none."""
        outputs, alone = self.outputs(x, lengths), not hasattr(x, "columns") and np.ndim(x) == len(self.input_shape)
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
    return _loaded(path, *read_model(path), model)


def loads(content: bytes, model: str | None = None, history: Sequence[Mapping[str, Any]] = ()) -> Trained:
    """Restores a model from the content of its file, `Trained.to_bytes()`; `model` and errors as in `load`."""
    where = "the bytes of a model"
    return replace(_loaded(Path(where), *parse_model(content, where), model), history=history)


def assembled(model: Layer, tree: Mapping[str, Any], about: Mapping[str, Any]) -> Trained:
    """Puts a trained model together.

    Args:
        model: pair of functions.
        tree: `params`, `state`, and the scalers, as far as there are any.
        about: description, as in a model file.

    Raises:
        ValueError: if the model lacks a capability of its task.
    """
    task = task_of(about)
    for name in task.requires:
        if not hasattr(model, name):
            raise ValueError(f"the task {task.name} requires a model with the capability `{name}`")
    parts = (model, tree["params"], tree["state"], tree.get("scaler"), tree.get("target_scaler"))
    return Trained(*parts, task, tuple(about["classes"]), about)


def _loaded(path: Path, tensors: dict[str, np.ndarray], about: dict[str, Any], model: str | None) -> Trained:
    check_origin(path, about, model)
    try:
        return assembled(*restored(tensors, about), about)
    except CheckpointUnusable as error:
        raise CheckpointUnusable(f"{path} does not fit the model that it describes: {error}") from None
    except BadInput as error:
        raise CheckpointUnusable(f"{path} describes no model that this version can build: {error}") from None
    except (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = str(error) if type(error) is ValueError else repr(error)
        raise CheckpointUnusable(f"{path} describes no model that this version can build: {reason}") from error
