"""SVHN: small files written by scipy, read as images and digits, and refused by what is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat

from zoo.train import RunOptions, recipe_for, run
from zoo.train.data.dataset import Place, load_data
from zoo.train.data.sources import svhn
from zoo.train.errors import DataUnavailable

COUNTS = {"train_32x32.mat": 25, "test_32x32.mat": 12}


def arrays(count, seed=0):
    x = np.random.default_rng(seed).integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
    return {"X": x, "y": (np.arange(count, dtype=np.uint8) % 10 + 1)[:, None]}  # 10 stands for the digit 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for file, count in COUNTS.items():
        monkeypatch.setitem(svhn._FILES, file, (svhn._FILES[file][0], count))
        savemat(tmp_path / file, arrays(count), do_compression=True)
    return tmp_path


def test_images_and_digits_are_read_offline(folder, no_network):
    data = load_data("svhn", Place(folder, offline=True), {"train_examples": 20})
    assert (data.train.x.shape, data.test.x.shape) == ((20, 32, 32, 3), (12, 32, 32, 3))
    assert (data.train.x.dtype, data.train.y.dtype) == (np.uint8, np.int32)
    assert data.train.y[:11].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    for i in (0, 11):
        np.testing.assert_array_equal(data.test.x[i], arrays(12)["X"][..., i])
    assert data.classes == tuple("0123456789")
    assert not no_network


@pytest.mark.fault(row=7)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (arrays(11), r"expected bytes \(uint8\) of shape \(32, 32, 3, 12\) as X, found uint8 of shape"),
        ({**arrays(12), "X": arrays(12)["X"] * 1.0}, "as X, found float64"),
        ({**arrays(12), "y": np.zeros((12, 1), np.uint8)}, "expected labels from 1 to 10, found 0 to 0"),
        ({"X": arrays(12)["X"]}, "it has no array y"),
    ],
)
def test_other_contents_are_refused(folder, content, message):
    savemat(folder / "test_32x32.mat", content)
    with pytest.raises(DataUnavailable, match=message) as caught:
        load_data("svhn", Place(folder, offline=True))
    assert "test_32x32.mat" in str(caught.value)


@pytest.mark.fault(row=7)
@pytest.mark.parametrize("damage", [lambda body: body[:-200], lambda body: b"<html>", lambda body: b""])
def test_damaged_files_are_refused(folder, damage):
    path = folder / "test_32x32.mat"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataUnavailable, match=r"is not a valid MAT file: .+ Replace the file"):
        load_data("svhn", Place(folder, offline=True))


@pytest.mark.fault(row=17)
def test_a_missing_file_is_named_with_the_other_one_and_the_source(tmp_path, no_network):
    with pytest.raises(DataUnavailable) as caught:
        load_data("svhn", Place(tmp_path, offline=True))
    for text in (*COUNTS, str(tmp_path / "svhn"), "https://ufldl.stanford.edu/housenumbers/"):
        assert text in str(caught.value)
    assert not no_network


def test_mirrors_are_https_and_digests_are_sha256():
    assert all(url.startswith("https://") and not url.endswith("/") for url in svhn._MIRRORS)
    assert len({sha256 for sha256, _ in svhn._FILES.values()}) == 2
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256, _ in svhn._FILES.values())


@pytest.mark.slow
@pytest.mark.expensive
def test_the_recipe_of_cnn_trains_on_it(folder):
    recipe = replace(recipe_for("cnn", "svhn"), m={"filters": (2, 2, 4), "hidden": 4}, epochs=2, batch_size=5)
    result = run(recipe, RunOptions(out=folder / "run", data_dir=folder, offline=True, quiet=True, pictures=False))
    assert 0 <= result.metrics["accuracy"] <= 1
    assert result.load().about["classes"] == list("0123456789")
