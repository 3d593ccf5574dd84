"""Training and `predict` read pictures alike: the test files are answered as `evaluate` scored them."""

import numpy as np
import pytest
from PIL import Image

from zoo.train.data.dataset import Place, load_data
from zoo.train.data.formats.image_rows import ImageFiles
from zoo.train.data.image_stats import image_stats
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import read_inputs


def written(folder, shape, high=256):
    """Writes pictures of noise in two classes; 4 channels are transparent."""
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(rng.integers(10, high, shape).astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


@pytest.mark.parametrize("most", [4 << 30, 0], ids=["in memory", "on disk"])
@pytest.mark.parametrize(
    ("shape", "high", "options"),
    [
        ((30, 47, 3), 256, {"size": 16}),
        ((64, 64, 3), 256, {"size": 32}),
        ((9, 7, 3), 256, {"size": 16}),
        ((30, 47, 3), 256, {"size": 16, "resize": "squash"}),
        ((30, 47, 4), 256, {"size": 16, "resize": "pad"}),
        ((30, 20, 3), 110, {"size": 8, "grey": True}),
        ((20, 31, 4), 256, {"size": 8}),
        ((12, 10, 4), 110, {"grey": True}),
        ((12, 10), 110, {}),
    ],
    ids=[
        "not square",
        "square",
        "larger",
        "squash",
        "pad",
        "dark grey",
        "transparent",
        "transparent grey",
        "grey in colour",
    ],
)
def test_predict_reads_the_bytes_that_training_read(tmp_path, shape, high, options, most):
    folder = written(tmp_path / "photos", shape, high)
    data = load_data("images", Place(in_memory=most), {"folder": str(folder), **options})
    assert isinstance(data.train.x, ImageFiles) == (most == 0)
    about = {"kind": "image", "input_shape": data.train.x.shape[1:], "features": (), "vocabulary": ()}
    about |= image_stats("image", data.train.x[:]) | {"pictures": data.pictures}
    batches = read_inputs([str(folder / name) for name in ("cats", "dogs")], InputSpec.of(about))
    found = sorted(x.tobytes() for batch in batches for x in batch.x)
    assert found == sorted(x.tobytes() for split in (data.train, data.test) for x in split.x[:])
    assert batches[0].x.dtype == np.uint8


def test_predict_answers_the_test_pictures_as_evaluate_scored_them(tmp_path):
    from zoo.train.__main__ import main
    from zoo.train.evaluation.saved_model import evaluate
    from zoo.train.inference.export.answer import description
    from zoo.train.trained.model import load

    folder, out = written(tmp_path / "photos", (21, 34, 4), 110), tmp_path / "run"
    words = ["--model", "logistic", "--images", str(folder), "--d.size", "8", "--d.test_share", "0.5", "--steps", "3"]
    words += ["--d.resize", "squash"]
    assert main([*words, "--out", str(out), "--quiet"]) == 0
    model = load(out)
    rule = {"size": 8, "resize": "squash", "grey": False, "alpha": "onto white", "values": [0, 255]}
    assert model.about["pictures"] == rule == description(model)["pictures"]
    options = {"folder": str(folder), "size": 8, "resize": "squash", "test_share": 0.5}
    test = load_data("images", Place(in_memory=0), options).test
    assert isinstance(test.x, ImageFiles)
    [batch] = read_inputs([str(path) for path in test.x.paths], InputSpec.of(dict(model.about)))
    np.testing.assert_array_equal(np.asarray(model.outputs(batch.x)), np.asarray(model.outputs(test.x[:])))
    assert (model.predict_indices(batch.x) == test.y).mean() == pytest.approx(evaluate(model).metrics["accuracy"])


def test_a_model_file_without_the_rule_converts_as_before():
    about = {"kind": "image", "input_shape": [8, 8, 1], "features": [], "vocabulary": [], "input_range": [0.0, 16.0]}
    assert InputSpec.of(about).side is None


def test_the_systems_own_files_are_left_out_of_a_folder(tmp_path):
    folder = written(tmp_path / "photos", (8, 8, 3)) / "cats"
    (folder / "._0.png").write_bytes(b"of macOS")
    [batch] = read_inputs([str(folder)], InputSpec("image", (8, 8, 3), range=(0, 255), side=0))
    assert len(batch.names) == 4
