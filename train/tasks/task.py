"""The `Task` type: the meaning of a model's outputs. The model itself does not depend on it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..errors import BadInput
from ..option_types import is_off
from .baseline import Baseline
from .sample_score import SampleScore

__all__ = ["Task", "choose_loss", "public", "weighted", "weights_of"]


def _labels(batch: dict) -> Any:
    return batch["y"]


def _same(outputs: Any) -> Any:
    return outputs


def _nothing(metrics: Mapping[str, float]) -> Sequence[str]:
    return ()


class Task(NamedTuple):
    """Meaning of a model's outputs: loss, metrics, predictions, descriptions and figures.

    Training and scoring:

    Attributes:
        name: name in the registry, as in `Recipe.task`.
        loss: `(outputs, target) -> (batch,)`; with one target per step `(batch, time)`.
        metrics: by name, each with the signature of `loss`. Names that begin with `_` are inputs of `finish` only.
        finish: computes the reported metrics from the means of loss and metrics over a set.
        headline: name of the metric by which models are compared.
        higher_is_better: direction of the headline.
        predict: maps outputs to predictions: class indices (batch,), 0 or 1 (batch, classes), values.
        probabilities: maps outputs to probabilities (batch, classes); None: the task has none.
        counts: `target -> weights` of the shape of the loss, 0 where a step has no target; None: all count.
        sample_score: score of generated samples, for the task `generation`.
        given: names of the metrics that are also computed of damaged inputs in place of outputs, under their name with
            `_given`, where the model has the capability `corrupt`.
        inputs: `(batch, key) -> batch`: the batch as the model reads it, for example damaged; key None at inference.
            None: the batch as it is.
        target: `batch -> target` of loss and metrics.
        scores: `(model, params, state, batch, key) -> {name: (sum, weight)}` over a batch whose `weight` is 0 for
            padding; a weight None marks a total instead of a mean. Replaces the scores by loss and metrics.
        named: whether predictions are indices of classes, which have names.
        units: scale and shape of the outputs: those of the target, of an example, or none.
        powers: power of the data's unit in each reported metric that has one, 2 for a squared error.
        unit: unit of the data by which `metrics` are to be multiplied, in the powers above; `finish` does so.
        requires: capabilities that the model must have, names of its fields.
        class_weights: weight of each class in the loss; (): all count the same.
        calibrate: `(trained, data) -> numbers by name` that are kept with the finished model as `calibration`, such as
            a threshold from the training examples; `summary`, a line for the terminal, is not kept. None: there are
            none.

    Reports:

    Attributes:
        counted: what the examples of a set are called.
        gives: name of the outputs where there are neither classes nor a target column.
        output: name of the outputs of an exported model.
        command: subcommand that a finished run suggests: predict, sample or evaluate.
        describe: `(trained, x, score) -> one dict of plain values per example`, for `python -m zoo predict`;
            `score(x, y)` computes the test metrics of the loaded model on a split. None: nothing to predict.
        pictured: `(trained, x) -> images in [0, 1] by name`, each (batch, height, width, channels), which show what
            the predictions for images rest on; None: nothing but the gradients of a class.
        compare: `(trained, data) -> (truth, predictions)` of the test examples, as `details` and figures read them.
        details: `(data, truth, predictions) -> scores in detail`, plain values or arrays by name.
        figures: names of functions in `evaluation/figures.py`, or functions of the same signature.
        progress: `parts of the run -> draw`, where `draw(fit, path, title)` draws the model as a PNG file during
            training; the pictures are joined to an animation. None: nothing is drawn.
        curves: names of metrics that are drawn over the training instead of the loss, where they are measured.
        explain: `metrics -> lines` that explain the scores to a reader who meets them for the first time.
        baseline: `(data, kind of the data) -> Baseline`, the outputs of a trivial model, from the training examples;
            None: the task has none.
        frequent: maps the outputs of the baseline, shares of the training examples, to outputs that decide for the more
            frequent value whatever the threshold; its loss is that of the outputs themselves.
        measures: whether the measures of `metrics/decisions.py` are computed: "binary", of class 1; "classes", their
            means over the classes; "steps", the same of the steps with a target; "labels", their means over the labels;
            "": there are none.
    """

    name: str
    loss: Callable
    metrics: dict[str, Callable]
    finish: Callable[[dict], dict]
    headline: str
    higher_is_better: bool
    predict: Callable
    probabilities: Callable | None
    counts: Callable | None = None
    sample_score: SampleScore | None = None
    given: tuple[str, ...] = ()
    inputs: Callable[[dict, Any], dict] | None = None
    target: Callable[[dict], Any] = _labels
    scores: Callable[..., dict] | None = None
    named: bool = False
    units: Literal["target", "example", "none"] = "target"
    powers: Mapping[str, int] = MappingProxyType({})
    unit: float = 1.0
    requires: tuple[str, ...] = ()
    counted: str = "examples"
    gives: str = ""
    output: str = "probabilities"
    command: Literal["predict", "sample", "evaluate"] = "predict"
    describe: Callable[..., Iterator[dict]] | None = None
    pictured: Callable[[Any, Any], Mapping[str, Any]] | None = None
    compare: Callable[..., tuple[Any, Any]] | None = None
    details: Callable[..., dict[str, Any]] | None = None
    figures: tuple[str | Callable, ...] = ()
    progress: Callable[[Any], Callable[[dict, Path, str], None] | None] | None = None
    curves: tuple[str, ...] = ()
    explain: Callable[[Mapping[str, float]], Sequence[str]] = _nothing
    baseline: Callable[[Dataset, str], Baseline] | None = None
    frequent: Callable[[Any], Any] = _same
    measures: Literal["binary", "classes", "steps", "labels", ""] = ""
    class_weights: tuple[float, ...] = ()
    calibrate: Callable[[Any, Dataset], dict[str, Any]] | None = None

    def weights(self, y: jax.Array, weight: jax.Array | None = None) -> jax.Array:
        """Computes the weight of each target, 0 or 1, from the weights of the examples (batch,)."""
        each = jnp.ones(len(y)) if weight is None else weight
        return each if self.counts is None else self.counts(y) * each.reshape(-1, *(1,) * (y.ndim - 1))

    def factor(self, metric: str) -> float:
        """Returns the factor from the mean of a metric on the device to the units of the data."""
        return float(np.float64(self.unit) ** self.powers.get(metric, 0))

    def mean(self, values: jax.Array, y: jax.Array) -> jax.Array:
        """Computes the mean of a loss or metric over the targets that count."""
        if self.counts is None:
            return jnp.mean(values)
        counts = self.counts(y)
        return jnp.sum(jnp.where(counts > 0, values, 0)) / jnp.maximum(jnp.sum(counts), 1)


def choose_loss(
    task: str, losses: Mapping[str, Callable], loss: str = "auto", label_smoothing: float = 0
) -> Callable[..., jax.Array]:
    """Returns a loss of a task by name.

    Args:
        task: name of the task, for messages.
        losses: losses of the task by name; the first one is "auto".
        loss: name.
        label_smoothing: of the loss `cross_entropy`.

    Raises:
        BadInput: if the task has no such loss, or the loss has no label smoothing.
    """
    name = next(iter(losses)) if loss == "auto" else loss
    if name not in losses:
        raise BadInput(f"--loss {loss} does not suit a {task} task; choose from auto, {', '.join(losses)}")
    if is_off(label_smoothing):
        return losses[name]
    if name != "cross_entropy":
        raise BadInput(
            f"--label-smoothing {label_smoothing:g} requires the loss cross_entropy; the loss here is {name}"
        )
    return partial(losses[name], label_smoothing=label_smoothing)


def weights_of(y: jax.Array, class_weights: Sequence[float]) -> jax.Array:
    """Returns the weight of each target by its class; a target that is no class gets any of them."""
    return jnp.asarray(np.asarray(class_weights, np.float32))[y]


def weighted(loss: Callable, class_weights: Sequence[float]) -> Callable:
    """Returns a loss multiplied by the weight of the class of each target; without weights the loss itself.

    Args:
        loss: `(outputs, target) -> (batch,)` or (batch, time).
        class_weights: weight of each class.

    >>> each = weighted(lambda outputs, y: outputs, (1.0, 5.0))
    >>> each(jnp.array([2.0, 2.0]), jnp.array([0, 1])).tolist()
    [2.0, 10.0]
    """
    if not class_weights:
        return loss
    return lambda outputs, y: loss(outputs, y) * weights_of(y, class_weights)


def public(means: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the means that are reported: those whose names do not begin with `_`."""
    return {name: value for name, value in means.items() if not name.startswith("_")}
