import subprocess
import sys
from dataclasses import replace
from typing import get_type_hints

import pytest

from zoo.train.config.recipe import Recipe
from zoo.train.config.validate import check_recipe
from zoo.train.errors import BadInput
from zoo.train.option_types import bounds_of, strip_optional

GOOD = Recipe("mlp", "iris")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("batch_size", 0, "--batch-size must be a whole number of at least 1, got 0"),
        ("batch_size", 2.5, "--batch-size must be a whole number"),
        ("batch_size", True, "--batch-size must be a whole number"),
        ("lr", float("nan"), "--lr must be a number above 0, got nan"),
        ("lr", float("inf"), "--lr"),
        ("lr", 0, "--lr"),
        ("lr", -0.1, "--lr"),
        ("epochs", 0, "--epochs"),
        ("epochs", float("inf"), "--epochs"),
        ("steps", 0, "--steps must be a whole number of at least 1 or none, got 0"),
        ("seed", -1, "--seed must be a whole number from 0 to 4294967295, got -1"),
        ("seed", 2**32, "--seed"),
        ("momentum", 1, "--momentum must be a number from 0 to below 1, got 1"),
        ("momentum", -0.1, "--momentum"),
        ("warmup_epochs", -1, "--warmup-epochs"),
        ("warmup_epochs", 20, "--warmup-epochs must be less than --epochs 20, got 20"),
        ("step_epochs", 0, "--step-epochs"),
        ("decay", 0, "--decay"),
        ("decay", 1.5, "--decay"),
        ("clip_grad", 0, "--clip-grad must be a number above 0 or none, got 0"),
        ("accumulate", 0, "--accumulate"),
        ("ema", 1.0, "--ema must be a number above 0 and below 1 or none, got 1.0"),
        ("ema", 0.0, "--ema"),
        ("weight_decay", -1e-4, "--weight-decay must be a number of at least 0, got -0.0001"),
        ("l1", -1.0, "--l1"),
        ("l2", float("nan"), "--l2"),
        ("label_smoothing", 1.0, "--label-smoothing"),
        ("patience", 0, "--patience"),
        ("patience", "none", "--patience must be None, not the text 'none'"),
        ("task", 3, "--task must be a text, got 3"),
        ("val_share", 1.0, "--val-share"),
        ("val_share", "half", "--val-share"),
        ("opt", "adma", "--opt 'adma' is not known; did you mean adam"),
        ("sched", "linear", "--sched 'linear' is not known"),
        ("loss", "rmse", "--loss 'rmse' is not known; did you mean mse"),
        ("normalize", "max", "--normalize"),
        ("augment", "shfit", "--augment 'shfit' is not known; did you mean shift"),
    ],
)
def test_a_bad_value_is_rejected_with_its_flag(option, value, message):
    with pytest.raises(BadInput) as caught:
        check_recipe(replace(GOOD, **{option: value}))
    assert str(caught.value).startswith(message)


def test_a_plateau_schedule_must_lower_the_learning_rate():
    with pytest.raises(BadInput, match="--decay must be below 1 with --sched plateau"):
        check_recipe(replace(GOOD, sched="plateau", decay=1))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"epochs": 0.5, "momentum": 0, "decay": 1, "l1": 0, "val_share": 0, "seed": 2**32 - 1},
        {"steps": 1, "warmup_epochs": 30, "clip_grad": 1, "ema": 0.999, "patience": 1, "val_share": 0.5},
    ],
)
def test_valid_recipes_pass(options):
    check_recipe(replace(GOOD, **options))


def test_every_number_of_a_recipe_has_bounds():
    kinds = get_type_hints(Recipe, include_extras=True)
    numbers = [name for name, kind in kinds.items() if strip_optional(kind)[0] in (int, float)]
    assert len(numbers) > 15
    assert [name for name in numbers if bounds_of(kinds[name]) is None] == []


def test_checking_needs_neither_jax_nor_optax():
    code = (
        "import sys; from zoo.train.config.validate import check_recipe; from zoo.train.config.recipe import Recipe; "
        "check_recipe(Recipe('mlp', 'iris')); sys.exit(bool({'jax', 'optax', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
