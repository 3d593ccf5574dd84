"""Options of a trainer: values that are rejected, and their way through command line, file and recipe."""

import ast

import jax.numpy as jnp
import pytest

from zoo import gan
from zoo._options import function_options
from zoo.train import trainers
from zoo.train.cli.train_args import read
from zoo.train.config.recipe import Recipe
from zoo.train.errors import BadInput
from zoo.train.option_types import Bounds, bounds_of, strip_optional
from zoo.train.tasks import task_for
from zoo.train.tasks.generation import generation


def recipe(**fields):
    return Recipe("gan", "ring", trainer="adversarial", **fields)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"los": "hinge"}, "no option 'los'; did you mean loss"),
        ({"loss": "hing"}, "hinge"),
        ({"d_steps": 1.5}, "--t.d-steps must be a whole number"),
    ],
)
def test_an_unknown_option_or_a_value_of_another_type_is_rejected_before_anything_is_loaded(options, message):
    with pytest.raises(BadInput) as error:
        trainers.check_recipe(recipe(t=options))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"t": {"d_steps": 0}}, "--t.d-steps must be a whole number of at least 1, got 0"),
        ({"t": {"d_steps": 7}}, "the nearest that can: 63"),
        ({"t": {"d_lr": 0.0}}, "--t.d-lr must be a number above 0 or none, got 0.0"),
        ({"t": {"clip_weights": -0.1}}, "--t.clip-weights must be a number above 0 or none, got -0.1"),
        ({"t": {"r1": -1.0}}, "--t.r1 must be a number of at least 0, got -1.0"),
        ({"t": {"instance_noise": float("nan")}}, "--t.instance-noise"),
        ({"t": {"loss": "hinge"}, "label_smoothing": 0.1}, "the loss hinge has no labels"),
        ({"loss": "mse"}, "--t.loss"),
    ],
)
def test_a_value_out_of_range_or_in_conflict_with_the_recipe_is_rejected_in_one_line(fields, message):
    with pytest.raises(BadInput) as error:
        trainers.make(gan(shape=(2,)), generation(), trainers.Run(recipe(**fields), 10, 10, None))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("task", ["reconstruct", "recall", "cluster"])
def test_a_task_that_does_not_score_samples_is_rejected_for_a_gan(task):
    with pytest.raises(BadInput, match=f"--task {task} does not suit gan, which is trained to generate samples"):
        trainers.make(gan(shape=(2,)), task_for(task), trainers.Run(recipe(), 10, 10, None))


def test_a_trainer_without_options_rejects_any():
    with pytest.raises(BadInput, match=r"supervised has no options, got --t\.loss"):
        trainers.check_recipe(Recipe("mlp", "iris", t={"loss": "hinge"}))


def test_an_unknown_trainer_is_named_with_the_nearest():
    with pytest.raises(BadInput, match="unknown trainer 'supervise'; did you mean supervised"):
        trainers.check_recipe(Recipe("mlp", "iris", trainer="supervise"))


def test_the_learning_rate_of_the_discriminator_is_its_own():
    from zoo.train.trainers.adversarial import _optimizers

    run = trainers.Run(recipe(opt="sgd", lr=0.1), 10, 10, None)
    slope = {"w": jnp.ones(())}
    rates = {
        name: -float(optimizer.update(slope, optimizer.init(slope), slope, value=jnp.ones(()))[0]["w"])
        for name, optimizer in _optimizers(run, d_steps=1, d_lr=0.4).items()
    }
    assert rates == pytest.approx({"generator": 0.1, "discriminator": 0.4})


def test_flags_reach_the_recipe_and_a_file_restores_them(tmp_path):
    words = ["--model", "gan", "--t.loss", "hinge", "--t.d-steps", "2", "--b2", "0.9"]
    made = read(words, "zoo").recipe
    assert (made.t["loss"], made.t["d_steps"], made.b2, made.expect) == ("hinge", 2, 0.9, None)
    path = tmp_path / "gan.toml"
    path.write_text(read([*words, "--print-config"], "zoo"))
    assert read(["--config", str(path)], "zoo").recipe == made


def test_the_help_has_a_group_for_the_options_of_a_trainer():
    assert "the trainer adversarial:" in read(["--model", "gan", "--help"], "zoo")
    assert "the trainer" not in read(["--model", "mlp", "--help"], "zoo")


def test_every_option_has_a_help_text():
    for name in trainers.names():
        assert all(option.help for option in trainers.options(name)), name


def test_a_file_with_an_unknown_option_names_the_nearest(tmp_path):
    path = tmp_path / "gan.toml"
    path.write_text('model = "gan"\n[t]\nd_step = 2\n')
    with pytest.raises(BadInput, match=r"the trainer has no option t\.d_step"):
        read(["--config", str(path)], "zoo")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--model svm --t.cost 0", "--t.cost must be a number above 0, got 0"),
        ("--model svm --t.block 1", "--t.block must be a whole number of at least 2 or none, got 1"),
        ("--model svm --t.iterations 0", "--t.iterations must be a whole number of at least 1, got 0"),
        ("--model elm --t.ridge 0", "--t.ridge must be a number above 0, got 0"),
        ("--model rbf --t.neighbours 0", "--t.neighbours must be a whole number of at least 1, got 0"),
        ("--model kohonen --t.rate 2", "--t.rate must be a number above 0 and at most 1, got 2"),
        ("--model kohonen --t.last-radius 0", "--t.last-radius must be a number above 0, got 0"),
        ("--model gan --t.d-steps 0", "--t.d-steps must be a whole number of at least 1, got 0"),
    ],
)
def test_bounds_are_checked_before_anything_is_loaded(words, message):
    with pytest.raises(BadInput) as error:
        read(words.split(), "zoo")
    assert message in str(error.value)


def test_bounds_of_an_option_are_read_from_its_annotation():
    types = {option.name: option.type for option in trainers.options("adversarial")}
    assert bounds_of(types["d_lr"]) == Bounds(0, open_low=True)
    assert strip_optional(types["d_lr"]) == (float, True)
    assert bounds_of(types["l1"]) == Bounds(0)
    for wrong in ("Annotated[float, Bound(0)]", "Annotated[float, 3]"):
        function = ast.parse(f"def f(*, x: {wrong} = 1.0): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        with pytest.raises(TypeError, match="unsupported option annotation"):
            list(function_options(function))
