"""The classification losses against formulas by hand and scikit-learn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import hinge_loss, log_loss

from zoo.train.losses import classification as losses

pytestmark = pytest.mark.usefixtures("quick_compiler")

try:
    from jax import enable_x64
except ImportError:  # before jax 0.8
    from jax.experimental import enable_x64

SCORES = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
CLASSES = np.array([0, 3, 1, 1, 2, 0], np.int32)


def one_hot(y, classes=4):
    return np.eye(classes, dtype=np.float32)[y]


def test_shapes_that_would_broadcast_raise_and_both_are_in_the_message():
    with pytest.raises(ValueError, match=r"float32\[5,1\] and targets float32\[5\]"):
        losses.multilabel_cross_entropy(jnp.ones((5, 1)), jnp.ones(5))


@pytest.mark.parametrize("loss", [losses.binary_cross_entropy, losses.hinge, losses.quadratic])
def test_binary_losses_take_one_logit_with_or_without_its_axis(loss):
    y = np.array([0, 1, 1, 0, 1, 0], np.int32)
    flat = loss(SCORES[:, 0], y)
    assert flat.shape == (6,)
    np.testing.assert_array_equal(loss(SCORES[:, :1], y), flat)
    np.testing.assert_array_equal(loss(SCORES[:, :1], y.astype(np.uint8)), flat)
    with pytest.raises(ValueError, match=r"float32\[6\] and targets int32\[3\]"):
        loss(SCORES[:, :1], y[:3])


def test_binary_cross_entropy_equals_scikit_learn_and_is_positive():
    z, y = SCORES[:, 0].astype(np.float64), np.array([0, 1, 1, 0, 1, 0])
    p = 1 / (1 + np.exp(-z))
    loss = losses.binary_cross_entropy(SCORES[:, :1], y)
    np.testing.assert_allclose(loss, -(y * np.log(p) + (1 - y) * np.log(1 - p)), rtol=1e-5)
    np.testing.assert_allclose(np.mean(loss), log_loss(y, p), rtol=1e-5)
    assert np.all(np.asarray(loss) > 0)


def test_softmax_cross_entropies_equal_scikit_learn_and_each_other():
    p = np.exp(SCORES.astype(np.float64))
    p /= p.sum(1, keepdims=True)
    sparse = losses.sparse_categorical_cross_entropy(SCORES, CLASSES)
    np.testing.assert_allclose(np.mean(sparse), log_loss(CLASSES, p), rtol=1e-5)
    np.testing.assert_allclose(losses.categorical_cross_entropy(SCORES, one_hot(CLASSES)), sparse, rtol=1e-5)


def test_label_smoothing_mixes_the_target_with_the_uniform_distribution():
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


def test_multilabel_cross_entropy_is_the_mean_over_the_classes():
    y = (np.random.default_rng(1).random((6, 4)) < 0.5).astype(np.int32)
    p = 1 / (1 + np.exp(-SCORES))
    expected = np.mean(np.where(y, -np.log(p), -np.log(1 - p)), axis=1)
    np.testing.assert_allclose(losses.multilabel_cross_entropy(SCORES, y), expected, rtol=1e-5)


def test_hinge_equals_scikit_learn_for_two_and_more_classes():
    y = np.array([0, 1, 1, 0, 1, 0])
    np.testing.assert_allclose(np.mean(losses.hinge(SCORES[:, 0], y)), hinge_loss(2 * y - 1, SCORES[:, 0]), rtol=1e-5)
    np.testing.assert_allclose(
        np.mean(losses.hinge(SCORES, CLASSES)), hinge_loss(CLASSES, SCORES, labels=[0, 1, 2, 3]), rtol=1e-5
    )


def test_quadratic_equals_its_formula_on_sigmoid_outputs():
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
    ("loss", "targets"),
    [
        (losses.categorical_cross_entropy, one_hot(CLASSES)),
        (losses.multilabel_cross_entropy, one_hot(CLASSES)),
        (losses.sparse_categorical_cross_entropy, CLASSES),
        (losses.hinge, CLASSES),
        (losses.quadratic, CLASSES),
    ],
)
def test_gradients_equal_finite_differences(loss, targets):
    with enable_x64(True):
        outputs = jnp.asarray(SCORES, jnp.float64)
        direction = jnp.asarray(np.random.default_rng(1).normal(size=SCORES.shape))
        total = jax.jit(lambda o: loss(o, targets).sum())
        slope = (total(outputs + 1e-6 * direction) - total(outputs - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose(jnp.vdot(jax.jit(jax.grad(total))(outputs), direction), slope, rtol=1e-6)


def test_class_indices_must_be_one_integer_per_example():
    with pytest.raises(TypeError, match=r"integer class indices, got float32\[6\]"):
        losses.sparse_categorical_cross_entropy(SCORES, CLASSES.astype(np.float32))
    with pytest.raises(ValueError, match=r"float32\[6,4\] and targets int32\[6,1\] do not fit"):
        losses.sparse_categorical_cross_entropy(SCORES, CLASSES[:, None])
    assert np.isnan(losses.sparse_categorical_cross_entropy(SCORES, CLASSES + 4)).all()


def test_axes_between_batch_and_classes_are_averaged():
    z, y = SCORES.reshape(2, 3, 4), CLASSES.reshape(2, 3)
    each = losses.sparse_categorical_cross_entropy(SCORES, CLASSES)
    got = losses.sparse_categorical_cross_entropy(z, y)
    np.testing.assert_allclose(got, np.asarray(each).reshape(2, 3).mean(1), rtol=1e-6)


def test_half_precision_outputs_give_a_float32_loss():
    z = jnp.asarray(SCORES, jnp.bfloat16)
    assert losses.sparse_categorical_cross_entropy(z, CLASSES).dtype == jnp.float32


@pytest.mark.parametrize("loss", [losses.sparse_categorical_cross_entropy, losses.hinge, losses.quadratic])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32"])
def test_class_indices_of_any_integer_type_give_the_loss_and_gradient_of_int32(loss, dtype):
    rng = np.random.default_rng(2)
    z = rng.normal(size=(20, 300)).astype(np.float32)  # in 8 bits, class 256 + i is class i
    y = rng.integers(0, min(300, np.iinfo(dtype).max + 1), 20)
    both = jax.jit(jax.value_and_grad(lambda z, y: loss(z, y).sum()))
    wide, hot = z.astype(np.float64), np.eye(300)[y]
    correct = wide[np.arange(20), y]
    wanted = {
        "sparse_categorical_cross_entropy": np.log(np.exp(wide).sum(1)) - correct,
        "hinge": np.maximum(0, 1 + np.where(hot == 1, -np.inf, wide).max(1) - correct),
        "quadratic": ((1 / (1 + np.exp(-wide)) - hot) ** 2).sum(1) / 2,
    }[loss.__name__]
    value, gradient = both(z, y.astype(dtype))
    assert float(value) == pytest.approx(wanted.sum(), rel=1e-5)
    np.testing.assert_array_equal(gradient, both(z, y.astype(np.int32))[1])


@pytest.mark.parametrize(
    ("wrong", "dtype"), [(-1, "int8"), (-1, "int32"), (-4, "int32"), (-5, "int32"), (4, "uint8"), (2**32 - 1, "uint32")]
)
def test_an_index_that_is_no_class_gives_nan_and_leaves_the_others_alone(wrong, dtype):
    y = CLASSES.astype(dtype)
    y[1] = wrong
    for loss in (losses.sparse_categorical_cross_entropy, losses.hinge, losses.quadratic):
        value = np.asarray(loss(SCORES, y))
        assert np.isnan(value).tolist() == [False, True, False, False, False, False], loss.__name__
        np.testing.assert_array_equal(np.delete(value, 1), np.delete(loss(SCORES, CLASSES), 1))
    two = np.array([0, 1, wrong], dtype)
    for loss in (losses.binary_cross_entropy, losses.hinge, losses.quadratic):
        assert np.isnan(loss(SCORES[:3, :1], two)).tolist() == [False, False, True], loss.__name__
    assert np.isnan(losses.multilabel_cross_entropy(SCORES[:1, :3], two[None])).all()


def test_probabilities_as_binary_targets_are_not_class_indices():
    np.testing.assert_allclose(
        losses.binary_cross_entropy(jnp.zeros(2), jnp.array([0.25, 1 + 2**-23])), np.log(2), 1e-6
    )
