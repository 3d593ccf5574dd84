"""CIFAR-10 and CIFAR-100: archives of their form in small, read as streams, verified, and refused by what is wrong."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from tests.train.data.images import archive
from zoo.train import RunOptions, recipe_for, run
from zoo.train.data.dataset import Place, load_data
from zoo.train.data.sources import cifar
from zoo.train.errors import DataUnavailable

COUNT = 12  # records of each file
FOLDERS = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}


def pixel(number, row, column, colour):
    """A value that tells where it lies, different in each image."""
    return (7 * number + 31 * row + 3 * column + 101 * colour) % 256


def record(number, labels):
    planes = [[[pixel(number, i, j, c) for j in range(32)] for i in range(32)] for c in range(3)]
    return bytes(labels) + np.array(planes, np.uint8).tobytes()


def members(name):
    """The files of a data set with consecutive images, and labels that count; superclasses, where there are, are 19."""
    origin, number, found = cifar._ORIGINS[name], 0, {"batches.meta.txt": b"airplane\n"}
    for file in sorted({**origin.test, **origin.train}):  # the test files come last, or between the others
        labels = [[19] * (origin.labels - 1) + [i % 10] for i in range(number, number + COUNT)]
        found[file] = b"".join(record(number + i, each) for i, each in enumerate(labels))
        number += COUNT
    return {f"{FOLDERS[name]}/{file}": content for file, content in found.items()}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, origin in cifar._ORIGINS.items():
        counts = [dict.fromkeys(files, COUNT) for files in (origin.train, origin.test)]
        monkeypatch.setitem(cifar._ORIGINS, name, origin._replace(train=counts[0], test=counts[1]))


def put(folder, name, files):
    path = folder / cifar._ORIGINS[name].archive
    path.write_bytes(archive(files))
    return path


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_images_and_classes_are_read_from_the_archive_offline(name, tmp_path, no_network):
    put(tmp_path, name, members(name))
    data = load_data(name, Place(tmp_path, offline=True))
    batches = 5 if name == "cifar10" else 1
    assert data.train.x.shape == (batches * COUNT, 32, 32, 3)
    assert data.test.x.shape == (COUNT, 32, 32, 3)
    assert (data.train.x.dtype, data.train.y.dtype) == (np.uint8, np.int32)
    assert len(data.classes) == len(set(data.classes)) == (10 if name == "cifar10" else 100)
    first = 0 if name == "cifar10" else COUNT  # test.bin stands before train.bin
    for image in (0, 5, COUNT - 1):
        for place in ((0, 0, 0), (3, 17, 1), (31, 30, 2)):
            assert data.train.x[image][place] == pixel(first + image, *place)
        assert data.train.y[image] == (first + image) % 10
    assert not no_network


def test_the_files_are_put_in_order_wherever_they_lie_in_the_archive(tmp_path):
    files = members("cifar10")
    put(tmp_path, "cifar10", dict(reversed(files.items())))
    data = load_data("cifar10", Place(tmp_path, offline=True), {"train_examples": 2 * COUNT + 1})
    assert data.train.x[:, 0, 0, 0].tolist() == [pixel(i, 0, 0, 0) for i in range(2 * COUNT + 1)]
    assert data.test.x[0, 0, 0, 0] == pixel(5 * COUNT, 0, 0, 0)


def test_an_archive_that_was_unzipped_is_read_as_well(tmp_path):
    path = put(tmp_path, "cifar100", members("cifar100"))
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    path.unlink()
    assert load_data("cifar100", Place(tmp_path, offline=True)).test.y[0] == 0


@pytest.mark.fault(row=7)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: files | {"a/test_batch.bin": b"1"}, r"expected 36,876 bytes of test_batch.bin .* found 1"),
        (lambda files: {"a/b.bin": b""}, r"expected the files data_batch_1.bin, .*test_batch.bin in it"),
        (lambda files: {file: b"\x0a" + body[1:] for file, body in files.items()}, "expected labels from 0 to 9"),
    ],
)
def test_archives_with_other_files_are_refused(tmp_path, change, message):
    files = dict(sorted(change(members("cifar10")).items()))
    path = put(tmp_path, "cifar10", files)
    with pytest.raises(DataUnavailable, match=message) as caught:
        load_data("cifar10", Place(tmp_path, offline=True))
    assert str(path) in str(caught.value)


@pytest.mark.fault(row=7)
@pytest.mark.parametrize("cut", [0, 5, 600])
def test_a_truncated_archive_is_refused(tmp_path, cut):
    path = put(tmp_path, "cifar10", members("cifar10"))
    path.write_bytes(path.read_bytes()[: cut or -300])
    with pytest.raises(DataUnavailable, match=r"is not a valid archive: .*Replace the file"):
        load_data("cifar10", Place(tmp_path, offline=True))


@pytest.mark.fault(row=9)
def test_links_and_paths_that_lead_outside_write_and_read_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "secret").write_bytes(b"s" * 3073 * COUNT)
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as made:
        link = tarfile.TarInfo("test_batch.bin")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        made.addfile(link)
        for name, content in members("cifar10").items():
            info = tarfile.TarInfo(f"../../{name}")
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    (tmp_path / "data" / "cifar-10-binary.tar.gz").write_bytes(body.getvalue())
    data = load_data("cifar10", Place(tmp_path / "data", offline=True))
    assert data.test.x[0, 0, 0, 0] == pixel(5 * COUNT, 0, 0, 0)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["cifar-10-binary.tar.gz", "data", "secret"]


@pytest.mark.fault(row=17)
def test_a_missing_archive_is_named_with_its_place_and_source(tmp_path, no_network):
    with pytest.raises(DataUnavailable) as caught:
        load_data("cifar10", Place(tmp_path, offline=True))
    for text in ("cifar-10-binary.tar.gz", str(tmp_path / "cifar10"), "https://www.cs.toronto.edu/~kriz/", "--offline"):
        assert text in str(caught.value)
    assert not no_network


def test_the_archive_is_downloaded_verified_and_kept(server, tmp_path, monkeypatch):
    content = archive(members("cifar100"))
    origin = cifar._ORIGINS["cifar100"]._replace(
        mirrors=(server.url("wrong").rpartition("/")[0], server.url("resumes").rpartition("/")[0]),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    monkeypatch.setitem(cifar._ORIGINS, "cifar100", origin)
    monkeypatch.setattr("zoo.train.data.formats.http._SILENCE", 5)
    server.body = content
    assert load_data("cifar100", Place(tmp_path)).train.y[0] == COUNT % 10
    assert [how for how, _ in server.requests] == ["wrong", *["resumes"] * (len(server.requests) - 1)]
    assert any(part for _, part in server.requests), "the broken connection was resumed"
    assert (tmp_path / "cifar100" / "cifar-100-binary.tar.gz").read_bytes() == content


def test_mirrors_are_https_digests_are_sha256_and_classes_are_sorted():
    for origin in cifar._ORIGINS.values():
        assert len(origin.mirrors) > 1
        assert all(url.startswith("https://") and not url.endswith("/") for url in origin.mirrors)
        assert len(bytes.fromhex(origin.sha256)) == 32
    assert list(cifar._HUNDRED) == sorted(cifar._HUNDRED)


@pytest.mark.slow
@pytest.mark.expensive
@pytest.mark.parametrize("variant", ["", "fast"])
def test_the_recipes_of_resnet_train_on_it(variant, tmp_path):
    put(tmp_path, "cifar10", members("cifar10"))
    recipe = recipe_for("resnet", "cifar10", variant)
    recipe = replace(recipe, m={"depth": 8, "width": 4}, epochs=3, batch_size=20, step_at=recipe.step_at and (1, 2))
    recipe = replace(recipe, warmup_epochs=min(recipe.warmup_epochs, 1))
    options = RunOptions(out=tmp_path / "run", data_dir=tmp_path, offline=True, quiet=True, pictures=False)
    result = run(recipe, options)
    rates = [row["lr"] for row in result.rows if row["split"] == "train"]
    assert rates[-1] == pytest.approx(1e-3 if not variant else 0.4 / 25 * 1e-4, rel=1e-3)
    assert 0 <= result.metrics["accuracy"] <= 1
