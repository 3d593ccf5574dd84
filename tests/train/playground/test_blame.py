"""The numbers of the blame are those of back-propagation by hand, and those of a training step."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from zoo.train.errors import BadInput
from zoo.train.playground.blame import blame
from zoo.train.playground.build import build
from zoo.train.playground.state import State
from zoo.train.runs.setup import setup

pytestmark = pytest.mark.usefixtures("quick_compiler")
TANH = {"m.hidden": [4, 3], "m.activation": "tanh", "sched": "constant", "d.examples": 60, "batch_size": 10, "lr": 0.05}


@pytest.fixture(scope="module")
def run():
    built = build(State("mlp", "spiral", TANH))
    return built, built.parts.advance.init(built.parts.key)


def test_gradients_are_those_of_a_training_step_on_the_example_alone(run):
    built, fit = run
    recipe = replace(built.parts.recipe, opt="sgd", lr=1.0, batch_size=1)
    trainer = setup(recipe).trainer
    data, index = built.parts.data.train, 7
    x = built.parts.scaler.apply(data.x[index : index + 1])
    batch = {"x": x, "y": data.y[index : index + 1]}
    begun = jax.jit(trainer.init)(jax.random.key(0), batch) | {"params": fit["params"]}
    params = jax.jit(trainer.step)(begun, batch, jax.random.key(1))[0]["params"]
    gradient = jax.tree.map(lambda old, new: np.asarray(old) - np.asarray(new), fit["params"], params)
    header, found = blame(built, fit, "train", index)
    layers = [gradient["body"]["0"], gradient["body"]["3"], gradient["head"]]
    for i, layer in enumerate(layers):
        np.testing.assert_allclose(found[f"w{i}"], layer["w"], atol=1e-6)
        np.testing.assert_allclose(found[f"b{i}"], layer["b"], atol=1e-6)
    assert header["index"] == index


def test_sums_activations_and_errors_are_those_by_hand(run):
    built, fit = run
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), fit["params"])
    layers = [params["body"]["0"], params["body"]["3"], params["head"]]
    data = built.parts.data.test
    x = np.asarray(built.parts.scaler.apply(data.x[5:6]), np.float64)[0]
    a, sums, outputs = x, [], []
    for i, layer in enumerate(layers):
        sums.append(a @ layer["w"] + layer["b"])
        a = np.tanh(sums[-1]) if i < 2 else sums[-1]
        outputs.append(a)
    error = 1 / (1 + np.exp(-a)) - data.y[5]  # of the cross-entropy by the logit
    errors = [error]
    for i in (1, 0):
        error = (layers[i + 1]["w"] @ error) * (1 - outputs[i] ** 2)
        errors.insert(0, error)
    header, found = blame(built, fit, "test", 5)
    for i in range(3):
        before = x if i == 0 else outputs[i - 1]
        np.testing.assert_allclose(found[f"z{i}"], sums[i], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found[f"a{i}"], outputs[i], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found[f"e{i}"], errors[i], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found[f"w{i}"], np.outer(before, errors[i]), rtol=1e-4, atol=1e-6)
    assert header["loss"] == pytest.approx(np.log1p(np.exp(-a[0] * (2 * data.y[5] - 1))), rel=1e-5)


@pytest.mark.expensive
def test_units_that_never_answer_and_units_that_never_bend_are_marked(run):
    built, fit = run
    params = jax.tree.map(np.asarray, fit["params"])
    params["body"]["0"]["b"] = np.array([4.0, 0, 0, 0], np.float32)  # the slope of tanh is below 0.05 from 2.2 on
    assert blame(built, fit | {"params": params}, "train", 0)[0]["units"][0] == ["saturated", "", "", ""]
    relu = build(State("mlp", "spiral", {**TANH, "m.activation": "relu"}))
    assert blame(relu, fit | {"params": params}, "train", 0)[0]["units"][0][0] == ""
    params["body"]["0"]["b"] = np.array([-50.0, 0, 0, 0], np.float32)
    assert blame(relu, fit | {"params": params}, "train", 0)[0]["units"][0] == ["dead", "", "", ""]


def test_an_example_or_a_layer_that_does_not_exist_is_named(run):
    built, fit = run
    with pytest.raises(BadInput, match="no example 500 among those of 'train'"):
        blame(built, fit, "train", 500)
    with pytest.raises(BadInput, match="no example 0 among those of 'all'"):
        blame(built, fit, "all", 0)
    machine = build(State("kohonen", "circle"))
    with pytest.raises(BadInput, match="kohonen has no layers through which an error passes back"):
        blame(machine, {}, "train", 0)
