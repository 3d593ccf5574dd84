import subprocess
import sys
from dataclasses import fields, replace

import pytest

from zoo.train.config.recipe import Recipe
from zoo.train.config.validate import _CHOICES, _RULES, check_recipe
from zoo.train.errors import BadInput

GOOD = Recipe("mlp", "iris")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("batch_size", 0, "--batch-size must be a whole number of at least 1, got 0"),
        ("batch_size", 2.5, "--batch-size must be a whole number"),
        ("batch_size", True, "--batch-size must be a whole number"),
        ("lr", float("nan"), "--lr must be a finite number above 0, got nan"),
        ("lr", float("inf"), "--lr"),
        ("lr", 0, "--lr"),
        ("lr", -0.1, "--lr"),
        ("epochs", 0, "--epochs"),
        ("epochs", float("inf"), "--epochs"),
        ("steps", 0, "--steps must be None or a whole number of at least 1, got 0"),
        ("seed", -1, "--seed must be a whole number from 0 to 4294967295, got -1"),
        ("seed", 2**32, "--seed"),
        ("momentum", 1, "--momentum must be a number from 0 to below 1, got 1"),
        ("momentum", -0.1, "--momentum"),
        ("warmup_epochs", -1, "--warmup-epochs"),
        ("warmup_epochs", 20, "--warmup-epochs must be less than --epochs 20, got 20"),
        ("step_epochs", 0, "--step-epochs"),
        ("decay", 0, "--decay"),
        ("decay", 1.5, "--decay"),
        ("clip_grad", 0, "--clip-grad must be None or a finite number above 0"),
        ("accumulate", 0, "--accumulate"),
        ("ema", 1.0, "--ema must be None or a number between 0 and 1"),
        ("ema", 0.0, "--ema"),
        ("weight_decay", -1e-4, "--weight-decay must be a finite number of at least 0, got -0.0001"),
        ("l1", -1.0, "--l1"),
        ("l2", float("nan"), "--l2"),
        ("label_smoothing", 1.0, "--label-smoothing"),
        ("patience", 0, "--patience"),
        ("val_share", 1.0, "--val-share"),
        ("val_share", "half", "--val-share"),
        ("opt", "adma", "--opt 'adma' is not known; did you mean adam"),
        ("sched", "linear", "--sched 'linear' is not known"),
        ("loss", "rmse", "--loss 'rmse' is not known; did you mean mse"),
        ("normalize", "max", "--normalize"),
        ("augment", "shfit", "--augment 'shfit' is not known; did you mean shift"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_flag(option, value, message):
    with pytest.raises(BadInput) as caught:
        check_recipe(replace(GOOD, **{option: value}))
    assert str(caught.value).startswith(message)


def test_a_plateau_must_lower_the_rate():
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
def test_what_can_be_is_let_through(options):
    check_recipe(replace(GOOD, **options))


def test_every_field_that_decides_the_optimisation_has_its_rule():
    free = {"model", "dataset", "variant", "trainer", "m", "d", "t", "expect"}
    assert set(_RULES) | set(_CHOICES) == {field.name for field in fields(Recipe)} - free


def test_checking_needs_neither_jax_nor_optax():
    code = (
        "import sys; from zoo.train.config.validate import check_recipe; from zoo.train.config.recipe import Recipe; "
        "check_recipe(Recipe('mlp', 'iris')); sys.exit(bool({'jax', 'optax', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
