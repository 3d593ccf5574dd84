"""Law of the exports: for every task, the exported program gives what the model predicts."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dense
from zoo.train.data.normalize import Scaler
from zoo.train.inference.export.stablehlo import exported
from zoo.train.tasks import _files, per_step, task_for
from zoo.train.trained.build import ModelSpec
from zoo.train.trained.model import Trained

pytestmark = pytest.mark.usefixtures("quick_compiler")


class _Toy(NamedTuple):
    """Model with the capabilities of all tasks."""

    init: Callable
    apply: Callable
    log_prob: Callable
    assign: Callable
    features: None = None
    generate: None = None
    washout: int = 1
    grid: None = None
    record: None = None
    routed: None = None
    render: None = None
    raw: None = None
    read: None = None
    write: None = None
    longest: int = 5


def toy(task, outputs):
    """A trained model of inputs (time, 3) or (3,), with a dense layer as outputs."""
    layer = dense(outputs)
    rng, time = np.random.default_rng(0), (5,) if task in ("tagging", "forecast", "seq2seq", "bits") else ()
    params = {"w": rng.normal(size=(3, outputs)), "b": rng.normal(size=outputs)}
    params = jax.tree.map(np.float32, params)

    def apply(params, state, x, key=None):
        y = layer.apply(params, state, x, key)[0]
        return (-(y**2).sum(-1) if task == "density" else y), state

    def assign(params, state, x):
        return jnp.argmax(apply(params, state, x)[0], axis=-1)

    def log_prob(params, state, x, key=None):
        return apply(params, state, x)[0]

    scaler = Scaler(np.array([10.0, 20.0, 30.0]), np.array([0.5, 0.25, 0.125]))
    target = {
        "regression": Scaler(np.array([5.0, 7.0]), np.array([0.1, 10.0])),
        "reconstruct": scaler,
        "forecast": scaler,
    }.get(task)
    about = {"model": "toy", "kind": "sequence" if time else "table", "input_shape": [*time, 3]}
    about |= {"made_for": ModelSpec(outputs, each=per_step(task))._asdict(), "task": task}
    model: Any = _Toy(layer.init, apply, log_prob, assign)
    return Trained(model, params, {}, scaler, target, task_for(task, outputs=outputs), (), about)


OUTPUTS = {"binary": 1, "multiclass": 4, "multilabel": 4, "tagging": 4, "regression": 2, "reconstruct": 3,
           "density": 2, "forecast": 3, "cluster": 4, "topographic_map": 4, "recall": 3,
           "spikes": 4, "rendering": 4, "seq2seq": 4, "bits": 4, "capsules": 4}  # fmt: skip


def test_the_outputs_of_these_tasks_are_those_of_the_zoo():
    assert {*OUTPUTS, "language", "generation"} == set(_files()), "the last two are tested with their models"


@pytest.mark.parametrize(("task", "outputs"), OUTPUTS.items())
def test_an_export_gives_what_the_task_predicts(task, outputs):
    trained = toy(task, outputs)
    x = np.random.default_rng(1).normal(20, 10, (7, *trained.input_shape)).astype(np.float32)
    found, wanted = np.asarray(exported(trained).call(x)), trained.predict_indices(x)
    if trained.task.probabilities is not None:
        np.testing.assert_allclose(found, trained.probabilities(x), atol=1e-6)
        found = found > 0.5 if task in ("multilabel", "bits") else found.argmax(-1)
    elif task in ("cluster", "topographic_map"):  # negative squared distances, of which the largest is the cluster
        np.testing.assert_allclose(found, trained.outputs(x), rtol=1e-5)
        found = found.argmax(-1)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
