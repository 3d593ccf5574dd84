"""MNIST and the data sets of its format: read from the user's files and from a server, verified."""

import gzip
import hashlib

import numpy as np
import pytest

from tests.train.data.images import FILES, SHAPES, counted, idx
from zoo.train.data.dataset import Place, load_data
from zoo.train.data.sources import mnist
from zoo.train.errors import BadInput, DataUnavailable


@pytest.fixture(scope="module")
def packed():
    return [gzip.compress(idx(counted(shape)), 1) for shape in SHAPES]


@pytest.fixture
def folder(tmp_path, packed):
    for name, content in zip(FILES, packed, strict=True):
        (tmp_path / f"{name}.gz").write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_files_of_the_user_are_read_offline(name, folder, no_network):
    data = load_data(name, Place(folder, offline=True), {"train_examples": 50000})
    assert data.train.x.shape == (50000, 28, 28, 1)
    assert data.test.x.shape == (10000, 28, 28, 1)
    assert data.train.x.dtype == np.uint8
    assert data.train.y.dtype == np.int32
    assert data.train.x[777, 0, :2, 0].tolist() == [3, 9]  # 3 * 256 + 9
    assert data.train.y[777] == data.test.y[7] == 7
    assert len(data.classes) == 10
    assert not no_network


def test_other_names_uncompressed_files_and_the_subfolder_are_found(tmp_path, packed):
    (tmp_path / "mnist").mkdir()
    for name, content in zip(FILES, packed, strict=True):
        (tmp_path / "mnist" / name.replace("-idx", ".idx")).write_bytes(gzip.decompress(content))
    assert len(load_data("mnist", Place(tmp_path, offline=True)).train.x) == 60000


@pytest.mark.fault(row=7)
def test_a_truncated_file_raises_with_the_expected_size(folder):
    path = folder / f"{FILES[3]}.gz"
    path.write_bytes(gzip.compress(idx(counted((10000,)))[:-5]))
    with pytest.raises(DataUnavailable, match=r"t10k-labels.*expected 10,000 bytes .* found 9,995.*Replace the file"):
        load_data("mnist", Place(folder, offline=True))


@pytest.mark.fault(row=7)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(counted((9999,))), "expected 10000 numbers, found 9999"),
        (idx(counted((10000,)) + 1), "expected labels from 0 to 9, found 10"),
        (b"\0\0\x09\x01" + idx(counted((10000,)))[4:], r"expected bytes \(uint8\), found int8"),
        (b"<html>not found</html>", "found 3c 68 74 6d"),
        (b"", "found nothing"),
    ],
)
def test_invalid_labels_raise(folder, content, message):
    (folder / f"{FILES[3]}.gz").write_bytes(content)
    with pytest.raises(DataUnavailable, match=message) as caught:
        load_data("mnist", Place(folder, offline=True))
    assert FILES[3] in str(caught.value)


def test_files_of_another_data_set_raise(folder, packed, monkeypatch):
    labels = hashlib.sha256(gzip.decompress(packed[1])).hexdigest()
    known = mnist._ORIGINS["fashion_mnist"]._replace(sha256=("", labels, "", ""))
    monkeypatch.setitem(mnist._ORIGINS, "fashion_mnist", known)
    with pytest.raises(DataUnavailable, match="expected the labels of mnist, found those of fashion_mnist"):
        load_data("mnist", Place(folder, offline=True))
    assert load_data("fashion_mnist", Place(folder, offline=True)).name == "fashion_mnist"


@pytest.mark.fault(row=17)
def test_missing_files_are_listed_offline(tmp_path, no_network):
    with pytest.raises(DataUnavailable) as caught:
        load_data("kmnist", Place(tmp_path, offline=True))
    for name in FILES:
        assert f"{name}.gz" in str(caught.value)
    assert str(tmp_path / "kmnist") in str(caught.value)
    assert "https://codh.rois.ac.jp/" in str(caught.value)
    assert not no_network


def test_a_data_set_is_downloaded_file_by_file_and_verified(server, tmp_path, packed, monkeypatch):
    sums = tuple(hashlib.sha256(gzip.decompress(content)).hexdigest() for content in packed)
    origin = mnist._Origin((server.url("file").rpartition("/")[0],), sums)
    monkeypatch.setitem(mnist._ORIGINS, "mnist", origin)
    monkeypatch.setattr("zoo.train.data.formats.http._SILENCE", 5)
    contents = {f"/file/{name}.gz": content for name, content in zip(FILES, packed, strict=True)}
    monkeypatch.setattr(
        server.RequestHandlerClass, "file", lambda self, body: self.reply(200, contents[self.path]), raising=False
    )
    data = load_data("mnist", Place(tmp_path))
    assert data.test.y[:11].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert sorted(path.name for path in (tmp_path / "mnist").iterdir()) == sorted(f"{name}.gz" for name in FILES)
    contents.clear()
    assert len(load_data("mnist", Place(tmp_path, offline=True)).train.x) == 60000


@pytest.mark.parametrize("count", [0, 60001])
def test_a_number_of_training_examples_out_of_bounds_raises(count):
    with pytest.raises(BadInput, match=r"--d\.train-examples of mnist must be a whole number from 1 to 60000"):
        load_data("mnist", Place(), {"train_examples": count})


def test_every_mirror_is_https_and_every_digest_a_sha256():
    for origin in mnist._ORIGINS.values():
        assert all(url.startswith("https://") and not url.endswith("/") for url in origin.mirrors)
        assert len(set(origin.sha256)) == 4
        assert all(len(bytes.fromhex(sum_)) == 32 for sum_ in origin.sha256)
