"""A trainer's own options: what is refused, and that they go through command line, file and recipe."""

import pytest

from zoo.train.cli.train_args import read
from zoo.train.config.recipe import Recipe
from zoo.train.config.trainer_options import trainer_options
from zoo.train.errors import BadInput


def recipe(**kind):
    return Recipe("gan", "ring", trainer="adversarial", **kind)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ({"t": {"los": "hinge"}}, "no option 'los'; did you mean loss"),
        ({"t": {"loss": "hing"}}, "hinge"),
        ({"t": {"d_steps": 0}}, "--t.d-steps must be a whole number of at least 1, got 0"),
        ({"t": {"d_steps": 7}}, "the nearest that can: 63"),
        ({"t": {"d_lr": 0.0}}, "--t.d-lr must be a finite number above 0"),
        ({"t": {"r1": -1.0}}, "--t.r1 must be a finite number of at least 0"),
        ({"t": {"instance_noise": float("nan")}}, "--t.instance-noise"),
        ({"t": {"loss": "hinge"}, "label_smoothing": 0.1}, "the loss hinge has no labels"),
        ({"loss": "mse"}, "--t.loss"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(kind, told):
    with pytest.raises(BadInput) as error:
        trainer_options(recipe(**kind))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_trainer_without_options_refuses_any():
    with pytest.raises(BadInput, match="supervised has no options"):
        trainer_options(Recipe("mlp", "iris", t={"loss": "hinge"}))


def test_the_flags_reach_the_recipe_and_a_file_gives_them_back(tmp_path):
    words = ["--model", "gan", "--t.loss", "hinge", "--t.d-steps", "2", "--b2", "0.9"]
    made = read(words, "zoo").recipe
    assert (made.t["loss"], made.t["d_steps"], made.b2, made.expect) == ("hinge", 2, 0.9, None)
    path = tmp_path / "gan.toml"
    path.write_text(read([*words, "--print-config"], "zoo"))
    assert read(["--config", str(path)], "zoo").recipe == made


def test_the_help_has_a_group_for_them():
    assert "the trainer adversarial:" in read(["--model", "gan", "--help"], "zoo")
    assert "the trainer" not in read(["--model", "mlp", "--help"], "zoo")


def test_a_file_with_an_unknown_option_names_the_nearest(tmp_path):
    path = tmp_path / "gan.toml"
    path.write_text('model = "gan"\n[t]\nd_step = 2\n')
    with pytest.raises(BadInput, match=r"the trainer has no option t\.d_step"):
        read(["--config", str(path)], "zoo")
