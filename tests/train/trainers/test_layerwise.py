"""Layer after layer: only the parameters of a phase move, each is an autoencoder of the layer below, then all move."""

from itertools import pairwise

import jax
import numpy as np
import pytest

from zoo import dae, mlp
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.tree import flatten

pytestmark = pytest.mark.usefixtures("quick_compiler")
X = np.random.default_rng(0).uniform(size=(8, 6)).astype(np.float32)
MODEL = dae((6,), hidden=(5, 4), activation="tanh", noise="masking", level=0.25)


def trainer(model=MODEL, steps=9, **options):
    recipe = Recipe("dae", "iris", trainer="layerwise", task="reconstruct", lr=0.01, t=options)
    return make(model, task_for("reconstruct"), Run(recipe, steps, 3, data_parallel()))


@pytest.fixture(scope="module")
def fits():
    """The fits of nine steps, three for each layer and three for all, with the metrics of each step."""
    rule, found = trainer(pretraining=0.7), []
    step, fit = jax.jit(rule.step), rule.init(jax.random.key(0), {"x": X})
    for i in range(9):
        found.append((fit, None))
        fit, metrics = step(fit, {"x": X}, jax.random.key(i))
        found[-1] = (found[-1][0], metrics)
    return [*found, (fit, None)]


def test_only_the_layers_of_a_phase_move(fits):
    first, second = {"body/0", "decoder/2"}, {"body/3", "decoder/0"}
    for i, ((before, metrics), (after, _)) in enumerate(pairwise(fits)):
        old, new = flatten(before["params"]), flatten(after["params"])
        moved = {name[:-2] for name in old if not np.array_equal(old[name], new[name])}
        assert moved == (first, second, first | second)[i // 3]
        assert metrics["layer"] == i // 3 + 1


def test_the_loss_of_a_layer_is_its_error_for_the_undamaged_layer_below(fits):
    fit, metrics = fits[3]
    params = {name: np.asarray(leaf, np.float64) for name, leaf in flatten(fit["params"]).items()}
    below = np.tanh(X @ params["body/0/w"] + params["body/0/b"])
    losses = []
    for seed in range(200):  # the damage is random: its mean over many keys, and the value that was measured
        hit = np.random.default_rng(seed).uniform(size=below.shape) < 0.25
        h = np.tanh(np.where(hit, 0, below) @ params["body/3/w"] + params["body/3/b"])
        made = np.tanh(h @ params["decoder/0/w"] + params["decoder/0/b"])
        losses.append(np.square(made - below).mean())
    assert min(losses) <= float(metrics["loss"]) <= max(losses)


def test_rates_begin_anew_with_each_part_and_all_steps_may_be_for_the_layers():
    rule = trainer(pretraining=1.0, steps=7)
    step, fit = jax.jit(rule.step), rule.init(jax.random.key(0), {"x": X})
    layers = []
    for i in range(7):
        fit, metrics = step(fit, {"x": X}, jax.random.key(i))
        layers.append(int(metrics["layer"]))
    assert layers == [1, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("model", "steps", "message"),
    [
        (mlp(6), 9, "needs a stack of dense layers, such as --model dae"),
        (dae((8, 8, 1), filters=(2,)), 9, "without --m.filters"),
        (MODEL, 2, "the run has 2 steps for 2 layers"),
    ],
)
def test_models_without_layers_and_runs_without_steps_are_refused(model, steps, message):
    with pytest.raises(BadInput, match=message):
        trainer(model, steps)
