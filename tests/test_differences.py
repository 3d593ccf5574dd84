"""Each row of docs/differences.md: the value here, and another one by the formula of the other library."""

import re
from inspect import signature
from math import erf
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import Perceptron
from sklearn.metrics import f1_score, hinge_loss, top_k_accuracy_score
from sklearn.preprocessing import StandardScaler

from zoo import perceptron
from zoo.layers import (
    activations,
    avg_pool,
    batch_norm,
    conv,
    dense,
    dropout,
    gru_cell,
    layer_norm,
    lstm_cell,
    max_pool,
)
from zoo.train.config.recipe import Recipe
from zoo.train.data.normalize import fit_scaler
from zoo.train.data.split import Split, train_val_split
from zoo.train.losses import classification as losses
from zoo.train.metrics.classification import class_scores, top_k
from zoo.train.metrics.regression import r2
from zoo.train.pipeline.batches import shuffle
from zoo.train.tasks import task_for
from zoo.train.trainers import Run, make
from zoo.train.trainers.optimizers import ema_update, make_optimizer
from zoo.train.trainers.schedules import make_schedule

pytestmark = pytest.mark.usefixtures("quick_compiler")
PAGE = (Path(__file__).parent.parent / "docs" / "differences.md").read_text(encoding="utf-8")
ROWS = set()
KEY = jax.random.key(0)


def row(name):
    """Says which row of the page a test holds."""

    def keep(test):
        assert name not in ROWS, f"two tests of {name}"
        ROWS.add(name)
        return test

    return keep


def close(got, wanted, other):
    """The value here is the wanted one, and that of the other library is another one."""
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-7)
    assert not np.allclose(got, other, rtol=1e-3, atol=1e-7)


def path(gradients, start=1.0, losses=None, per_epoch=1, bias=False, **options):
    """One parameter after each update."""
    recipe = Recipe("mlp", "iris", **{"opt": "sgd", "lr": 0.1, **options})
    tx, w = make_optimizer(recipe, len(gradients), per_epoch), jnp.full((1,) if bias else (1, 1), start)
    losses = np.ones(len(gradients)) if losses is None else losses

    def step(carry, now):
        w, opt = carry
        update, opt = tx.update(jnp.broadcast_to(now[0], w.shape), opt, w, value=now[1])
        return (w + update, opt), w + update

    def every(*each):
        return jax.lax.scan(step, (w, tx.init(w)), each)[1]

    return np.asarray(jax.jit(every)(jnp.asarray(gradients, jnp.float32), jnp.asarray(losses, jnp.float32))).ravel()


def rates(count, per_epoch=1, **options):
    schedule = make_schedule(Recipe("mlp", "iris", **{"lr": 0.1, **options}), count, per_epoch)
    return np.asarray(jax.jit(jax.vmap(schedule))(jnp.arange(count)), np.float64)


def apply(layer, x, key=None):
    return jax.jit(lambda x: layer.apply(*layer.init(KEY, x), x, key))(x)


@row("rmsprop")
def test_rmsprop_forgets_faster_and_has_its_epsilon_inside_the_root():
    def by(decay, direction):
        w, v = 1.0, 0.0
        for g in (1e-4, 2e-4):
            v = decay * v + (1 - decay) * g * g
            w -= 0.1 * direction(g, v)
        return w

    got = path([1e-4, 2e-4], opt="rmsprop")[-1]
    close(got, by(0.9, lambda g, v: g / np.sqrt(v + 1e-8)), by(0.99, lambda g, v: g / (np.sqrt(v) + 1e-8)))


@row("adagrad")
def test_adagrad_starts_at_a_tenth():
    close(path([0.5], opt="adagrad")[0], 1 - 0.1 * 0.5 / np.sqrt(0.1 + 0.25), 1 - 0.1 * 0.5 / np.sqrt(0.25))


@row("epsilon of adam")
def test_the_epsilon_of_adam_follows_the_bias_correction():
    g = 1e-7
    keras = 1 - 0.1 * np.sqrt(0.001) / 0.1 * (0.1 * g) / (np.sqrt(0.001 * g * g) + 1e-7)
    close(path([g], opt="adam")[0], 1 - 0.1 * g / (g + 1e-8), keras)


@row("weight decay of adam")
def test_weight_decay_of_adam_is_decoupled():
    step = 0.1 / (1 + 1e-8)  # the first step of Adam is the sign, whatever is added to the gradient
    close(path([0.5], opt="adam", weight_decay=0.3)[0], 1 - step - 0.1 * 0.3, 1 - step)


@row("weight decay of biases")
def test_weight_decay_spares_biases():
    close(path([0.0], weight_decay=0.3, bias=True)[0], 1.0, 1 - 0.1 * 0.3)


@row("l2")
def test_l2_is_half_the_square():
    close(path([0.0], l2=0.3, start=2.0)[0], 2 - 0.1 * 0.3 * 2, 2 - 0.1 * 2 * 0.3 * 2)


@row("l2 and C")
def test_l2_belongs_to_the_mean_of_the_losses():
    slopes, c, w = np.array([0.2, -0.7, 0.4]), 5.0, 1.0
    of_sum = (c * slopes.sum() + w) / (c * len(slopes))  # scikit-learn's objective, divided by C n
    got = (1 - path([slopes.mean()], l2=1 / (c * len(slopes)))[0]) / 0.1
    close(got, of_sum, slopes.mean() + w / c)


@row("momentum and rate")
def test_a_decay_of_the_rate_acts_on_the_velocity_at_once():
    options = {"opt": "momentum", "sched": "step", "step_epochs": 1, "decay": 0.1}
    got = path([1.0, 0.0], **options)[-1]
    close(got, 1 - 0.1 - 0.01 * 0.9, 1 - 0.1 - 0.9 * 0.1)


@row("clip-grad")
def test_the_norm_of_all_parameters_together_is_clipped():
    tx = make_optimizer(Recipe("mlp", "iris", opt="sgd", lr=1.0, clip_grad=1.0), 1, 1)
    gradient = {"a": jnp.array([3.0]), "b": jnp.array([4.0])}
    got = jax.jit(lambda: tx.update(gradient, tx.init(gradient), gradient, value=jnp.float32(1))[0])()
    close(np.ravel([got["a"], got["b"]]), [-0.6, -0.8], [-1, -1])


@row("accumulate")
def test_accumulated_gradients_are_averaged():
    close(path([1.0, 3.0], accumulate=2)[-1], 1 - 0.1 * 2, 1 - 0.1 * 4)


@row("ema")
def test_the_decay_of_the_average_begins_low():
    close(jax.jit(ema_update)(jnp.zeros(1), jnp.ones(1), 0.999, 0), [1 - 0.1], [1 - 0.999])


@row("default rate")
def test_every_optimizer_has_the_default_rate_of_adam():
    close(Recipe("mlp", "iris", opt="rmsprop").lr, 1e-3, 1e-2)


@row("warmup")
def test_the_first_rate_of_a_warmup_is_above_0():
    got = rates(8, warmup_epochs=4)
    for other in ([0, 0.025, 0.05, 0.075], 0.1 * (1 + 2 * np.arange(4) / 4) / 3):
        close(got[:5], [0.02, 0.04, 0.06, 0.08, 0.1], [*other, 0.1])


@row("exponential")
def test_exponential_falls_at_every_update():
    got = rates(4, per_epoch=2, sched="exponential", step_epochs=1, decay=0.25)
    close(got, 0.1 * 0.5 ** np.arange(4), [0.1, 0.1, 0.025, 0.025])


def falls(epoch_losses, patience=2):
    """The epoch at whose end the rate of plateau falls."""
    options = {"sched": "plateau", "step_epochs": patience, "decay": 0.5, "lr": 1.0}
    steps = -np.diff(path(np.ones(len(epoch_losses)), 0.0, epoch_losses, **options), prepend=0)
    return int(np.argmax(steps < 0.9)) if np.any(steps < 0.9) else None


@row("patience of plateau")
def test_plateau_falls_after_as_many_epochs_as_were_given():
    bad = 0
    for pytorch in range(6):  # ReduceLROnPlateau: more bad epochs than its patience
        bad += pytorch > 0
        if bad > 2:
            break
    assert (falls([1.0] * 6), pytorch) == (2, 3)


@row("new low of plateau")
def test_a_new_low_is_lower_by_a_ten_thousandth_of_either_sign():
    assert falls([-1.0] * 6) == 2
    assert -1.0 < -1.0 * (1 - 1e-4)  # PyTorch's rule takes the same loss for a new low
    small = 1e-5 * 0.9 ** np.arange(6)
    assert falls(small) is None
    assert not small[1] < small[0] - 1e-4  # Keras's rule takes none for a new low


@row("what plateau watches")
def test_plateau_watches_the_mean_training_loss_of_an_epoch():
    options = {"sched": "plateau", "step_epochs": 1, "decay": 0.5, "lr": 1.0, "per_epoch": 2}
    got = -np.diff(path(np.ones(4), 0.0, [1.0, 3.0, 0.5, 3.0], **options), prepend=0)
    close(got, [1, 1, 1, 1], [1, 0.5, 0.5, 0.25])  # the mean falls from 2 to 1.75; step by step it would rise twice


@row("momentum of onecycle")
def test_onecycle_moves_the_rate_alone():
    def by(momenta):
        w, v = 1.0, 0.0
        for rate, momentum in zip(rates(10, sched="onecycle"), momenta, strict=True):
            v = momentum * v + 1
            w -= rate * v
        return w

    rise, fall = (0.9 + 0.05 * np.cos(np.pi * np.linspace(start, start + 1, n)) for start, n in ((0, 3), (1, 8)))
    cycled = [*rise, *fall[1:]]  # PyTorch: from 0.95 to 0.85 and back
    close(path([1.0] * 10, opt="momentum", sched="onecycle")[-1], by([0.9] * 10), by(cycled))


@row("outputs of losses")
def test_losses_read_logits():
    got = jax.jit(losses.binary_cross_entropy)(jnp.array([0.9]), jnp.array([1]))[0]
    close(got, np.log(1 + np.exp(-0.9)), -np.log(0.9))


@row("hinge of several classes")
def test_hinge_is_the_largest_violation():
    z, y = np.array([[1.0, 0.8, 0.5], [0.0, 2.0, 0.3]]), np.array([0, 2])
    wrong = np.maximum(0, 1 - z[np.arange(2), y][:, None] + z) * (np.arange(3) != y[:, None])
    got = jax.jit(losses.hinge)(jnp.asarray(z), jnp.asarray(y))
    close(got, wrong.max(axis=1), wrong.sum(axis=1) / 3)
    np.testing.assert_allclose(np.mean(got), hinge_loss(y, z, labels=[0, 1, 2]), rtol=1e-6)


@row("hinge of two classes")
def test_hinge_reads_0_as_the_other_side():
    close(jax.jit(losses.hinge)(jnp.array([0.5]), jnp.array([0])), [1.5], [np.maximum(0, 1 - 0 * 0.5)])


@row("smoothing of two classes")
def test_two_classes_are_smoothed_towards_a_half():
    z, p = 2.0, 1 / (1 + np.exp(-2.0))
    got = losses.binary_cross_entropy(jnp.array([z]), jnp.array([1]), 0.2)[0]
    close(got, -0.9 * np.log(p) - 0.1 * np.log(1 - p), -np.log(p))


@row("ties in max_pool")
def test_tied_maxima_share_the_gradient():
    got = jax.jit(jax.grad(lambda x: max_pool(2).apply({}, {}, x)[0].sum()))(jnp.ones((1, 2, 2, 1)))
    close(np.ravel(got), [0.25] * 4, [1, 0, 0, 0])


@row("SAME padding")
def test_the_odd_cell_of_same_comes_after():
    x, w = np.array([1, 2, 4, 8], np.float32), np.array([1, 10, 100], np.float32)
    params = {"w": w.reshape(3, 1, 1), "b": np.zeros(1, np.float32)}
    got = jax.jit(conv(1, 3, strides=2).apply)(params, {}, jnp.asarray(x.reshape(1, 4, 1)))[0]
    both, after = np.pad(x, (1, 1)), np.pad(x, (0, 1))
    close(np.ravel(got), [after[:3] @ w, after[2:5] @ w], [both[:3] @ w, both[2:5] @ w])


@row("divisor of avg_pool")
def test_padding_does_not_count_in_averages():
    got = avg_pool(2, 2, [(1, 1)]).apply({}, {}, jnp.array([3.0, 5.0]).reshape(1, 2, 1))[0]
    close(np.ravel(got), [3, 5], [1.5, 2.5])


@pytest.fixture(scope="module")
def batch_norms():
    """A batch, its outputs in training and the state after it."""
    x = np.array([[1.0], [2.0], [6.0]])
    y, state = apply(batch_norm(), jnp.asarray(x), key=KEY)
    return x, y, state


@row("momentum of batch_norm")
def test_the_momentum_of_batch_norm_is_the_share_that_is_kept(batch_norms):
    x, _, state = batch_norms
    close(state["mean"], 0.9 * 0 + 0.1 * x.mean(0), 0.01 * x.mean(0))


@row("variance of batch_norm")
def test_the_running_variance_is_unbiased(batch_norms):
    x, _, state = batch_norms
    close(state["var"], 0.9 + 0.1 * x.var(0, ddof=1), 0.9 + 0.1 * x.var(0))


@row("epsilon of norms")
def test_the_epsilon_of_norms_is_small(batch_norms):
    x = np.array([[0.0, 0.01]])
    small = (x - x.mean()) / np.sqrt(x.var() + np.array([1e-5, 1e-3])[:, None])
    close(apply(layer_norm(), jnp.asarray(x))[0][0], *small)
    x, y, _ = batch_norms
    np.testing.assert_allclose(y, (x - x.mean()) / np.sqrt(x.var() + 1e-5), rtol=1e-6)


@row("slope at 0 of leaky_relu")
def test_the_slope_of_leaky_relu_at_0_is_that_above():
    close(jax.grad(activations.leaky_relu)(0.0), 1, 0.01)
    assert jax.grad(activations.relu)(0.0) == 0


@row("NaN in activations")
def test_activations_keep_nan_but_for_the_step():
    nan = jnp.array([jnp.nan])
    found = jax.jit(lambda: {name: each(nan) for name, each in activations.ACTIVATIONS.items()})()
    assert [name for name, value in found.items() if not np.isnan(value[0])] == ["step"]
    assert found["step"][0] == 0
    assert np.isnan(np.heaviside(np.nan, 1.0))


@row("leaky_relu")
def test_leaky_relu_keeps_a_hundredth():
    close(activations.leaky_relu(jnp.array([-2.0])), [-0.02], [-0.6])


@row("gelu")
def test_gelu_is_exact():
    got, approximate = jax.jit(lambda x: (activations.gelu(x), jax.nn.gelu(x)))(2.5)
    exact = 2.5 * (1 + erf(2.5 / 2**0.5)) / 2
    np.testing.assert_allclose(got, exact, rtol=1e-6)
    np.testing.assert_allclose(
        approximate, 1.25 * (1 + np.tanh(np.sqrt(2 / np.pi) * (2.5 + 0.044715 * 2.5**3))), rtol=1e-5
    )
    assert abs(float(approximate) - exact) > 1e-4


@row("weights of dense")
def test_dense_begins_with_glorots_uniform_weights_and_no_biases():
    params, _ = jax.jit(dense(100).init)(KEY, jnp.ones((1, 50)))
    limit = np.sqrt(6 / (50 + 100))
    assert 0.99 * limit < np.abs(params["w"]).max() <= limit
    assert limit > 1.3 / np.sqrt(50)  # PyTorch's limit is 1 / sqrt(inputs)
    assert not params["b"].any()


@row("weights of conv")
def test_conv_begins_with_hes_normal_weights():
    params, _ = jax.jit(conv(100, 3).init)(KEY, jnp.ones((1, 5, 5, 10)))
    fan_in, fan_out = 9 * 10, 9 * 100
    spread = float(np.std(params["w"]))
    assert spread == pytest.approx(np.sqrt(2 / fan_in), rel=0.03)
    for other in (np.sqrt(2 / (fan_in + fan_out)), np.sqrt(1 / fan_in / 3)):  # Keras, PyTorch
        assert spread > 1.5 * other
    assert not params["b"].any()


@row("gates of lstm")
def test_the_gates_of_an_lstm_are_i_f_g_o_with_one_bias():
    w = {"w_x": np.array([[0.1, 0.2, 0.3, 0.4]]), "w_h": np.zeros((1, 4)), "b": np.array([0.0, 1.0, 0.0, 0.0])}
    (_, c), _ = jax.jit(lstm_cell(1).apply)(w, {}, ((jnp.zeros((1, 1)), jnp.full((1, 1), 2.0)), jnp.ones((1, 1))))[0]

    def cell(forget_bias):
        i, f, g = (1 / (1 + np.exp(-0.1)), 1 / (1 + np.exp(-0.2 - forget_bias)), np.tanh(0.3))
        return f * 2 + i * g

    close(c[0, 0], cell(1), cell(0))
    assert signature(lstm_cell).parameters["forget_bias"].default == 1


@row("gates of gru")
def test_the_gates_of_a_gru_are_r_z_n():
    w = {"w_x": np.array([[0.5, -1.0, 0.3]]), "w_h": np.array([[0.0, 0.0, 0.7]]), "b": np.zeros(3), "b_h": np.zeros(1)}
    h = jax.jit(gru_cell(1).apply)(w, {}, (jnp.full((1, 1), 2.0), jnp.ones((1, 1))))[0][1][0, 0]

    def cell(r, z):
        r, z = 1 / (1 + np.exp(-r)), 1 / (1 + np.exp(-z))
        return z * 2 + (1 - z) * np.tanh(0.3 + r * 0.7 * 2)

    close(h, cell(0.5, -1.0), cell(-1.0, 0.5))


@row("dropout")
def test_dropout_is_active_with_a_key_and_keeps_the_mean():
    x = jnp.ones((1, 400))
    y = jax.jit(dropout(0.25).apply)({}, {}, x, KEY)[0]
    assert set(np.unique(y).round(5)) == {0, np.float32(1.33333)}  # by keep probability it would be 4
    assert np.mean(y == 0) == pytest.approx(0.25, abs=0.07)
    assert (dropout(0.25).apply({}, {}, x)[0] == x).all()


@row("layout")
def test_images_have_their_channels_last_and_kernels_their_inputs_first():
    assert jax.eval_shape(dense(3).init, KEY, jnp.ones((1, 2)))[0]["w"].shape == (2, 3)
    assert jax.eval_shape(conv(4, (3, 5)).init, KEY, jnp.ones((1, 8, 8, 2)))[0]["w"].shape == (3, 5, 2, 4)
    from zoo.layers import flatten

    x = np.arange(8.0).reshape(1, 2, 2, 2)
    close(np.ravel(flatten(jnp.asarray(x))), np.arange(8), x.transpose(0, 3, 1, 2).ravel())


@row("ties in top-k")
def test_the_first_of_equal_outputs_count():
    z, y = np.ones((3, 3)), np.array([0, 1, 2])
    got = top_k(jnp.asarray(z), jnp.asarray(y), 1)
    close(got, [1, 0, 0], [1, 1, 1])
    each = [top_k_accuracy_score([c], z[:1], k=1, labels=[0, 1, 2]) for c in range(3)]
    assert each == [0, 0, 1]


@row("absent classes")
def test_an_absent_class_scores_0_and_counts_in_the_mean():
    y, predicted = np.array([0, 0, 1]), np.array([0, 1, 1])
    two = f1_score(y, predicted, average="macro")
    close(class_scores(y, predicted, 3).f1.mean(), two * 2 / 3, two)


@row("R2 of constants")
def test_r2_of_constant_targets_is_finite():
    with np.errstate(divide="ignore", invalid="ignore"):
        formula = [1 - np.float64(error) / np.float64(0) for error in (0, 1)]
    assert [r2([2.0, 2.0], [2.0, 2.0]), r2([2.0, 2.0], [2.0, 3.0])] == [1, 0]
    assert not np.isfinite(formula).any()


@row("constant columns")
def test_a_constant_column_becomes_0():
    x = np.full((3, 1), 7.0)
    with np.errstate(invalid="ignore"):
        assert np.isnan((x - x.mean()) / x.std()).all()
    assert fit_scaler(x, "standard").apply(x).tolist() == StandardScaler().fit_transform(x).tolist() == [[0]] * 3


@row("standardised images")
def test_images_have_one_scale_a_channel():
    x = np.array([0.0, 1.0, 2.0, 9.0]).reshape(2, 2, 1, 1)
    got = np.ravel(fit_scaler(x, "standard").apply(x))
    close(got, ((x - x.mean()) / x.std()).ravel(), StandardScaler().fit_transform(x.reshape(2, 2)).ravel())


@row("validation split")
def test_validation_examples_are_of_every_class():
    y = np.repeat([0, 1], 10)
    _, held = train_val_split(Split(np.arange(20.0)[:, None], y), 0.2)
    close(np.bincount(held.y, minlength=2), [2, 2], np.bincount(y[-4:], minlength=2))


@row("last batch")
def test_the_last_batch_is_filled_from_the_start_of_the_order():
    steps, order = shuffle(5, 2)
    got = np.asarray(order(KEY))
    assert (steps, len(got), got[5]) == (3, 6, got[0])
    assert sorted(got[:5]) == [0, 1, 2, 3, 4]


@row("perceptron")
def test_the_perceptron_moves_two_classes_at_a_mistake():
    x, y = np.array([[1.0, 2.0]]), np.array([1])
    trainer = make(
        perceptron(3),
        task_for("multiclass", outputs=3),
        Run(Recipe("perceptron", "iris", lr=1.0, trainer="perceptron"), 1, 1, None),
    )
    batch = {"x": jnp.asarray(x), "y": jnp.asarray(y)}
    fit = jax.jit(trainer.init)(KEY, batch)
    got = np.asarray(jax.jit(trainer.step)(fit, batch, KEY)[0]["params"]["head"]["w"])
    peer = Perceptron(max_iter=1, tol=None, shuffle=False).partial_fit(x, y, classes=[0, 1, 2]).coef_.T
    close(got, np.outer(x[0], [-1, 1, 0]), peer)
    np.testing.assert_array_equal(peer, np.outer(x[0], [-1, 1, -1]))  # each class against the others


def test_every_row_of_the_page_has_its_test():
    cells = [line.split("|")[1].strip() for line in PAGE.splitlines() if re.match(r"\| (?!what \||---)", line)]
    assert len(cells) == len(set(cells))
    assert set(cells) == ROWS
