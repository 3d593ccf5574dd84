"""Both directions, stacks, embeddings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers.cells import stateless_cell
from zoo.layers.embed import embed
from zoo.layers.gru import gru_cell
from zoo.layers.lstm import lstm_cell
from zoo.layers.recurrent import bidirectional, embedded, stacked
from zoo.layers.rnn import rnn_cell
from zoo.layers.scan import scan
from zoo.layers.sequence import Scanned, Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")

X = np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32)
LENGTHS = np.array([6, 2, 4])
IDS = np.array([[0, 3, 6, 1], [2, 2, 5, 0]])

total = stateless_cell(
    lambda key, x: {}, lambda params, carry, x, key: (carry + x, carry + x), lambda params, x: jnp.zeros_like(x)
)


def filled(layer, x):
    """Parameters and state of random numbers: nothing is 0, and nothing has to be compiled."""
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def close(got, want):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), got, want)


def test_both_directions_are_concatenated_at_every_step():
    x = Sequence(jnp.array([[[1.0], [2.0], [4.0]], [[1.0], [2.0], [4.0]]]), np.array([3, 2]))
    y = bidirectional(total).apply({}, {}, x)[0]
    assert y.tolist() == [[[1, 7], [3, 6], [7, 4]], [[1, 3], [3, 2], [0, 0]]]
    assert bidirectional(total, output="last").apply({}, {}, x)[0].tolist() == [[7, 7], [3, 3]]
    assert bidirectional(total, join=sum, output="last").apply({}, {}, x)[0].tolist() == [[14], [6]]


def test_each_direction_has_separate_parameters_and_may_use_another_cell():
    layer = bidirectional(gru_cell(5), rnn_cell(2))
    params, state = filled(layer, X)

    @jax.jit
    def both(params):
        y = layer.apply(params, state, Sequence(X, LENGTHS))[0]
        ahead = scan(gru_cell(5)).apply(params["fwd"], {}, Sequence(X, LENGTHS))[0]
        back = scan(rnn_cell(2), reverse=True).apply(params["bwd"], {}, Sequence(X, LENGTHS))[0]
        return y, jnp.concatenate([ahead, back], axis=-1)

    close(*both(params))


def test_padding_does_not_change_the_outputs_of_a_deep_bidirectional_network():
    layer = stacked(bidirectional(gru_cell(3)), bidirectional(lstm_cell(2), output="last"))
    params, state = filled(layer, X)
    run = jax.jit(layer.apply)
    y = run(params, state, Sequence(X, LENGTHS))[0]
    for row, length in enumerate(LENGTHS):
        close(y[row], run(params, state, X[row : row + 1, :length])[0][0])


def test_a_stack_returns_and_accepts_the_carry_of_every_layer():
    layer = stacked(scan(lstm_cell(3), return_carry=True), scan(gru_cell(2), return_carry=True))
    params, state = filled(layer, X)
    run = jax.jit(layer.apply)
    whole, half = (run(params, state, x)[0] for x in (X, X[:, :4]))
    rest = run(params, state, Sequence(X[:, 4:], carry=half.carry))[0]
    assert isinstance(whole, Scanned)
    close((np.concatenate([half.y, rest.y], axis=1), rest.carry), (whole.y, whole.carry))
    with pytest.raises(ValueError, match="a tuple of carries, one for each of 2 parts"):
        layer.apply(params, state, Sequence(X, carry=half.carry[:1]))


def test_dropout_acts_between_layers_and_only_in_training(key):
    ones = jnp.ones((2, 5, 40))
    same = stateless_cell(lambda key, x: {}, lambda params, carry, x, key: (carry, x), lambda params, x: x)
    between = stacked(scan(same), scan(same), dropout=0.25).apply({}, {}, ones, key)[0]
    assert set(np.unique(np.round(between, 4))) == {0, np.float32(1.3333)}
    assert abs(float((between == 0).mean()) - 0.25) < 0.08
    np.testing.assert_array_equal(stacked(scan(same), scan(same), dropout=0.25).apply({}, {}, ones)[0], ones)
    np.testing.assert_array_equal(stacked(scan(same), dropout=0.25).apply({}, {}, ones, key)[0], ones)
    held = stacked(scan(same), scan(same), dropout=0.25, variational=True).apply({}, {}, ones, key)[0]
    assert np.all(held == held[:, :1])
    assert not np.all(held == held[:1])


def test_a_layer_added_at_the_end_changes_no_other_layers_noise(key):
    noise = stateless_cell(
        lambda key, x: {}, lambda params, carry, x, key: (carry, jax.random.normal(key, x.shape)), lambda params, x: x
    )
    same = stateless_cell(lambda key, x: {}, lambda params, carry, x, key: (carry, x), lambda params, x: x)
    short, long = (stacked(scan(noise), *[scan(same)] * n).apply({}, {}, X, key)[0] for n in (0, 1))
    np.testing.assert_array_equal(short, long)


@pytest.mark.parametrize("body", [scan(lstm_cell(3)), bidirectional(gru_cell(3))])
def test_embedded_is_the_embedding_and_then_the_body(body):
    layer = embedded(7, 4, body)
    params, state = filled(layer, IDS)
    rows = embed(7, 4).apply(params["embed"], {}, IDS)[0]
    close(jax.jit(layer.apply)(params, state, IDS)[0], jax.jit(body.apply)(params["body"], {}, rows)[0])


def test_a_tied_head_is_the_tables_transpose_and_both_uses_add_to_one_gradient():
    layer = embedded(7, 4, stacked(scan(lstm_cell(5)), scan(lstm_cell(6, projection=4))), tied=True)
    params, state = filled(layer, IDS)
    body = embedded(7, 4, stacked(scan(lstm_cell(5)), scan(lstm_cell(6, projection=4))))
    table, bias = params["embed"]["w"], params["embed"]["b"]
    assert sorted(params["embed"]) == ["b", "w"]

    def by_hand(first, second):
        inner = {"embed": {"w": first}, "body": params["body"]}
        return body.apply(inner, {}, IDS)[0] @ second.T + bias

    def tied(params):
        y = layer.apply(params, state, IDS)[0]
        return jnp.sin(y).sum(), y

    def apart(first, second):
        y = by_hand(first, second)
        return jnp.sin(y).sum(), y

    (_, y), gradient = jax.jit(jax.value_and_grad(tied, has_aux=True))(params)
    (_, want), parts = jax.jit(jax.value_and_grad(apart, (0, 1), has_aux=True))(table, table)
    close(y, want)
    np.testing.assert_allclose(gradient["embed"]["w"], sum(parts), rtol=1e-4, atol=1e-4)


def test_a_tied_language_model_streams_with_its_carry():
    layer = embedded(7, 4, scan(gru_cell(4), return_carry=True), tied=True)
    params, state = filled(layer, IDS)
    run = jax.jit(layer.apply)
    whole = run(params, state, IDS)[0]
    carry, steps = None, []
    for t in range(IDS.shape[1]):
        carry, logits = run(params, state, Sequence(IDS[:, t : t + 1], carry=carry))[0]
        steps.append(logits)
    close((carry, np.concatenate(steps, axis=1)), tuple(whole))


@pytest.mark.parametrize(
    ("layer", "x", "message"),
    [
        (stacked(scan(rnn_cell(3), output="last"), scan(rnn_cell(3))), X, "output of layer 0 has no time axis"),
        (
            stacked(scan(rnn_cell(3), return_carry=True), scan(rnn_cell(3))),
            X,
            "return_carry for all layers or for none",
        ),
        (embedded(7, 4, scan(rnn_cell(3))), X, r"embedded\(7, \.\.\.\) expects integers \(batch, time\)"),
        (
            embedded(7, 4, scan(rnn_cell(3)), tied=True),
            IDS,
            "a tied table of width 4 expects body outputs of this size, got 3",
        ),
    ],
)
def test_incompatible_layers_and_inputs_raise(layer, x, message, key):
    with pytest.raises((ValueError, TypeError), match=message):
        jax.eval_shape(layer.init, key, x)


def test_invalid_arguments_raise_when_the_layer_is_built():
    with pytest.raises(ValueError, match="dropout must be in"):
        stacked(scan(rnn_cell(3)), dropout=1.5)
    with pytest.raises(ValueError, match="at least one layer"):
        stacked()
    with pytest.raises(TypeError, match="omit reverse"):
        bidirectional(rnn_cell(3), reverse=True)
