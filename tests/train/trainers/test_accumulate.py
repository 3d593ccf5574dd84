"""Several steps that make one update are one step of a batch as large as all of them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import mlp
from zoo.train.config.recipe import Recipe, recipe_for
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, check_recipe, make

pytestmark = pytest.mark.usefixtures("quick_compiler")
RECIPE = Recipe("mlp", "iris", opt="adamw", lr=0.1, weight_decay=0.1, l2=0.01, clip_grad=0.5, ema=0.9, sched="cosine")


def trained(recipe, batches, key):
    run = Run(recipe, steps=len(batches), steps_per_epoch=len(batches), sharding=None)
    trainer = make(mlp(3, hidden=(4,)), task_for("multiclass", outputs=3), run)
    fit, step = trainer.init(key, batches[0]), jax.jit(trainer.step)
    for batch in batches:
        fit, _ = step(fit, batch, key)
    return {name: fit[name] for name in ("params", "ema")}


def test_the_mean_of_several_batches_makes_the_update_of_the_large_batch(key):
    rng = np.random.default_rng(0)
    x, y = jnp.asarray(rng.normal(size=(48, 4)), jnp.float32), jnp.asarray(rng.integers(0, 3, 48))
    cut = [[{"x": x[i : i + n], "y": y[i : i + n]} for i in range(0, 48, n)] for n in (4, 16)]
    small, large = trained(replace(RECIPE, accumulate=4), cut[0], key), trained(RECIPE, cut[1], key)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), small, large)


@pytest.mark.parametrize(
    ("model", "told"),
    [("gan", "cannot accumulate"), ("perceptron", "without a gradient"), ("markov", "without a gradient")],
)
def test_what_cannot_accumulate_says_so(model, told):
    with pytest.raises(BadInput, match=f"--accumulate 2: .*{told}"):
        check_recipe(replace(recipe_for(model), accumulate=2))


@pytest.mark.parametrize("model", ["perceptron", "markov"])
def test_what_has_no_use_for_half_precision_says_so(model):
    with pytest.raises(BadInput, match=f"--dtype bf16: {model}"):
        check_recipe(replace(recipe_for(model), dtype="bf16"))
