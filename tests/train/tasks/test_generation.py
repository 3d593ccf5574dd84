"""A whole run of a generator: its folder, the loaded model, and the warnings of the GAN monitor."""

import json
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import pytest

import zoo
from zoo.train import recipe_for, run
from zoo.train.__main__ import main
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput, RunFailed
from zoo.train.reporting.gan_monitor import GanMonitor
from zoo.train.trained.build import ModelSpec, build
from zoo.train.trained.generator_input import sample_latents

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = ["--quiet", "--steps", "24", "--m.hidden", "8", "--d.examples", "200", "--batch-size", "20"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gan") / "run"
    assert main(["--model", "gan", "--out", str(folder), *SHORT]) == 0
    return folder


def test_a_run_writes_pictures_of_its_samples_and_an_animation(folder):
    from PIL import Image

    frames = sorted(path.name for path in (folder / "samples").glob("step-*.png"))
    assert frames == ["step-000008.png", "step-000016.png", "step-000024.png"]
    with Image.open(folder / "samples" / "training.gif") as animation:
        assert animation.n_frames == 3
    assert sorted(path.name for path in (folder / "plots").iterdir()) == ["curves.png", "samples.png"]


def test_metrics_of_both_networks_are_logged_and_samples_are_scored(folder):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    players = {"loss", "d_loss", "d_real", "d_fake", "g_norm", "d_norm", "grad_norm"}
    assert all(players <= set(row) for row in rows if row["split"] == "train")
    assert all({"good", "modes", "spread"} <= set(row) for row in rows if row["split"] == "test")


def test_a_loaded_generator_samples_in_the_datas_own_units(folder):
    model = zoo.load(folder)
    assert "gan trained on ring" in repr(model)
    same, again, other = model.sample(5, 1), model.sample(5, 1), model.sample(5, 2)
    assert same.shape == (5, 2)
    np.testing.assert_array_equal(same, again)
    assert np.abs(same - other).max() > 1e-3
    noise = np.zeros((2, *model.input_shape), np.float32)
    outputs = model.outputs(noise)
    np.testing.assert_allclose(model.predict(noise), model.target_scaler.invert(outputs), rtol=1e-6)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        model.sample(0)


def test_a_classifier_makes_no_samples():
    wanted = ModelSpec(1, shape=(2,))
    with pytest.raises(ValueError, match="makes no samples"):
        sample_latents(build("linear", wanted, {}), wanted, 1, jax.random.key(0))


def test_the_same_seed_makes_the_same_generator(folder, tmp_path):
    assert main(["--model", "gan", "--out", str(tmp_path / "again"), *SHORT, "--no-pictures"]) == 0
    np.testing.assert_array_equal(zoo.load(folder).sample(4), zoo.load(tmp_path / "again").sample(4))


@pytest.mark.expensive
def test_images_are_made_from_black_to_white(tmp_path):
    words = ["--model", "gan", "--dataset", "digits", "--steps", "4", "--m.hidden", "8", "--quiet", "--out"]
    assert main([*words, str(tmp_path / "run")]) == 0
    made = zoo.load(tmp_path / "run").sample(3)
    assert made.shape == (3, 8, 8, 1)
    assert 0 <= made.min() <= made.max() <= 16
    assert (tmp_path / "run" / "samples" / "training.gif").exists()


@pytest.mark.parametrize("rates", [{"lr": 1e30}, {"lr": 1e-3, "t": {"d_lr": 1e30}}], ids=("generator", "discriminator"))
def test_a_player_whose_numbers_are_none_ends_the_run(rates, tmp_path):
    small = {"batch_size": 20, "m": {"hidden": (8,)}, "d": {"examples": 200}, "steps": 24, "sched": "constant"}
    recipe = replace(recipe_for("gan"), opt="sgd", expect=None, **small, **rates)
    with pytest.raises(RunFailed, match="is not finite at step"):
        run(recipe, RunOptions(out=tmp_path / "run", quiet=True))


def test_no_noise_is_no_generator():
    for name in ("gan", "wgan", "wgan_gp"):
        with pytest.raises(BadInput, match="latent must be a positive integer, got 0"):
            build(name, ModelSpec(8, shape=(2,)), {"latent": 0})


def test_images_on_another_scale_than_the_generators_are_rejected(tmp_path, capsys):
    words = ["--model", "gan", "--dataset", "digits", "--normalize", "unit", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 2
    assert "must be symmetric" in capsys.readouterr().err


def watched(*rows):
    said = []
    watch = GanMonitor(said.append)
    # As much of a Setup as the watcher reads.
    watch.on_start(SimpleNamespace(plan=SimpleNamespace(steps=100), recipe=SimpleNamespace(t={})), None)
    for row in rows:
        watch.on_metrics(row, {})
    return said


def test_a_collapse_is_reported_once_and_not_at_the_beginning():
    test = {"split": "test", "spread": 0.05}
    assert watched(test | {"step": 10}) == []
    assert watched(test | {"step": 90, "spread": 0.9}) == []
    (said,) = watched(test | {"step": 50}, test | {"step": 60})
    assert "collapsed" in said
    assert "step 50" in said


def test_a_discriminator_that_is_never_wrong_is_reported_if_it_lasts():
    won = {"split": "train", "step": 1, "d_real": 0.999, "d_fake": 0.001}
    even = won | {"d_real": 0.6}
    assert watched(won, won, even, won, won, even) == []
    (said,) = watched(*[won] * 9)
    assert "never wrong" in said
