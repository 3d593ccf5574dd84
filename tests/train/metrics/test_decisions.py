"""Measures over a whole set against scikit-learn and against numbers found by hand."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as peer

from zoo.train.metrics.classification import label_scores
from zoo.train.metrics.decisions import MEASURES, RISING, Judged, measured, reliability
from zoo.train.metrics.ranking import average_precision, one_vs_rest, ranked, roc_auc

RNG = np.random.default_rng(3)
Y = RNG.integers(0, 2, 500)
TIED = np.round(np.clip(0.3 * Y + RNG.uniform(0, 0.8, 500), 0, 1), 1).astype(np.float32)  # eleven different scores


def judged(y, share, threshold=0.5):
    share = np.asarray(share, np.float64)
    return Judged(np.asarray(y), (share > threshold).astype(int), np.stack([1 - share, share], 1), binary=True)


def several(classes=4, used=4, n=300):
    rng = np.random.default_rng(classes)
    y, p = rng.integers(0, used, n), np.round(rng.dirichlet(np.ones(classes), n), 2)
    p[np.arange(n), y] += 0.3
    p /= p.sum(axis=1, keepdims=True)
    return Judged(y, p.argmax(axis=1), p)


@pytest.mark.parametrize("scores", [TIED, -TIED, np.zeros(500), np.arange(500.0)])
def test_areas_equal_scikit_learn_also_with_ties(scores):
    assert roc_auc(Y, scores) == pytest.approx(peer.roc_auc_score(Y, scores), abs=1e-12)
    assert average_precision(Y, scores) == pytest.approx(peer.average_precision_score(Y, scores), abs=1e-12)


def test_the_roc_area_is_the_share_of_pairs_in_order_with_ties_as_one_half():
    above = TIED[Y == 1][:, None].astype(np.float64) - TIED[Y == 0][None]
    assert roc_auc(Y, TIED) == pytest.approx(np.mean((above > 0) + 0.5 * (above == 0)), abs=1e-12)


def test_average_precision_by_hand():
    # Ranks: positive, negative and positive tied, negative: precision 1 at recall 1/2, then 2/3 at recall 1.
    assert average_precision([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_areas_of_a_set_with_one_class_are_undefined():
    assert roc_auc([1, 1], [0.1, 0.2]) is roc_auc([0, 0], [0.1, 0.2]) is None
    assert average_precision([0, 0], [0.1, 0.2]) is None
    assert average_precision([1, 1], [0.1, 0.2]) == 1
    found = measured(judged([0, 0, 0], [0.2, 0.4, 0.1]))
    assert {name for name, value in found.items() if value is None} == {"recall", "f1", "roc_auc", "average_precision"}
    assert found["precision"] == 0
    assert found["balanced_accuracy"] == 1


def test_curves_go_from_nothing_to_everything():
    counts = ranked([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])
    assert [each.tolist() for each in counts.roc] == [[0, 0, 0.5, 1], [0, 0.5, 1, 1]]
    assert [each.tolist() for each in counts.precision_recall] == [[0.5, 1, 1], [1, 2 / 3, 0.5]]
    with pytest.raises(ValueError, match=r"ranked: y \(2,\) and scores \(3,\)"):
        ranked([0, 1], [1, 2, 3])


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_measures_of_two_classes_equal_scikit_learn(threshold):
    given = judged(Y, TIED, threshold)
    found = measured(given)
    precision, recall, f1, _ = peer.precision_recall_fscore_support(Y, given.predicted, average="binary")
    assert [found[name] for name in ("precision", "recall", "f1")] == pytest.approx([precision, recall, f1])
    assert found["balanced_accuracy"] == pytest.approx(peer.balanced_accuracy_score(Y, given.predicted))
    assert found["roc_auc"] == pytest.approx(peer.roc_auc_score(Y, given.probabilities[:, 1]), abs=1e-12)


@pytest.mark.parametrize("used", [4, 3])
def test_measures_of_several_classes_are_means_over_those_that_occur(used):
    given = several(used=used)
    found = measured(given)
    expected = peer.precision_recall_fscore_support(given.y, given.predicted, average="macro", zero_division=0.0)  # pyright: ignore[reportArgumentType]
    assert [found[name] for name in ("precision", "recall", "f1")] == pytest.approx(expected[:3])
    areas = [peer.roc_auc_score(given.y == j, given.probabilities[:, j]) for j in range(used)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas), abs=1e-12)
    areas = [peer.average_precision_score(given.y == j, given.probabilities[:, j]) for j in range(used)]
    assert found["average_precision"] == pytest.approx(np.mean(areas), abs=1e-12)
    assert one_vs_rest(roc_auc, np.zeros(5, int), np.ones((5, 2))) is None


def test_the_calibration_error_by_hand():
    # Two of the fifteen bins: 0.61 and 0.65 in the tenth, of which one is right; 0.95 and 0.97 in the last, both right.
    given = judged([1, 0, 1, 1], [0.61, 0.65, 0.95, 0.97])
    assert measured(given, ("ece",))["ece"] == pytest.approx(0.5 * abs(0.63 - 0.5) + 0.5 * abs(0.96 - 1))
    bins = reliability(given)
    assert bins.count.tolist() == [2, 2]
    np.testing.assert_allclose(bins.confidence, [0.63, 0.96])
    # Of several classes the event is that the prediction is right; the ends 0 and 1 belong to the outer bins.
    sure = Judged(np.array([0, 1, 1]), np.array([0, 0, 1]), np.array([[1.0, 0], [1.0, 0], [0, 1.0]]))
    assert measured(sure, ("ece",))["ece"] == pytest.approx(1 / 3)


def test_every_measure_but_the_calibration_error_rises():
    assert set(MEASURES) - set(RISING) == {"ece"}


def test_measures_of_several_labels_equal_scikit_learn():
    rng = np.random.default_rng(7)
    y = (rng.uniform(size=(200, 4)) < [0.5, 0.1, 0.8, 0.0]).astype(int)  # the last never occurs
    p = np.round(np.clip(0.4 * y + rng.uniform(0, 0.7, y.shape), 0, 1), 2)
    said = (p > 0.5).astype(int)
    found = measured(Judged(y, said, p))
    none: Any = 0.0  # of a ratio 0 / 0
    precision, recall, f1, _ = peer.precision_recall_fscore_support(y, said, average="macro", zero_division=none)
    assert [found[name] for name in ("precision", "recall", "f1")] == pytest.approx([precision, recall, f1])
    assert found["f1_micro"] == pytest.approx(peer.f1_score(y, said, average="micro"))
    assert found["roc_auc"] == pytest.approx(peer.roc_auc_score(y[:, :3], p[:, :3]), abs=1e-12)
    assert found["average_precision"] == pytest.approx(peer.average_precision_score(y[:, :3], p[:, :3]), abs=1e-12)
    each = [peer.balanced_accuracy_score(y[:, j], said[:, j]) for j in range(3)]
    assert found["balanced_accuracy"] == pytest.approx(np.mean(each))
    assert reliability(Judged(y, said, p)).count.sum() == y.size
    of_each = label_scores(y, said)
    expected = peer.precision_recall_fscore_support(y, said, average=None, zero_division=none)
    np.testing.assert_allclose(of_each, expected)


def test_the_micro_mean_is_left_out_where_it_is_the_accuracy():
    given = several()
    assert "f1_micro" not in measured(given)
    assert measured(given, ("f1_micro",))["f1_micro"] == pytest.approx(np.mean(given.y == given.predicted))
