"""A cell over time: lengths, directions, carries, keys."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from zoo.layers.base import Layer
from zoo.layers.cells import Cell, stateless_cell
from zoo.layers.embed import embed
from zoo.layers.gru import gru_cell
from zoo.layers.lstm import lstm_cell
from zoo.layers.rnn import rnn_cell
from zoo.layers.scan import scan
from zoo.layers.sequence import Rows, Scanned, Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")

LENGTHS = [7, 1, 4]
X = np.random.default_rng(0).normal(size=(3, 7, 4)).astype(np.float32)

# Sums up what it sees: every value below can be worked out in the head.
total = stateless_cell(
    lambda key, x: {}, lambda params, carry, x, key: (carry + x, carry + x), lambda params, x: jnp.zeros_like(x)
)


def filled(layer, x):
    """Parameters and state of random numbers: nothing is 0, and nothing has to be compiled."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def test_scan_is_the_cell_in_a_loop(key):
    cell = rnn_cell(5)
    layer = scan(cell, return_carry=True)
    params, state = filled(layer, X)
    carry, got = layer.apply(params, state, X)[0]
    h = None
    for t in range(X.shape[1]):
        (h, y), _ = cell.apply(params, state, (h, X[:, t]))
        np.testing.assert_allclose(got[:, t], y, atol=1e-6)
    np.testing.assert_allclose(carry, h, atol=1e-6)


def test_reverse_runs_from_the_last_step_and_leaves_outputs_in_their_place():
    x = jnp.array([[[1.0], [2.0], [4.0]]])
    assert scan(total).apply({}, {}, x)[0].ravel().tolist() == [1, 3, 7]
    assert scan(total, reverse=True).apply({}, {}, x)[0].ravel().tolist() == [7, 6, 4]
    assert scan(total, reverse=True, output="last").apply({}, {}, x)[0].tolist() == [[7]]


def test_lengths_stop_the_carry_and_zero_the_outputs():
    x = Sequence(jnp.ones((3, 4, 1)), np.array([4, 2, 0]))
    forward, back = (scan(total, reverse=reverse, return_carry=True).apply({}, {}, x)[0] for reverse in (False, True))
    assert forward.y[..., 0].tolist() == [[1, 2, 3, 4], [1, 2, 0, 0], [0, 0, 0, 0]]
    assert back.y[..., 0].tolist() == [[4, 3, 2, 1], [2, 1, 0, 0], [0, 0, 0, 0]]
    assert forward.carry.tolist() == back.carry.tolist() == [[4], [2], [0]]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("make", "fast"), [(rnn_cell, False), (lstm_cell, False), (lstm_cell, True), (gru_cell, True)])
def test_padding_does_not_change_the_outputs(make, reverse, fast, key):
    everything = scan(make(5), reverse=reverse, return_carry=True, fast=fast)
    last = scan(make(5), reverse=reverse, output="last", fast=fast)
    params, state = filled(everything, X)
    padded = np.where(np.arange(7)[:, None] < np.array(LENGTHS)[:, None, None], X, np.nan)
    given = Sequence(padded, np.array(LENGTHS))
    run = jax.jit(everything.apply)
    (carry, y), ends = run(params, state, given)[0], jax.jit(last.apply)(params, state, given)[0]
    for row, length in enumerate(LENGTHS):
        alone = X[row : row + 1, :length]
        one = run(params, state, alone)[0]
        np.testing.assert_allclose(y[row, :length], one.y[0], atol=1e-6)
        np.testing.assert_array_equal(y[row, length:], 0)
        np.testing.assert_allclose(ends[row], one.y[0, 0 if reverse else -1], atol=1e-6)
        jax.tree.map(lambda a, b, row=row: np.testing.assert_allclose(a[row], b[0], atol=1e-6), carry, one.carry)


@pytest.mark.parametrize("fast", [True, False])
def test_nan_in_the_padding_affects_neither_values_nor_gradients(fast, key):
    layer = scan(lstm_cell(5), output="last", fast=fast)
    params, state = filled(layer, X)
    clean, spoilt = (jnp.where(jnp.arange(7)[:, None] < 4, X, fill) for fill in (0.0, jnp.nan))

    def loss(params, x):
        return layer.apply(params, state, Sequence(x, jnp.full(3, 4)))[0].sum()

    gradient = jax.jit(jax.grad(loss, (0, 1)))
    want, got = (gradient(params, x) for x in (clean, spoilt))
    jax.tree.map(np.testing.assert_array_equal, got, want)
    assert not np.any(want[1][:, 4:])
    assert np.all(np.abs(want[1][:, :4]).sum(-1) > 0)


@pytest.mark.parametrize("make", [rnn_cell, lstm_cell, gru_cell])
def test_two_halves_joined_by_the_carry_equal_the_whole(make, key):
    layer = scan(make(5), return_carry=True)
    params, state = filled(layer, X)
    run = jax.jit(layer.apply)
    whole, half = (run(params, state, x)[0] for x in (X, X[:, :3]))
    rest = run(params, state, Sequence(X[:, 3:], carry=half.carry))[0]
    assert isinstance(rest, Scanned)
    np.testing.assert_allclose(np.concatenate([half.y, rest.y], axis=1), whole.y, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), rest.carry, whole.carry)


def test_a_layer_without_an_initial_carry_runs_from_a_given_one():
    bare = Layer(*total)
    given = Sequence(jnp.ones((1, 3, 1)), carry=jnp.full((1, 1), 10.0))
    assert scan(bare).init(jax.random.key(0), given) == ({}, {})
    assert scan(bare).apply({}, {}, given)[0].ravel().tolist() == [11, 12, 13]
    with pytest.raises(ValueError, match="no initial carry"):
        scan(bare).apply({}, {}, given.x)


@pytest.mark.parametrize("option", [{"unroll": 3}, {"remat": True}])
def test_unroll_and_remat_change_neither_values_nor_gradients(option, key):
    layers = scan(gru_cell(5)), scan(gru_cell(5), **option)
    params, state = filled(layers[0], X)

    def loss(params, layer):
        return jnp.sin(layer.apply(params, state, X)[0]).sum()

    want, got = (jax.jit(jax.value_and_grad(lambda p, layer=layer: loss(p, layer)))(params) for layer in layers)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), got, want)


def test_each_step_has_its_own_key_and_a_variational_scan_one_key_for_all(key):
    noise = stateless_cell(
        lambda key, x: {}, lambda params, carry, x, key: (carry, jax.random.normal(key, x.shape)), lambda params, x: x
    )
    x = jnp.zeros((2, 5, 3))
    each = scan(noise).apply({}, {}, x, key)[0]
    assert len(np.unique(each)) == each.size
    np.testing.assert_array_equal(each[:, 3], jax.random.normal(jax.random.fold_in(key, 3), (2, 3)))
    one = scan(noise, variational=True).apply({}, {}, x, key)[0]
    np.testing.assert_array_equal(one, np.repeat(jax.random.normal(key, (2, 1, 3)), 5, axis=1))


def test_the_state_of_a_cell_is_passed_from_step_to_step():
    counting = Cell(
        lambda key, x: ({}, {"n": jnp.zeros((), int)}),
        lambda params, state, x, key=None: ((x[0], x[1] * state["n"]), {"n": state["n"] + (key is not None)}),
        lambda params, x: x,
    )
    layer, x = scan(counting), jnp.ones((1, 4, 1))
    params, state = layer.init(jax.random.key(0), x)
    y, state = layer.apply(params, state, x, jax.random.key(1))
    assert y.ravel().tolist() == [0, 1, 2, 3]
    assert int(state["n"]) == 4


@pytest.mark.parametrize(
    ("cell", "lengths", "vocabulary"),
    [
        (rnn_cell(5), np.array([5, 2]), 6),
        (lstm_cell(5), None, 6),
        (lstm_cell(5), np.array([5, 2]), 40),
        (lstm_cell(5, layer_norm=True), None, 6),
        (gru_cell(5), np.array([5, 2]), 6),
    ],
)
def test_rows_of_a_table_are_the_embedding_and_then_the_cell(cell, lengths, vocabulary, key):
    table = jax.random.normal(key, (vocabulary, 4))
    ids = jax.random.randint(key, (2, 5), 0, vocabulary)
    layer = scan(cell)
    params, state = filled(layer, Sequence(Rows(table, ids)))

    def loss(params, table, rows):
        y = layer.apply(params, state, Sequence(Rows(table, ids) if rows else table[ids], lengths))[0]
        return (y * jnp.arange(y.size).reshape(y.shape)).sum()

    got, want = (jax.jit(jax.value_and_grad(partial(loss, rows=rows), (0, 1)))(params, table) for rows in (True, False))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3), got, want)


@pytest.mark.parametrize("vocabulary", [16, 17])
def test_a_table_is_exported_for_any_batch_size(vocabulary, key):
    """With a table of more rows than one window has steps, it is not known whether a batch has more."""
    layer, table = scan(gru_cell(5)), jax.random.normal(key, (vocabulary, 4))
    ids = np.random.default_rng(0).integers(0, vocabulary, (3, 16), np.int32)
    params, state = filled(layer, Rows(table, ids))

    def run(ids):
        return layer.apply(params, state, Rows(table, ids))[0]

    program = export.export(jax.jit(run))(jax.ShapeDtypeStruct(export.symbolic_shape("batch, 16"), ids.dtype))
    for count in (1, 3):
        np.testing.assert_allclose(program.call(ids[:count]), run(ids[:count]), atol=1e-6)


@pytest.mark.parametrize("fast", [True, False])
def test_an_index_out_of_range_gives_nan_as_in_the_embedding(fast, key):
    table, ids = jnp.ones((3, 4)), jnp.array([[0, 2, 3, 0], [2, 1, 0, 1]])
    layer = scan(lstm_cell(5), fast=fast)
    params, state = filled(layer, Rows(table, ids))
    y = layer.apply(params, state, Rows(table, ids))[0]
    np.testing.assert_array_equal(np.isnan(y[..., 0]), [[False, False, True, True], [False] * 4])
    assert np.isnan(embed(3, 4).apply({"w": table}, {}, ids)[0][0, 2]).all()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (Sequence(X, np.array([7, 8, 1])), r"lengths must be between 0 and 7, .* got 8"),
        (Sequence(X, np.array([7, -1, 1])), "got -1"),
        (Sequence(X, np.array([7, 1])), r"lengths must be integers of shape \(3,\), got int64\[2\]|int32\[2\]"),
        (Sequence(X, np.ones(3, np.float32)), r"lengths must be integers of shape \(3,\), got float32\[3\]"),
        (Sequence(X, carry=jnp.zeros((3, 9))), r"expected a carry .*, got float32\[3,9\]"),
        (X[:, :0], "at least one step"),
        (X[0, 0], r"scan expects \(batch, time, features\)"),
    ],
)
def test_lengths_and_carries_of_the_wrong_shape_raise(x, message, key):
    layer = scan(lstm_cell(5))
    params, state = filled(layer, X)
    with pytest.raises(ValueError, match=message):
        layer.apply(params, state, x)


def test_invalid_options_raise_when_the_layer_is_built():
    with pytest.raises(ValueError, match="did you mean 'last'"):
        scan(total, output="lst")
    with pytest.raises(ValueError, match="unroll"):
        scan(total, unroll=0)
    with pytest.raises(TypeError, match=r"is \(\) missing"):
        scan(lstm_cell)


def test_lengths_known_only_at_run_time_work_under_jit(key):
    layer = scan(gru_cell(5))
    params, state = filled(layer, X)
    run = jax.jit(lambda lengths: layer.apply(params, state, Sequence(X, lengths))[0])
    for lengths in ([7, 1, 4], [0, 7, 2]):
        want = layer.apply(params, state, Sequence(X, np.array(lengths)))[0]
        np.testing.assert_allclose(run(jnp.array(lengths)), want, atol=1e-6)
