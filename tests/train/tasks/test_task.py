import ast
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import r2_score

from zoo.train import tasks
from zoo.train.config.recipe import Loss
from zoo.train.data.sources import sources
from zoo.train.errors import BadInput
from zoo.train.losses import classification as losses
from zoo.train.tasks import by_recipe, names, per_step, targets, task_for
from zoo.train.tasks import losses as losses_of

pytestmark = pytest.mark.usefixtures("quick_compiler")

LOSSES = {kind: losses_of(kind) for kind in ("binary", "multiclass", "multilabel", "regression", "tagging", "language")}
SHAPES = {"binary": 1, "multiclass": 3, "multilabel": 3, "regression": 2, "tagging": 3, "language": 3}


def example(kind):
    rng = np.random.default_rng(2)
    steps = (5,) if per_step(kind) else ()
    outputs = jnp.asarray(rng.normal(size=(8, *steps, SHAPES[kind])), jnp.float32)
    y = {
        "binary": rng.integers(0, 2, 8),
        "multiclass": rng.integers(0, 3, 8),
        "multilabel": rng.integers(0, 2, (8, 3)),
        "regression": rng.normal(size=(8, 2)).astype(np.float32),
        "tagging": rng.integers(-1, 3, (8, 5)),
        "language": rng.integers(0, 3, (8, 5)),
    }[kind]
    return outputs, jnp.asarray(y)


def means(task, outputs, y):
    compute = jax.jit(lambda outputs, y: {name: metric(outputs, y).mean() for name, metric in task.metrics.items()})
    return {name: float(mean) for name, mean in compute(outputs, y).items()}


# Kinds of targets of the tasks that read some, and whether their outputs are per step.
FORMS = {
    "binary": (("classes",), False),
    "multiclass": (("classes",), False),
    "multilabel": (("labels",), False),
    "regression": (("numbers",), False),
    "tagging": (("a class per step",), True),
    "language": (("tokens",), True),
    "seq2seq": (("a sequence of tokens", "a class per step"), False),
    "bits": (("bits at every step",), True),
    "forecast": ((), True),
}


def test_each_task_says_which_targets_it_reads_and_which_models_it_needs():
    assert {kind: (targets(kind), per_step(kind)) for kind in names() if targets(kind) or per_step(kind)} == FORMS
    assert {kind for kind in names() if by_recipe(kind)} == {*FORMS, "generation"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TARGETS = {'made_up': 'pairs'}", ("pairs",)),
        ("TARGETS: dict = MappingProxyType({'made_up': ['pairs', 'numbers']})", ("pairs", "numbers")),
        ("TARGETS = {'another': 'pairs'}", ()),
        ("", ()),
        ("TARGETS = 'pairs'", "TARGETS must be a literal dict .*, got 'pairs'"),
        ("TARGETS = {'made_up': 3}", "TARGETS must be a literal dict .*, got 3"),
        ("TARGETS = {NAME: 'pairs'}", "task made_up: TARGETS must be a literal dict"),
        ("PER_STEP = ('made_up')", "PER_STEP must be a literal tuple of names of tasks, got 'made_up'"),
    ],
)
def test_constants_of_a_task_of_another_package_are_read_or_refused(monkeypatch, text, found):
    tasks._constant.cache_clear()
    monkeypatch.setattr(tasks, "_parsed", lambda kind: ast.parse(text))
    try:
        if isinstance(found, str):
            with pytest.raises(BadInput, match=found):
                by_recipe("made_up")
        else:
            assert targets("made_up") == found
    finally:
        tasks._constant.cache_clear()


def test_the_registry_covers_the_tasks_of_data_and_the_losses_of_recipes():
    assert {each.task for each in sources().values()} < set(names())
    assert {name for valid in LOSSES.values() for name in valid} | {"auto"} == set(get_args(Loss))


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_of_a_task_gives_one_finite_number_per_target_and_a_gradient(kind):
    outputs, y = example(kind)
    costs = [task_for(kind, name, SHAPES[kind]).loss for name in ("auto", *LOSSES[kind])]

    def judged(cost, o):
        return cost(o, y), jax.grad(lambda o: cost(o, y).sum())(o)

    results = jax.jit(lambda o: [judged(cost, o) for cost in costs])(outputs)
    for values, gradient in results:
        assert values.shape == outputs.shape[:-1]
        assert np.all(np.isfinite(values))
        assert np.all(np.isfinite(gradient))
        assert np.any(gradient != 0)
    np.testing.assert_array_equal(results[0][0], results[1][0])  # "auto" is the first


@pytest.mark.parametrize("kind", LOSSES)
def test_every_metric_gives_one_number_per_target_and_the_headline_is_reported(kind):
    outputs, y = example(kind)
    task = task_for(kind, outputs=SHAPES[kind])
    assert {metric(outputs, y).shape for metric in task.metrics.values()} == {outputs.shape[:-1]}
    finished = task.finish({"loss": 1.5, **means(task, outputs, y)})
    assert task.headline in finished
    assert finished["loss"] == 1.5
    assert not [name for name in finished if name.startswith("_")]


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_predictions_are_the_likelier_class_and_accuracy_agrees_with_them(kind):
    outputs, y = example(kind)
    task = task_for(kind, outputs=SHAPES[kind])
    predicted, p = np.asarray(task.predict(outputs)), np.asarray(task.probabilities(outputs))
    assert predicted.dtype == np.int32
    assert predicted.shape == y.shape
    np.testing.assert_array_equal(predicted, (p > 0.5) if kind == "multilabel" else p.argmax(axis=1))
    right = (predicted == y).all(axis=1) if kind == "multilabel" else predicted == y
    assert means(task, outputs, y)["accuracy"] == pytest.approx(right.mean())
    if kind != "multilabel":
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)


def test_binary_probabilities_are_of_class_0_and_class_1():
    p = task_for("binary").probabilities(jnp.array([[0.0], [np.log(3.0)], [-1e4]]))
    np.testing.assert_allclose(p, [[0.5, 0.5], [0.25, 0.75], [1, 0]], atol=1e-6)


def test_probabilities_under_the_quadratic_loss_are_the_sigmoids_shares():
    z = jnp.array([[0.0, np.log(3.0), -1e4]])
    p = task_for("multiclass", "quadratic", 3).probabilities(z)
    np.testing.assert_allclose(p, [[0.4, 0.6, 0]], atol=1e-6)


def test_regression_reports_scikit_learns_r2_and_the_root_of_the_squared_error():
    y, outputs = np.random.default_rng(2).normal(size=(2, 400, 3)) * [1, 10, 0.1] + [2, 0, -1]
    task = task_for("regression", outputs=3)
    got = task.finish(means(task, jnp.asarray(outputs, jnp.float32), jnp.asarray(y, jnp.float32)))
    assert got["r2"] == pytest.approx(r2_score(y, outputs), rel=1e-3)
    assert got["rmse"] == pytest.approx(np.sqrt(np.mean((y - outputs) ** 2)), rel=1e-5)
    assert got["mae"] == pytest.approx(np.mean(np.abs(y - outputs)), rel=1e-5)
    assert sorted(got) == ["mae", "mse", "r2", "rmse"]


def test_one_regression_output_takes_targets_with_or_without_their_axis():
    outputs, y = jnp.array([[1.0], [2.0], [5.0]]), jnp.array([1.0, 2.0, 3.0])
    task = task_for("regression")
    assert task.loss(outputs, y).tolist() == task.loss(outputs, y[:, None]).tolist() == [0, 0, 4]
    assert task.finish(means(task, outputs, y))["r2"] == pytest.approx(r2_score(y, outputs[:, 0]))
    assert task.predict(outputs).tolist() == [1, 2, 5]
    assert task.probabilities is None
    with pytest.raises(ValueError, match="same shape"):
        task.loss(outputs, jnp.ones(1))


@pytest.mark.parametrize(("guess", "expected"), [(3.0, 1.0), (4.0, 0.0)])
def test_r2_of_targets_that_never_vary_is_scikit_learns(guess, expected):
    y, task = jnp.full(5, 3.0), task_for("regression")
    assert task.finish(means(task, jnp.full((5, 1), guess), y))["r2"] == expected


@pytest.mark.parametrize(("level", "spread", "guess"), [(2000, 0.05, 1858), (2000, 0.05, 2000.1), (-3e5, 1, 0)])
def test_r2_of_targets_far_from_0_is_scikit_learns(level, spread, guess):
    y = level + spread * np.random.default_rng(3).normal(size=500)
    got = means(task_for("regression"), jnp.full((500, 1), float(guess)), jnp.asarray(y, jnp.float32))
    assert task_for("regression").finish(got)["r2"] == pytest.approx(r2_score(y, np.full(500, guess)), rel=0.01)


@pytest.mark.parametrize("means_of_batches", [(5, 5, 5), (-3, 0, 40)])
def test_r2_over_batches_is_that_of_the_whole(means_of_batches):
    rng, task = np.random.default_rng(4), task_for("regression")
    y = (rng.normal(size=(3, 200)) + np.array(means_of_batches)[:, None]).astype(np.float32)
    outputs = (y + rng.normal(size=y.shape)).astype(np.float32)
    parts = [means(task, jnp.asarray(z[:, None]), jnp.asarray(t)) for z, t in zip(outputs, y, strict=True)]
    whole = {name: np.mean([part[name] for part in parts]) for name in parts[0]}
    assert task.finish(whole)["r2"] == pytest.approx(r2_score(y.ravel(), outputs.ravel()), rel=1e-4)


def test_top_5_is_reported_where_there_are_many_classes():
    assert "top5" in task_for("multiclass", outputs=100).metrics
    assert "top5" not in task_for("multiclass", outputs=10).metrics


def test_a_step_without_a_tag_does_not_count():
    task = task_for("tagging", outputs=2)
    z, y = jnp.array([[[2.0, 0.0], [0.0, 2.0], [9.0, 0.0]]]), jnp.array([[0, 0, -1]])
    assert task.weights(y).tolist() == [[1, 1, 0]]
    assert task.weights(y, jnp.zeros(1)).tolist() == [[0, 0, 0]]
    assert float(task.mean(task.metrics["accuracy"](z, y), y)) == 0.5
    by_hand = (np.log1p(np.exp(-2)) + np.log1p(np.exp(2))) / 2
    assert float(task.mean(task.loss(z, y), y)) == pytest.approx(by_hand, rel=1e-6)


def test_a_batch_without_any_tag_has_a_finite_loss_of_zero():
    task, y = task_for("tagging", outputs=2), jnp.full((2, 3), -1)
    assert float(task.mean(task.loss(jnp.ones((2, 3, 2)), y), y)) == 0


def test_bits_and_nats_of_a_text_do_not_depend_on_the_label_smoothing():
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 4)), np.array([0, 3, 1])
    nats = np.log(np.exp(z).sum(axis=1)) - z[np.arange(3), y]
    for smoothing, loss in (
        (0, nats.mean()),
        (0.2, 0.8 * nats.mean() + 0.2 * (np.log(np.exp(z).sum(1)) - z.mean(1)).mean()),
    ):
        task = task_for("language", outputs=4, label_smoothing=smoothing)
        measures = {"loss": task.loss, **task.metrics}
        means = task.finish({name: np.mean(each(jnp.asarray(z), jnp.asarray(y))) for name, each in measures.items()})
        assert set(means) == {"loss", "bpc", "nats", "accuracy"}
        np.testing.assert_allclose(
            [means["loss"], means["nats"], means["bpc"]], [loss, nats.mean(), nats.mean() / np.log(2)], rtol=1e-5
        )


def test_bits_per_character_are_nats_over_log_2_and_fewer_are_better():
    task = task_for("language", outputs=4)
    z, y = jnp.zeros((1, 3, 4)), jnp.array([[0, 1, 2]])
    assert task.metrics["bpc"](z, y).tolist() == [[2, 2, 2]]
    assert (task.headline, task.higher_is_better) == ("bpc", False)
    assert task.finish({"loss": 1.5, "bpc": 2.0})["nats"] == 1.5


def test_tagging_requires_a_target_for_every_step():
    with pytest.raises(ValueError, match=r"outputs \(1, 3, 4\) require targets \(1, 3\), got \(1,\)"):
        task_for("tagging", outputs=4).loss(jnp.zeros((1, 3, 4)), jnp.zeros(1, int))


def test_label_smoothing_reaches_the_loss():
    outputs, y = example("multiclass")
    smooth = task_for("multiclass", outputs=3, label_smoothing=0.1).loss(outputs, y)
    np.testing.assert_array_equal(smooth, losses.sparse_categorical_cross_entropy(outputs, y, 0.1))
    assert np.any(smooth != task_for("multiclass", outputs=3).loss(outputs, y))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("multiclass", "mse", 3), "--loss mse does not suit a multiclass task; choose from auto, cross_entropy"),
        (("regression", "cross_entropy", 1), "choose from auto, mse, half_mse, mae, huber, arctan"),
        (("multilabel", "hinge", 3), "multilabel task; choose from auto, cross_entropy, quadratic"),
        (
            ("multiclass", "hinge", 3, 0.1),
            "--label-smoothing 0.1 requires the loss cross_entropy; the loss here is hinge",
        ),
        (("regression", "auto", 1, 0.1), "--label-smoothing"),
        (("binary", "auto", 2), "one output, the logit of class 1, got 2"),
        (("multiclass", "auto", 1), "at least 2, got 1"),
        (("regression", "auto", 0), "at least one output, got 0"),
        (("clustering",), "did you mean cluster.*choose from bits, capsules, binary, multiclass"),
    ],
)
def test_unsuitable_arguments_are_rejected_with_the_alternatives(arguments, message):
    with pytest.raises(BadInput, match=message):
        task_for(*arguments)
