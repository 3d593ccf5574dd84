import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import hinge_loss, log_loss

from zoo.train.losses.supervised import supervised as losses

pytestmark = pytest.mark.usefixtures("quick_compiler")

try:
    from jax import enable_x64
except ImportError:  # before jax 0.8
    from jax.experimental import enable_x64

SCORES = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
CLASSES = np.array([0, 3, 1, 1, 2, 0], np.int32)
REGRESSION = [losses.mse, losses.half_mse, losses.mae, losses.huber, losses.arctan]


def one_hot(y, classes=4):
    return np.eye(classes, dtype=np.float32)[y]


@pytest.mark.parametrize(
    ("loss", "by_hand"),
    [
        (losses.mse, lambda d: d**2),
        (losses.half_mse, lambda d: d**2 / 2),
        (losses.mae, lambda d: abs(d)),
        (losses.huber, lambda d: d**2 / 2 if abs(d) <= 1 else abs(d) - 0.5),
        (losses.arctan, lambda d: np.arctan(d) ** 2),
    ],
)
def test_regression_losses_equal_their_formula_for_each_example(loss, by_hand):
    outputs, targets = np.random.default_rng(1).normal(size=(2, 5, 3)).astype(np.float32) * 2
    expected = [np.mean([by_hand(d) for d in row]) for row in targets - outputs]
    np.testing.assert_allclose(loss(outputs, targets), expected, rtol=1e-5)
    flat = loss(outputs[:, 0], targets[:, 0])
    np.testing.assert_allclose(flat, [by_hand(d) for d in targets[:, 0] - outputs[:, 0]], rtol=1e-5)


@pytest.mark.parametrize("loss", [*REGRESSION, losses.rmse, losses.multilabel_cross_entropy])
def test_shapes_that_would_broadcast_raise_and_are_both_named(loss):
    with pytest.raises(ValueError, match=r"float32\[5,1\] and targets float32\[5\]"):
        loss(jnp.ones((5, 1)), jnp.ones(5))


@pytest.mark.parametrize("loss", [losses.binary_cross_entropy, losses.hinge, losses.quadratic])
def test_binary_losses_take_one_logit_with_or_without_its_axis(loss):
    y = np.array([0, 1, 1, 0, 1, 0], np.int32)
    flat = loss(SCORES[:, 0], y)
    assert flat.shape == (6,)
    np.testing.assert_array_equal(loss(SCORES[:, :1], y), flat)
    np.testing.assert_array_equal(loss(SCORES[:, :1], y.astype(np.uint8)), flat)
    with pytest.raises(ValueError, match=r"float32\[6\] and targets int32\[3\]"):
        loss(SCORES[:, :1], y[:3])


def test_binary_cross_entropy_equals_scikit_learn_and_has_a_plus_between_its_terms():
    z, y = SCORES[:, 0].astype(np.float64), np.array([0, 1, 1, 0, 1, 0])
    p = 1 / (1 + np.exp(-z))
    mine = losses.binary_cross_entropy(SCORES[:, :1], y)
    np.testing.assert_allclose(mine, -(y * np.log(p) + (1 - y) * np.log(1 - p)), rtol=1e-5)
    np.testing.assert_allclose(np.mean(mine), log_loss(y, p), rtol=1e-5)
    assert np.all(np.asarray(mine) > 0)


def test_softmax_cross_entropies_equal_scikit_learn_and_each_other():
    p = np.exp(SCORES.astype(np.float64))
    p /= p.sum(1, keepdims=True)
    sparse = losses.sparse_categorical_cross_entropy(SCORES, CLASSES)
    np.testing.assert_allclose(np.mean(sparse), log_loss(CLASSES, p), rtol=1e-5)
    np.testing.assert_allclose(losses.categorical_cross_entropy(SCORES, one_hot(CLASSES)), sparse, rtol=1e-5)


def test_label_smoothing_mixes_the_target_with_the_even_distribution():
    log_p = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
    target = 0.8 * one_hot(CLASSES) + 0.2 / 4
    expected = -(target * log_p).sum(1)
    for loss, y in (
        (losses.sparse_categorical_cross_entropy, CLASSES),
        (losses.categorical_cross_entropy, one_hot(CLASSES)),
    ):
        np.testing.assert_allclose(loss(SCORES, y, label_smoothing=0.2), expected, rtol=1e-5)
    smooth = losses.binary_cross_entropy(SCORES[:, 0], jnp.ones(6), label_smoothing=0.2)
    np.testing.assert_allclose(smooth, losses.binary_cross_entropy(SCORES[:, 0], jnp.full(6, 0.9)), rtol=1e-6)


def test_multilabel_cross_entropy_is_the_mean_of_the_classes_own():
    y = (np.random.default_rng(1).random((6, 4)) < 0.5).astype(np.int32)
    p = 1 / (1 + np.exp(-SCORES))
    expected = np.mean(np.where(y, -np.log(p), -np.log(1 - p)), axis=1)
    np.testing.assert_allclose(losses.multilabel_cross_entropy(SCORES, y), expected, rtol=1e-5)


def test_hinge_equals_scikit_learn_for_two_classes_and_for_more():
    y = np.array([0, 1, 1, 0, 1, 0])
    np.testing.assert_allclose(np.mean(losses.hinge(SCORES[:, 0], y)), hinge_loss(2 * y - 1, SCORES[:, 0]), rtol=1e-5)
    np.testing.assert_allclose(
        np.mean(losses.hinge(SCORES, CLASSES)), hinge_loss(CLASSES, SCORES, labels=[0, 1, 2, 3]), rtol=1e-5
    )


def test_quadratic_is_nielsens_cost_of_sigmoid_outputs():
    a = 1 / (1 + np.exp(-SCORES))
    expected = 0.5 * ((a - one_hot(CLASSES)) ** 2).sum(1)
    np.testing.assert_allclose(losses.quadratic(SCORES, CLASSES), expected, rtol=1e-5)
    np.testing.assert_allclose(losses.quadratic(SCORES, one_hot(CLASSES)), expected, rtol=1e-5)
    np.testing.assert_allclose(losses.quadratic(SCORES[:, :1], CLASSES // 3), 0.5 * (a[:, 0] - CLASSES // 3) ** 2, 1e-5)


def test_huge_logits_give_finite_losses_and_gradients():
    z = jnp.array([[1e4, -1e4, 1.0], [-1e4, 1e4, 0.0], [1e4, 1e4, -1e4]])
    y, hot = jnp.array([1, 1, 2]), jax.nn.one_hot(jnp.array([1, 1, 2]), 3)
    cases = [
        (losses.sparse_categorical_cross_entropy, z, y, [2e4, 0, 2e4 + np.log(2)]),
        (losses.categorical_cross_entropy, z, hot, [2e4, 0, 2e4 + np.log(2)]),
        (losses.multilabel_cross_entropy, z, hot, [(2e4 + np.log1p(np.e)) / 3, np.log(2) / 3, 1e4]),
        (losses.binary_cross_entropy, z[:, :1], jnp.array([0, 0, 1]), [1e4, 0, 0]),
        (losses.hinge, z, y, [20001, 0, 20001]),
        (losses.quadratic, z, y, [(2 + jax.nn.sigmoid(1.0) ** 2) / 2, 0.125, 1.5]),
    ]

    @jax.jit
    def everything(inputs):
        return [
            (loss(o, t), jax.grad(lambda o, loss=loss, t=t: loss(o, t).sum())(o))
            for (loss, *_), (o, t) in zip(cases, inputs, strict=True)
        ]

    results = everything([case[1:3] for case in cases])
    for (loss, _, _, expected), (value, gradient) in zip(cases, results, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6, err_msg=loss.__name__)
        assert np.all(np.isfinite(gradient)), loss.__name__


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (losses.mse, "values"),
        (losses.huber, "values"),
        (losses.arctan, "values"),
        (losses.categorical_cross_entropy, "hot"),
        (losses.multilabel_cross_entropy, "hot"),
        (losses.sparse_categorical_cross_entropy, "indices"),
        (losses.hinge, "indices"),
        (losses.quadratic, "indices"),
    ],
)
def test_gradients_equal_finite_differences(loss, y):
    with enable_x64(True):
        targets = {"values": SCORES[::-1].astype(np.float64), "hot": one_hot(CLASSES), "indices": CLASSES}[y]
        outputs = jnp.asarray(SCORES, jnp.float64)
        towards = jnp.asarray(np.random.default_rng(1).normal(size=SCORES.shape))
        cost = jax.jit(lambda o: loss(o, targets).sum())
        slope = (cost(outputs + 1e-6 * towards) - cost(outputs - 1e-6 * towards)) / 2e-6
        np.testing.assert_allclose(jnp.vdot(jax.jit(jax.grad(cost))(outputs), towards), slope, rtol=1e-6)


def test_rmse_is_the_root_over_the_batch_and_its_gradient_at_zero_is_zero():
    outputs, targets = jnp.array([[1.0, 2.0], [3.0, 8.0]]), jnp.array([[1.0, 2.0], [0.0, 4.0]])
    np.testing.assert_allclose(losses.rmse(outputs, targets), 2.5)
    np.testing.assert_array_equal(jax.grad(losses.rmse)(targets, targets), jnp.zeros((2, 2)))


def test_class_indices_must_be_integers_of_one_per_example():
    with pytest.raises(TypeError, match=r"integer class indices, got float32\[6\]"):
        losses.sparse_categorical_cross_entropy(SCORES, CLASSES.astype(np.float32))
    with pytest.raises(ValueError, match=r"float32\[6,4\] and targets int32\[6,1\] do not fit"):
        losses.sparse_categorical_cross_entropy(SCORES, CLASSES[:, None])
    assert np.isnan(losses.sparse_categorical_cross_entropy(SCORES, CLASSES + 4)).all()


def test_axes_between_batch_and_classes_are_averaged_over():
    z, y = SCORES.reshape(2, 3, 4), CLASSES.reshape(2, 3)
    each = losses.sparse_categorical_cross_entropy(SCORES, CLASSES)
    got = losses.sparse_categorical_cross_entropy(z, y)
    np.testing.assert_allclose(got, np.asarray(each).reshape(2, 3).mean(1), rtol=1e-6)


def test_half_precision_outputs_are_judged_in_float32():
    z = jnp.asarray(SCORES, jnp.bfloat16)
    assert losses.sparse_categorical_cross_entropy(z, CLASSES).dtype == jnp.float32
    assert losses.mse(z, jnp.zeros((6, 4))).dtype == jnp.float32
