"""Tests of the recurrent models: padding, order of images, carries, options."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from tests.drawn import drawn
from zoo import _catalogue
from zoo.layers import Scanned, Sequence

MODELS = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
ONE_WAY = MODELS[:3]

pytestmark = pytest.mark.usefixtures("quick_compiler")


def given(model, params, state, x, key=None):
    return jax.jit(model.apply)(params, state, x, key)[0]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("each", [False, True])
def test_padding_does_not_change_the_outputs(name, each, key):
    model, lengths = zoo.create(name, 3, each=each, width=5, depth=2), (4, 1)
    x = jax.random.normal(key, (2, 6, 2))
    params, state = drawn(model, x)
    # What stands in the padding must not matter, be it no number at all.
    padded = np.where(np.arange(6)[:, None] >= np.array(lengths)[:, None, None], np.nan, x)

    @jax.jit
    def all_of_them(x, padded):
        rows = [x[row : row + 1, :length] for row, length in enumerate(lengths)]
        return [model.apply(params, state, each)[0] for each in (Sequence(padded, jnp.array(lengths)), *rows)]

    y, *alone = all_of_them(x, padded)
    for row, length in enumerate(lengths):
        got = y.y[row, :length] if each else y[row]
        np.testing.assert_allclose(got, alone[row][0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_language_model_continues_from_its_carry_exactly(name, key):
    model, tokens = (
        zoo.create(name, 7, each=True, vocabulary=7, width=5, depth=2),
        jax.random.randint(key, (2, 8), 0, 7),
    )
    params, state = drawn(model, tokens)
    whole = given(model, params, state, tokens)
    first = given(model, params, state, Sequence(tokens[:, :3]))
    assert isinstance(first, Scanned)
    then = given(model, params, state, Sequence(tokens[:, 3:], carry=first.carry))
    np.testing.assert_allclose(jnp.concatenate([first.y, then.y], 1), whole, rtol=1e-5, atol=1e-6)


def test_one_way_networks_do_not_depend_on_the_future_and_two_way_networks_do(key):
    x = jax.random.normal(key, (1, 5, 2))
    changed = x.at[:, -1].add(1)
    for name in ("gru", "bigru"):
        model = zoo.create(name, 2, each=True, width=4)
        params, state = drawn(model, x)
        before, after = (given(model, params, state, each)[:, :-1] for each in (x, changed))
        assert bool(jnp.all(before == after)) == (name == "gru")


def test_an_image_is_read_by_rows_by_pixels_or_in_a_fixed_order(key):
    images = jax.random.normal(key, (2, 3, 4, 2))
    by_rows, pixels = images.reshape(2, 3, 8), images.reshape(2, 12, 2)
    for read, sequence in (("rows", by_rows), ("pixels", pixels)):
        model = zoo.create("rnn", 2, width=4, read=read)
        params, state = drawn(model, images)
        got, want = (given(model, params, state, x) for x in (images, sequence))
        chex.assert_trees_all_equal(got, want)


def test_permuted_pixels_are_all_pixels_once_in_the_same_order_for_all(key):
    from zoo._recurrent import _read

    numbered = jnp.arange(2 * 12.0).reshape(2, 3, 4, 1)
    first, second = np.asarray(_read(numbered, "permuted"))[..., 0]
    np.testing.assert_array_equal(np.sort(first), np.arange(12))
    np.testing.assert_array_equal(second, first + 12)
    assert np.any(first != np.arange(12))


def test_dropout_acts_only_in_training(key):
    model, x = zoo.create("gru", 2, width=8, depth=2, dropout=0.5), jnp.ones((2, 3, 2))
    params, state = drawn(model, x)
    run = jax.jit(model.apply)
    still, again, trained = (run(params, state, x, each)[0] for each in (None, None, key))
    chex.assert_trees_all_equal(still, again)
    assert np.any(trained != still)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "lstm: width must be a positive integer"),
        ({"depth": 0}, "lstm: depth must be"),
        ({"dropout": 1.0}, r"lstm: dropout must be in \[0, 1\)"),
        ({"read": "columns"}, "lstm: read 'columns' is not known; .*choose from rows, pixels, permuted"),
        ({"vocabulary": -1}, "lstm: vocabulary must be an integer of at least 0"),
        ({"recurrent_dropout": 1.0}, r"lstm: recurrent_dropout must be in \[0, 1\)"),
        ({"tied": True}, "lstm: tied output weights .* got no token inputs; omit tied"),
        ({"tied": True, "vocabulary": 9}, "lstm: tied .* got 2 outputs for a vocabulary of 9"),
    ],
)
def test_invalid_arguments_raise(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.create("lstm", 2, **options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (jnp.ones((2, 3)), r"lstm expects \(batch, time, features\).*got shape \(2, 3\)"),
        (Sequence(jnp.ones((2, 3, 1)), jnp.array([3, 4])), r"lengths must be between 0 and 3, .*, got 4"),
        (Sequence(jnp.ones((2, 3, 1)), jnp.array([3])), r"lengths must be integers of shape \(2,\)"),
    ],
)  # fmt: skip
def test_an_input_that_is_not_a_sequence_raises(x, message, key):
    model = zoo.create("lstm", 2, width=4)
    params, state = drawn(model, jnp.ones((2, 3, 1)))
    with pytest.raises(ValueError, match=message):
        model.apply(params, state, x)


def size(model, x, key):
    return sum(leaf.size for leaf in jax.tree.leaves(jax.eval_shape(model.init, key, x)[0]))


def test_a_tied_head_shares_the_table_and_its_gradient(key):
    tokens = jax.random.randint(key, (2, 6), 0, 5)  # of 9: the others are never read
    models = [zoo.create("gru", 9, each=True, vocabulary=9, width=4, tied=tied) for tied in (False, True)]
    plain, tied = (size(model, tokens, key) for model in models)
    assert plain - tied == 9 * 4
    params, state = drawn(models[1], tokens)
    gradient = jax.jit(jax.grad(lambda params: jnp.sum(models[1].apply(params, state, tokens)[0][..., 8])))(params)
    rows = jnp.linalg.norm(gradient["body"]["embed"]["w"], axis=1)
    read = np.isin(np.arange(9), tokens)
    np.testing.assert_array_equal(rows > 0, read | (np.arange(9) == 8), "read, or asked for by the logits of token 8")


@pytest.mark.parametrize(
    ("name", "options"),
    [("lstm", {"tied": True}), ("gru", {"tied": True}), ("gru", {"variational": True, "dropout": 0.5})],
)
def test_the_fast_backward_pass_is_used_as_without_the_option(name, options, key):
    model, tokens = zoo.create(name, 9, each=True, vocabulary=9, width=4, **options), jnp.zeros((2, 6), jnp.int32)
    params, state = drawn(model, tokens)
    assert "custom_vjp" in str(jax.make_jaxpr(model.apply)(params, state, tokens, key))
    slow = zoo.create(name, 9, each=True, vocabulary=9, width=4, remat=True, **options)
    assert "custom_vjp" not in str(jax.make_jaxpr(slow.apply)(params, state, tokens, key))


def test_forward_mode_has_the_plain_form(key):
    model, x = zoo.create("gru", 2, width=4, remat=True), jnp.ones((2, 6, 3))
    params, state = drawn(model, x)

    def total(x):
        return jnp.sum(model.apply(params, state, x)[0])

    slope = jax.jit(lambda x: jax.jvp(total, (x,), (x,))[1])(x)
    by_reverse = jax.jit(lambda x: jnp.sum(x * jax.grad(total)(x)))(x)
    np.testing.assert_allclose(slope, by_reverse, rtol=1e-4)


def test_a_projection_sets_the_output_and_the_embedding_size(key):
    tokens = jnp.zeros((2, 3), jnp.int32)
    model = zoo.create("lstm", 9, each=True, vocabulary=9, width=8, depth=2, projection=3, tied=True)
    params, state = jax.eval_shape(model.init, key, tokens)
    chex.assert_shape(params["body"]["embed"]["w"], (9, 3))
    chex.assert_shape(params["body"]["body"]["body"]["1"]["w_x"], (3, 32))
    assert jax.eval_shape(model.apply, params, state, tokens)[0].shape == (2, 3, 9)


@pytest.mark.parametrize(
    ("name", "options", "array", "shape"),
    [
        ("lstm", {"peepholes": True}, "p_o", (4,)),
        ("bilstm", {"projection": 3}, "w_p", (4, 3)),
        ("rnn", {"layer_norm": True}, "scale_h", (4,)),
    ],
)
def test_an_option_that_needs_parameters_reaches_the_cell(name, options, array, shape, key):
    model = zoo.create(name, 2, width=4, **options)
    params, _ = jax.eval_shape(model.init, key, jnp.ones((2, 5, 3)))
    first = params["body"]["0"]
    assert first.get("fwd", first)[array].shape == shape


@pytest.mark.parametrize(
    ("name", "options"),
    [("gru", {"reset": "before"}), ("rnn", {"activation": "relu"}), ("rnn", {"recurrent_dropout": 0.5})],
)
def test_an_option_that_changes_what_is_computed_reaches_the_cell(name, options, key):
    x = jax.random.normal(key, (2, 5, 3))
    plain, other = (zoo.create(name, 2, width=4, **set_) for set_ in ({}, options))
    params, state = drawn(zoo.create(name, 2, width=4), x)
    assert float(jnp.max(jnp.abs(given(plain, params, state, x, key) - given(other, params, state, x, key)))) > 1e-5


def test_the_forget_gate_bias_starts_at_its_option(key):
    model = zoo.create("lstm", 2, width=4, forget_bias=3.0)
    params, _ = jax.jit(model.init)(key, jnp.ones((2, 5, 3)))
    np.testing.assert_array_equal(params["body"]["0"]["b"], [0] * 4 + [3] * 4 + [0] * 8)


def test_variational_dropout_drops_the_same_at_every_step(key):
    x = jnp.ones((1, 30, 2))
    for variational in (False, True):
        model = zoo.create("rnn", 1, each=True, width=16, dropout=0.5, variational=variational)
        params, state = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), jax.eval_shape(model.init, key, x))
        params["head"]["w"], params["body"]["0"]["b"] = jnp.ones((16, 1)), jnp.ones(16)
        # Every unit gives tanh 1 at every step: the answer counts those that are left.
        y = given(model, params, state, x, key)
        assert (float(jnp.ptp(y)) < 1e-6) == variational


def test_the_six_cards_document_shared_options_alike():
    cards = {name: {option.name: option for option in _catalogue.card(name).options} for name in MODELS}
    assert len(set.intersection(*(set(card) for card in cards.values()))) == 8
    for name, card in cards.items():
        for option in card.values():
            like = cards["lstm"].get(option.name, option)
            assert (like.type, like.help) == (option.type, option.help) or option.name == "width", name
