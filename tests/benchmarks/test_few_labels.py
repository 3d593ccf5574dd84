"""The comparison with few labels: no label is read before the fine-tuning, and both networks see the same images."""

import json

import numpy as np
import pytest

from benchmarks.few_labels import labelled, main, shuffled
from zoo.train.data.dataset import load_data


def test_shuffled_labels_have_the_counts_of_the_classes_and_say_nothing_of_their_images():
    data = load_data("digits")
    made = shuffled(data)
    np.testing.assert_array_equal(made.train.x, data.train.x)
    np.testing.assert_array_equal(np.bincount(made.train.y), np.bincount(data.train.y))
    assert np.mean(made.train.y == data.train.y) == pytest.approx(0.1, abs=0.03)
    assert made.test is data.test


def test_images_keep_their_labels_and_each_seed_draws_others():
    data = load_data("digits")
    some, other = labelled(data, 50, 0), labelled(data, 50, 1)
    assert len(some.train.y) == 50
    for x, y in zip(some.train.x, some.train.y, strict=True):
        assert y in data.train.y[(data.train.x == x).all(axis=(1, 2, 3))]
    assert not np.array_equal(some.train.x, other.train.x)


@pytest.mark.expensive
def test_weights_of_a_machine_add_to_the_accuracy_of_few_labels(tmp_path):
    words = ["--dataset", "digits", "--labels", "60", "--seeds", "1", "--epochs", "10", "--fine-epochs", "60"]
    kept = tmp_path / "runs.json"
    assert main(["rbm", *words, "--kept", str(kept)]) == 0
    (found,) = json.loads(kept.read_text()).values()
    assert found["what"] == "few labels: mlp of 128 on 60 examples of digits, begun by rbm"
    command = "python -m benchmarks.few_labels rbm --dataset digits --labels 60 --epochs 10 --fine-epochs 60"
    assert found["command"] == command
