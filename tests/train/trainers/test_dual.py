"""Support vector machines against quadratic programming and KKT conditions of numpy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import mlp, svm
from zoo.train.config.recipe import Recipe
from zoo.train.distributed.sharding import data_parallel
from zoo.train.errors import BadInput
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers import dual as module
from zoo.train.trainers._machines import held_parts, members
from zoo.train.trainers._platt import platt
from zoo.train.trainers.dual import dual

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype(np.float32)
CLASSES = (X[:, 0] + 0.6 * RNG.normal(size=60) > 0).astype(np.int32)
VALUES = (np.sin(X[:, 0]) + 0.2 * RNG.normal(size=60)).astype(np.float32)


BLOCKS = {"cost": 2.0, "folds": 0, "block": 8}


def trainer(model, y, task=None, steps=1, **options):
    recipe = Recipe("svm", "digits", trainer="dual")
    run = Run(recipe, steps, 1, data_parallel(), np.asarray(y))
    kind = task or ("regression" if np.issubdtype(y.dtype, np.floating) else "binary")
    return dual(
        model, task_for(kind, outputs=1 if kind == "binary" else 3 if kind == "multiclass" else 1), run, **options
    )


def trained(model, y=CLASSES, steps=1, x=X, **options):
    made, batch = trainer(model, y, steps=steps, **options), {"x": jnp.asarray(x), "y": jnp.asarray(y)}
    fit, step = jax.jit(made.init)(jax.random.key(0), batch), jax.jit(made.step)
    for i in range(steps):
        fit, metrics = step(fit, batch, jax.random.key(i))
    return fit, {name: float(value) for name, value in metrics.items()}


def machines(fit):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), fit["params"]["machines"])


def rbf(gamma=0.5):
    x = X.astype(np.float64)
    return np.exp(-gamma * np.square(x[:, None] - x).sum(-1))


def quadratic_program(k, target, lower, upper, balanced):
    """Projected gradients of numpy, accelerated: min 1/2 b'kb - target'b in a box, with sum(b) = 0 if balanced."""

    def projected(b):
        if not balanced:
            return np.clip(b, lower, upper)
        low, high = b.min() - upper.max(), b.max() - lower.min()
        for _ in range(40):
            shift = (low + high) / 2
            low, high = (shift, high) if np.clip(b - shift, lower, upper).sum() > 0 else (low, shift)
        return np.clip(b - (low + high) / 2, lower, upper)

    rate, b, ahead, t = 1 / np.linalg.eigvalsh(k).max(), np.zeros(len(k)), np.zeros(len(k)), 1.0
    for _ in range(1500):
        new = projected(ahead - rate * (k @ ahead - target))
        after = (1 + (1 + 4 * t * t) ** 0.5) / 2
        ahead, b, t = new + (t - 1) / after * (new - b), new, after
    return b


def bias(b, f, target, lower, upper):
    free = (b > lower + 1e-6) & (b < upper - 1e-6)
    return np.mean((target - f)[free])


@pytest.mark.parametrize("block", [None, 16])
def test_decision_values_are_those_of_a_quadratic_program_in_float64(block):
    fit, metrics = trained(svm(1, gamma=0.5), cost=2.0, folds=0, block=block)
    k, sign = rbf(), 2.0 * CLASSES - 1
    lower, upper = np.minimum(2 * sign, 0), np.maximum(2 * sign, 0)
    b = quadratic_program(k, sign, lower, upper, balanced=True)
    wanted = k @ b + bias(b, k @ b, sign, lower, upper)
    found = svm(1, gamma=0.5).decision(fit["params"], {}, X)[:, 0]
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    assert metrics["kkt_gap"] <= 1e-3
    assert metrics["support_vectors"] == np.sum(np.abs(b) > 1e-6)


@pytest.mark.parametrize("cost", [0.1, 10.0])
def test_the_kkt_conditions_hold_in_float64(cost):
    fit, metrics = trained(svm(1, gamma=0.5), cost=cost, tolerance=1e-4)
    m, sign = machines(fit), 2.0 * CLASSES - 1
    a = m["coefficients"][:, 0] * sign
    margin = sign * (rbf() @ m["coefficients"][:, 0] + m["bias"][0])
    assert a.min() >= 0
    assert a.max() <= cost * (1 + 1e-6)
    assert abs(m["coefficients"].sum()) < 1e-4 * cost
    assert margin[a == 0].min() > 1 - 5e-4
    assert margin[a >= cost * (1 - 1e-6)].max() < 1 + 5e-4
    np.testing.assert_allclose(margin[(a > 0) & (a < cost * (1 - 1e-6))], 1, atol=5e-4)
    assert metrics["loss"] == pytest.approx(np.maximum(1 - margin, 0).mean(), abs=1e-4)


@pytest.mark.parametrize("squared", [False, True])
def test_without_a_kernel_the_weights_are_those_of_a_quadratic_program_in_float64(squared):
    model = svm(1, kernel="none")
    fit, metrics = trained(model, cost=0.5, folds=0, squared=squared, tolerance=1e-4)
    x, sign = np.concatenate([X, np.ones((60, 1))], axis=1).astype(np.float64), 2.0 * CLASSES - 1
    most = 1e3 if squared else 0.5
    k = x @ x.T + (np.eye(60) / (2 * 0.5) if squared else 0)
    b = quadratic_program(k, sign, np.minimum(most * sign, 0), np.maximum(most * sign, 0), balanced=False)
    np.testing.assert_allclose(model.decision(fit["params"], {}, X)[:, 0], x @ (x.T @ b), atol=1e-3)
    assert metrics["kkt_gap"] <= 1e-4


@pytest.mark.parametrize("kernel", ["rbf", "none"])
def test_a_regression_is_that_of_a_quadratic_program_in_float64(kernel):
    model = svm(1, kernel=kernel, gamma=0.5)
    fit, _ = trained(model, VALUES, cost=0.7, epsilon=0.2, tolerance=1e-4)
    x = np.concatenate([X, np.ones((60, 1))], axis=1).astype(np.float64)
    k = rbf() if kernel == "rbf" else x @ x.T
    target = np.concatenate([VALUES - 0.2, VALUES + 0.2]).astype(np.float64)
    lower, upper = np.repeat([0, -0.7], 60), np.repeat([0.7, 0], 60)
    b = quadratic_program(np.tile(k, (2, 2)), target, lower, upper, balanced=kernel == "rbf")
    f = np.tile(k, (2, 2)) @ b
    wanted = (f + (bias(b, f, target, lower, upper) if kernel == "rbf" else 0))[:60]
    np.testing.assert_allclose(model.apply(fit["params"], {}, X)[0][:, 0], wanted, atol=2e-3)


def test_machines_that_are_not_solved_are_told_of_with_what_to_do():
    made, (_, metrics) = trainer(svm(1), CLASSES, iterations=1), trained(svm(1, gamma=0.5), **BLOCKS, iterations=1)
    assert metrics["kkt_gap"] > 0.1
    (line,) = made.warnings(metrics)
    assert f"{metrics['kkt_gap']:.2g}, above --t.tolerance 0.001. Give more --t.iterations (now 1)" in line
    assert made.warnings({"kkt_gap": float(np.float32(1e-3))}) == []


def test_without_platts_scaling_a_class_that_wins_all_its_pairs_is_predicted():
    """Class 0 wins each pair by the margin; class 1 wins all others by three margins."""
    fit, _ = trained(svm(1, gamma=0.5), cost=2.0, folds=0, block=None)
    model, x = svm(10, kernel="none"), jnp.zeros((1, 2))
    params, state = model.init(jax.random.key(0), x)
    params["machines"]["bias"] = jnp.array([1.0] * 9 + [3.0] * 8 + [0.0] * 28)
    params["platt"]["slope"] = jnp.tile(fit["params"]["platt"]["slope"], 45)
    assert jnp.argmax(model.apply(params, state, x)[0]) == 0


@pytest.mark.parametrize("first", [0, 1], ids=["as they come", "by class"])
def test_steps_with_few_iterations_end_where_one_long_step_does(first):
    """Ordered by class, all of the first working set violate equally, and are of one class."""
    order = np.argsort(-CLASSES, kind="stable") if first else np.arange(60)
    data, model = {"x": X[order], "y": CLASSES[order]}, svm(1, gamma=0.5)
    (whole, metrics), (parts, after) = (
        trained(model, **data, **BLOCKS, steps=steps, iterations=most) for steps, most in ((1, 1000), (60, 1))
    )
    assert max(metrics["kkt_gap"], after["kkt_gap"]) <= 1e-3
    one, other = (model.decision(fit["params"], {}, X) for fit in (whole, parts))
    np.testing.assert_allclose(one, other, atol=2e-3)


def test_each_pair_of_classes_has_its_own_examples():
    y = jnp.array([2, 0, 1, 0, 2, 0])
    pairs = np.array([[0, 1], [0, 2], [1, 2]])
    rows, target = members(y, pairs, 3, 5)
    assert rows.tolist() == [[1, 3, 5, 2, 6], [1, 3, 5, 0, 4], [2, 0, 4, 6, 6]]
    assert target.tolist() == [[1, 1, 1, -1, 0], [1, 1, 1, -1, -1], [1, -1, -1, 0, 0]]
    assert members(y, None, 3, 6).target.tolist()[1] == [-1, -1, 1, -1, -1, -1]


def test_a_machine_of_a_pair_equals_the_machine_of_these_two_classes_alone():
    y = (np.digitize(X[:, 0], [-0.5, 0.5])).astype(np.int32)
    three, _ = trained(svm(3, gamma=0.5), y, cost=2.0, folds=0, task="multiclass")
    chosen = np.isin(y, [0, 2])
    two, _ = trained(svm(1, gamma=0.5), (y[chosen] == 0).astype(np.int32), x=X[chosen], cost=2.0, folds=0)
    pair = svm(3).decision(three["params"], {}, X)[:, 1]
    np.testing.assert_allclose(pair, svm(1).decision(two["params"], {}, X)[:, 0], atol=2e-3)


def test_parts_that_are_held_back_have_equal_shares_of_each_class(key):
    y = jnp.array([0] * 30 + [1] * 12)
    held = np.asarray(held_parts(key, y, 3))
    assert np.bincount(held[:30]).tolist() == [10, 10, 10]
    assert np.bincount(held[30:]).tolist() == [4, 4, 4]


def test_platts_sigmoid_is_that_of_newtons_method_in_float64():
    x = RNG.normal(size=200) * 30
    positive, counts = x / 30 + RNG.normal(size=200) > 0.3, np.arange(200) < 180
    one, other = (counts & positive).sum(), (counts & ~positive).sum()
    target = np.where(positive, (one + 1) / (one + 2), 1 / (other + 2))[counts]
    design, sigmoid = np.stack([x[counts], np.ones(counts.sum())], axis=1), np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ sigmoid))
        sigmoid -= np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (p - target))
    found = jax.jit(platt)(*map(jnp.asarray, (x.astype(np.float32), positive, counts)))
    np.testing.assert_allclose(found, sigmoid, rtol=1e-3)


def test_platts_sigmoid_is_fitted_to_decision_values_of_machines_that_have_not_seen_the_examples():
    """Far apart, a machine separates any labels; only examples that it has not seen tell that they are random."""
    x = (np.arange(40)[:, None] * [100.0, 0]).astype(np.float32)
    y = np.random.default_rng(3).permutation(np.arange(40) % 2).astype(np.int32)
    fit, metrics = trained(svm(1, gamma=1.0), y, x=x, cost=10.0)
    assert metrics["loss"] < 1e-3
    logits = svm(1).apply(fit["params"], {}, x)[0]
    assert np.abs(1 / (1 + np.exp(-logits)) - 0.5).max() < 0.05


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (mlp(1), {}, "needs a model with decision values"),
        (svm(1), {"folds": 1}, "--t.folds 1 must be 0, or at least 2"),
        (svm(1), {"squared": True}, "give --m.kernel none as well"),
    ],
)
def test_options_without_sense_are_refused(model, options, message):
    with pytest.raises(BadInput, match=message):
        trainer(model, CLASSES, **options)


def test_several_labels_need_separate_machines():
    y = np.stack([CLASSES, 1 - CLASSES], axis=1)
    with pytest.raises(BadInput, match=r"2 labels of each example: give --m\.scheme separate"):
        trained(svm(2), y, task="multilabel")


def test_kernel_values_beyond_the_memory_are_refused_with_bytes_and_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(module, "available_memory", lambda: 10_000)
    with pytest.raises(BadInput, match=r"60 x 60 kernel values need 14.1 KiB, there are 9.77 KiB: give --t\.block 20"):
        trainer(svm(1), CLASSES).init(jax.random.key(0), {"x": jnp.asarray(X), "y": jnp.asarray(CLASSES)})
    trainer(svm(1), CLASSES, block=20).init(jax.random.key(0), {"x": jnp.asarray(X), "y": jnp.asarray(CLASSES)})
    assert "computed 20 rows at a time" in capsys.readouterr().err


@pytest.mark.parametrize("kernel", ["rbf", "none"])
@pytest.mark.parametrize("block", [None, 8])
def test_where_rounding_keeps_the_gap_open_the_solver_stops(kernel, block):
    """A million working sets would take hours; the solution is as good as that of a tolerance within reach."""
    model, options = svm(1, kernel=kernel, gamma=0.5), {"cost": 50.0, "folds": 0, "block": block}
    found, metrics = trained(model, **options, tolerance=1e-12, iterations=1_000_000)
    assert 1e-12 < metrics["kkt_gap"] < 1e-2
    reached, _ = trained(model, **options, tolerance=1e-3)
    one, other = (model.decision(fit["params"], {}, X) for fit in (found, reached))
    np.testing.assert_allclose(one, other, atol=2e-2)
    (line,) = trainer(model, CLASSES, **options, tolerance=1e-12).warnings(metrics)
    assert "training ends as soon as it falls no further" in line
