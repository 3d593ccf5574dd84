"""The event file that `--tensorboard` writes is read back, record by record."""

import dataclasses
import struct

import numpy as np
import pytest

from zoo.train import recipe_for, run
from zoo.train.callback import Callback
from zoo.train.config.run_options import RunOptions
from zoo.train.errors import BadInput

pytestmark = pytest.mark.usefixtures("quick_compiler")
SHORT = dataclasses.replace(recipe_for("mlp", "iris"), epochs=4)


def events(folder):
    """All events below a folder, in the form that tensorboardX itself gives them."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2", reason="the extra tensorboard is not installed")
    for path in sorted(folder.glob("events*")):
        data = path.read_bytes()
        while data:  # length, its checksum, the event, its checksum
            (size,) = struct.unpack("<Q", data[:8])
            yield event_pb2.Event.FromString(data[12 : 12 + size])
            data = data[16 + size :]


def recorded(folder):
    """By tag: [(step, value)]."""
    found = {}
    for event in events(folder):
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value))
    return found


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    pytest.importorskip("tensorboardX", reason="the extra tensorboard is not installed")
    out = tmp_path_factory.mktemp("runs") / "iris"
    return run(SHORT, RunOptions(out=out, quiet=True, tensorboard=True))


@pytest.fixture(scope="module")
def found(iris):
    return recorded(iris.folder / "tensorboard")


def test_every_number_of_every_row_is_a_scalar(iris, found):
    for row in iris.rows:
        for name in set(row) - {"split", "step", "epoch"}:
            values = {step: value.simple_value for step, value in found[f"{row['split']}/{name}"]}
            assert values[row["step"]] == pytest.approx(row[name], rel=1e-6)


def test_histograms_of_weights_count_every_weight_at_every_evaluation(iris, found):
    weights = np.asarray(iris.load().params["head"]["w"], np.float64)
    steps, last = zip(*found["weights/head/w"], strict=True)
    assert list(steps) == [row["step"] for row in iris.rows if row["split"] == "test"]
    assert last[-1].histo.num == weights.size
    assert sum(last[-1].histo.bucket) == weights.size
    assert last[-1].histo.sum == pytest.approx(weights.sum(), rel=1e-6)


def test_gradients_are_those_of_the_loss_on_a_training_batch(found):
    """The gradient of a softmax sums to zero over the classes, which the biases of the head show."""
    _, last = found["gradients/head/b"][-1]
    assert last.histo.num == 3
    assert last.histo.sum == pytest.approx(0, abs=1e-6)
    assert last.histo.sum_squares > 0


def test_the_plots_of_the_run_are_images(iris, found):
    names = {f"plots/{path.stem}" for path in (iris.folder / "plots").glob("*.png")}
    assert names == {"plots/curves", "plots/confusion", "plots/decisions"}
    for name in names:
        assert found[name][0][1].image.encoded_image_string.startswith(b"\x89PNG")


def test_the_recipe_and_its_result_are_recorded_as_hyperparameters(iris, found):
    hparams = pytest.importorskip("tensorboardX.proto.plugin_hparams_pb2", reason="the extra tensorboard is missing")
    data = {tag: value[0][1].metadata.plugin_data for tag, value in found.items() if tag.startswith("_hparams_/")}
    assert {each.plugin_name for each in data.values()} == {"hparams"}
    content = data["_hparams_/session_start_info"].content
    given = hparams.HParamsPluginData.FromString(content).session_start_info.hparams
    assert given["lr"].number_value == SHORT.lr
    assert given["m.hidden"].string_value == "16"
    assert given["opt"].string_value == "adamw"
    assert found["result/accuracy"][0][1].simple_value == pytest.approx(iris.metrics["accuracy"])


@pytest.mark.expensive
def test_a_language_model_generates_text_at_every_evaluation(tmp_path):
    pytest.importorskip("tensorboardX", reason="the extra tensorboard is not installed")
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be\n" * 200)
    recipe = dataclasses.replace(
        recipe_for("rnn", "text"), steps=4, batch_size=4, d={"file": str(text), "window": 16}, m={"width": 8}
    )
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, tensorboard=True, pictures=False))
    samples = recorded(result.folder / "tensorboard")["sample/text_summary"]
    assert len(samples) == sum(row["split"] == "test" for row in result.rows)
    lines = samples[-1][1].tensor.string_val[0].decode().split("\n")
    assert all(line.startswith("    ") for line in lines), "Markdown shows it as it is only as a block of code"
    assert set("".join(lines)) <= set("to be or n\n")
    assert sum(len(line) - 4 for line in lines) + len(lines) - 1 == 200


def test_a_trainer_without_gradients_records_none(tmp_path):
    pytest.importorskip("tensorboardX", reason="the extra tensorboard is not installed")
    recipe = dataclasses.replace(recipe_for("perceptron"), epochs=1)
    result = run(recipe, RunOptions(out=tmp_path / "run", quiet=True, tensorboard=True, pictures=False))
    tags = recorded(result.folder / "tensorboard")
    assert "weights/head/w" in tags
    assert not [tag for tag in tags if tag.startswith("gradients/")]


def test_the_sample_pictures_of_a_run_are_recorded(tmp_path):
    pytest.importorskip("tensorboardX", reason="the extra tensorboard is not installed")
    from PIL import Image

    class Two(Callback):
        def on_start(self, setup, folder):
            (folder / "samples").mkdir()
            for step in (8, 16):
                Image.new("L", (4, 4), step).save(folder / "samples" / f"digits-{step:04}.png")

    options = RunOptions(out=tmp_path / "run", quiet=True, tensorboard=True, pictures=False)
    result = run(SHORT, options, [Two()])
    assert [step for step, _ in recorded(result.folder / "tensorboard")["samples/digits"]] == [8, 16]


@pytest.mark.expensive
def test_overwriting_a_run_removes_its_events(iris, tmp_path):
    for _ in range(2):
        options = RunOptions(out=tmp_path / "run", quiet=True, tensorboard=True, pictures=False, overwrite=True)
        run(dataclasses.replace(SHORT, epochs=1), options)
    assert len(list((tmp_path / "run" / "tensorboard").iterdir())) == 1


def seen(folder):
    """By tag: the steps that TensorBoard shows; a restart hides earlier events from its step on."""
    found = {}
    for event in events(folder):
        if event.HasField("session_log"):
            found = {tag: [step for step in steps if step < event.step] for tag, steps in found.items()}
        for value in event.summary.value:
            found.setdefault(value.tag, []).append(event.step)
    return found


class Painter(Callback):
    """Draws a sample at every evaluation."""

    def on_start(self, setup, folder):
        self.folder = folder / "samples"
        self.folder.mkdir(exist_ok=True)

    def on_metrics(self, row, fit):
        from PIL import Image

        Image.new("L", (4, 4), row["step"]).save(self.folder / f"digits-{row['step']:04}.png")


@pytest.mark.parametrize("longer", [False, pytest.param(True, marks=pytest.mark.expensive)], ids=["cut", "lengthened"])
def test_the_events_of_a_resumed_run_are_shown_once(tmp_path, longer):
    pytest.importorskip("tensorboardX", reason="the extra tensorboard is not installed")
    out, recipe = tmp_path / "run", dataclasses.replace(SHORT, epochs=2)
    options = {"quiet": True, "tensorboard": True, "pictures": False, "ckpt_every": "4", "keep": 9}
    run(recipe, RunOptions(out=out, **options), [Painter()])
    point = out if longer else out / "checkpoints" / "12"
    again = run(
        dataclasses.replace(recipe, epochs=3 if longer else 2), RunOptions(resume=point, **options), [Painter()]
    )
    assert len(list((out / "tensorboard").iterdir())) == 2
    shown = seen(out / "tensorboard")
    for split in ("train", "test"):
        assert shown[f"{split}/loss"] == [row["step"] for row in again.rows if row["split"] == split]
    for tag in ("weights/head/w", "gradients/head/w"):
        assert shown[tag] == shown["test/loss"]
    assert shown["samples/digits"] == sorted(set(shown["samples/digits"]))


def test_without_the_packages_the_message_names_what_to_install(monkeypatch):
    monkeypatch.setattr("zoo.train.config.run_options.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"--tensorboard needs tensorboardX and PIL.*-zoo\[tensorboard\]'"):
        RunOptions(tensorboard=True)
    assert not RunOptions().tensorboard
