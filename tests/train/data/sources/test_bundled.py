"""Bundled data: equal to scikit-learn's loaders, split by folds."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import datasets

from zoo.train.data.dataset import Place, load_data
from zoo.train.data.sources import bundled
from zoo.train.errors import BadInput, DataUnavailable

NAMES = ["digits", "iris", "wine", "breast_cancer", "diabetes"]


def rows(x, y):
    """Examples with their targets in an order of their own, so that shuffled sets can be compared."""
    table = np.concatenate([np.float32(x).reshape(len(x), -1), np.float32(y).reshape(len(y), 1)], 1)
    return table[np.lexsort(table.T)]


@pytest.mark.parametrize("name", NAMES)
def test_the_values_equal_those_of_sklearns_loaders(name):
    peer = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    ours = load_data(name)
    x, y = (np.concatenate(both) for both in zip(ours.train[:2], ours.test[:2], strict=True))
    assert np.array_equal(rows(x, y), rows(peer.data, peer.target))
    if name != "digits":
        assert ours.features == tuple(peer.feature_names)
    if name != "diabetes":
        assert ours.classes == tuple(str(c) for c in peer.target_names)


def test_a_digit_equals_the_image_of_sklearn():
    peer = datasets.load_digits()
    ours = load_data("digits").train
    place = np.flatnonzero((peer.images == ours.x[0, :, :, 0]).all((1, 2)))
    assert len(place) == 1
    assert peer.target[place[0]] == ours.y[0]


@pytest.mark.fault(row=17)
def test_bundled_data_needs_no_network(no_network):
    for name in (*NAMES, "spiral", "ring", "shapes", "adding", "sine", "text"):
        assert len(load_data(name, Place(offline=False)).train.x)
    assert not no_network


@pytest.mark.parametrize("name", NAMES)
def test_the_five_folds_are_disjoint_and_cover_all_examples(name):
    parts = [load_data(name, Place(), {"fold": fold}) for fold in range(5)]
    sizes = [len(part.test.x) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    whole = rows(*(np.concatenate(both) for both in zip(parts[0].train[:2], parts[0].test[:2], strict=True)))
    together = rows(np.concatenate([p.test.x for p in parts]), np.concatenate([p.test.y for p in parts]))
    assert np.array_equal(together, whole)


@pytest.mark.parametrize("name", NAMES[:4])
def test_each_fold_has_its_fraction_of_every_class(name):
    counts = np.array([np.bincount(load_data(name, Place(), {"fold": fold}).test.y) for fold in range(5)])
    assert (counts.max(0) - counts.min(0)).max() <= 1


def test_folds_are_shuffled():
    peer = datasets.load_diabetes(scaled=False).target.astype(np.float32)
    held = load_data("diabetes").test.y
    assert not any(np.array_equal(held, peer[start : start + len(held)]) for start in range(len(peer)))


@pytest.mark.parametrize("fold", [-1, 5])
def test_a_fold_outside_0_to_4_raises(fold):
    with pytest.raises(BadInput, match=r"--d\.fold of iris must be a whole number from 0 to 4"):
        load_data("iris", Place(), {"fold": fold})


def test_without_scikit_learn_the_message_has_the_install_command(monkeypatch):
    monkeypatch.setattr(bundled, "find_spec", lambda name: None)
    with pytest.raises(DataUnavailable, match="pip install scikit-learn"):
        load_data("iris")


@pytest.mark.fault(row=7)
@pytest.mark.parametrize("content", [b"150,4\n1,2,3,4,0\n1,2\n", b"150,4\nx,y\n"])
def test_a_damaged_file_of_scikit_learn_raises(content, monkeypatch, tmp_path):
    (tmp_path / "datasets" / "data").mkdir(parents=True)
    (tmp_path / "datasets" / "data" / "iris.csv").write_bytes(content)
    monkeypatch.setattr(bundled, "find_spec", lambda name: SimpleNamespace(submodule_search_locations=[str(tmp_path)]))
    with pytest.raises(DataUnavailable, match=r"iris\.csv.*force-reinstall"):
        load_data("iris")
