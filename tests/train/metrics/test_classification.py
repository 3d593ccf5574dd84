"""The classification metrics against scikit-learn."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn import metrics as peer

from zoo.train.metrics import classification as metrics

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(1)
Y, PREDICTED = RNG.integers(0, 5, (2, 200))


def test_accuracy_is_1_where_the_largest_output_is_the_target_class():
    outputs = jnp.array([[0.1, 0.7, 0.2], [0.9, 0.0, 0.1], [0.5, 0.5, 0.5]])
    assert metrics.accuracy(outputs, jnp.array([1, 2, 0])).tolist() == [1, 0, 1]
    assert metrics.accuracy(outputs[None], jnp.array([[1, 2, 1]])).tolist() == pytest.approx([1 / 3])


def test_top_k_equals_scikit_learn():
    rng = np.random.default_rng(2)
    scores, y = rng.normal(size=(40, 6)), rng.integers(0, 6, 40)
    for k in (1, 2, 5):
        expected = peer.top_k_accuracy_score(y, scores, k=k, labels=range(6))
        assert float(metrics.top_k(jnp.asarray(scores), jnp.asarray(y), k).mean()) == pytest.approx(expected)
    # Of equal outputs only k count, so a constant model does not score 1.
    assert float(metrics.top_k(jnp.zeros((6, 6)), jnp.arange(6), 2).mean()) == pytest.approx(2 / 6)


def test_binary_accuracy_compares_the_sign_of_the_logit():
    outputs, y = jnp.array([[2.0], [-1.0], [0.5]]), jnp.array([1, 1, 0])
    assert metrics.binary_accuracy(outputs, y).tolist() == [1, 0, 0]
    assert metrics.binary_accuracy(outputs[:, 0], y).tolist() == [1, 0, 0]


def test_multilabel_metrics_equal_scikit_learn():
    rng = np.random.default_rng(2)
    outputs, y = rng.normal(size=(30, 3)), rng.integers(0, 2, (30, 3))
    a, b = jnp.asarray(outputs), jnp.asarray(y)
    assert float(metrics.exact_match(a, b).mean()) == pytest.approx(peer.accuracy_score(y, outputs > 0))
    assert float(metrics.label_accuracy(a, b).mean()) == pytest.approx(1 - peer.hamming_loss(y, outputs > 0))


@pytest.mark.parametrize(
    "metric",
    [metrics.accuracy, metrics.binary_accuracy, metrics.top_k, metrics.label_accuracy, metrics.exact_match],
)
def test_targets_that_would_broadcast_raise(metric):
    with pytest.raises(ValueError, match=r"float32\[6,5\].*got int32\[6,1\]"):
        metric(jnp.zeros((6, 5)), jnp.zeros((6, 1), jnp.int32))


def test_confusion_matrix_equals_scikit_learn_and_counts_every_example():
    ours = metrics.confusion_matrix(Y, PREDICTED, 7)
    np.testing.assert_array_equal(ours, peer.confusion_matrix(Y, PREDICTED, labels=range(7)))
    assert ours.sum() == 200


def test_confusion_matrix_rejects_indices_outside_the_classes():
    with pytest.raises(ValueError, match="predicted ranges from 0 to 5, but 5 classes are numbered 0 to 4"):
        metrics.confusion_matrix([0, 1], [0, 5], 5)
    with pytest.raises(ValueError, match="y ranges from -1 to 1"):
        metrics.confusion_matrix([-1, 1], [0, 1], 5)


def test_class_scores_equal_scikit_learn_also_for_classes_that_never_occur():
    ours = metrics.class_scores(Y, PREDICTED, 7)
    expected = peer.precision_recall_fscore_support(Y, PREDICTED, labels=range(7), zero_division=0.0)
    for score, theirs in zip(ours, expected, strict=True):
        np.testing.assert_allclose(score, theirs)


def test_a_target_that_is_no_class_is_never_right():
    z = jnp.array([[3.0], [-3.0], [3.0], [-3.0]])
    for y in (jnp.array([2, -1, 1, 0]), jnp.array([2.0, -1.0, 1.0, 0.0])):
        assert metrics.binary_accuracy(z, y).tolist() == [0, 0, 1, 1]
        assert (
            metrics.label_accuracy(z, y[:, None]).tolist()
            == metrics.exact_match(z, y[:, None]).tolist()
            == [0, 0, 1, 1]
        )
    outputs = jnp.array([[0.0, 1.0, 3.0]] * 2)
    for measure in (metrics.accuracy, lambda z, y: metrics.top_k(z, y, 2)):
        assert measure(outputs, jnp.array([-1, 3])).tolist() == [0, 0]


def test_the_confusion_matrix_refuses_fractions():
    with pytest.raises(ValueError, match=r"confusion_matrix: predicted must hold class indices, got 0\.5"):
        metrics.confusion_matrix([0, 1], [0, 0.5], 2)
