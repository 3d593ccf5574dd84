"""What the recurrent animals share: padding changes nothing, images are read in order, the carry goes on."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from zoo.layers import Scanned, Sequence

ANIMALS = ("rnn", "lstm", "gru", "birnn", "bilstm", "bigru")
ONE_WAY = ANIMALS[:3]


@pytest.mark.parametrize("name", ANIMALS)
@pytest.mark.parametrize("each", [False, True])
def test_a_padded_batch_gives_what_the_unpadded_rows_give(name, each, key):
    model, lengths = zoo.create(name, 3, each=each, width=5, depth=2), (4, 1, 6)
    x = jax.random.normal(key, (3, 6, 2))
    params, state = model.init(key, x)
    run = jax.jit(lambda x: model.apply(params, state, x)[0])
    # What stands in the padding must not matter, be it no number at all.
    padding = jnp.arange(6)[:, None] >= jnp.array(lengths)[:, None, None]
    y = run(Sequence(jnp.where(padding, jnp.nan, x), jnp.array(lengths)))
    for row, length in enumerate(lengths):
        alone = run(x[row : row + 1, :length])[0]
        got = y.y[row, :length] if each else y[row]
        np.testing.assert_allclose(got, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ONE_WAY)
def test_a_language_model_goes_on_from_its_carry_as_if_it_had_not_stopped(name, key):
    model, tokens = (
        zoo.create(name, 7, each=True, vocabulary=7, width=5, depth=2),
        jax.random.randint(key, (2, 8), 0, 7),
    )
    params, state = model.init(key, tokens)
    whole = model.apply(params, state, tokens)[0]
    first = model.apply(params, state, Sequence(tokens[:, :3]))[0]
    assert isinstance(first, Scanned)
    then = model.apply(params, state, Sequence(tokens[:, 3:], carry=first.carry))[0]
    np.testing.assert_allclose(jnp.concatenate([first.y, then.y], 1), whole, rtol=1e-5, atol=1e-6)


def test_one_way_nets_know_nothing_of_the_future_and_two_way_nets_do(key):
    x = jax.random.normal(key, (1, 5, 2))
    changed = x.at[:, -1].add(1)
    for name in ("gru", "bigru"):
        model = zoo.create(name, 2, each=True, width=4)
        params, state = model.init(key, x)
        before, after = (model.apply(params, state, each)[0][:, :-1] for each in (x, changed))
        assert bool(jnp.all(before == after)) == (name == "gru")


def test_an_image_is_read_by_rows_by_pixels_or_in_a_fixed_order(key):
    images = jax.random.normal(key, (2, 3, 4, 2))
    by_rows, pixels = images.reshape(2, 3, 8), images.reshape(2, 12, 2)
    for read, sequence in (("rows", by_rows), ("pixels", pixels)):
        model = zoo.create("rnn", 2, width=4, read=read)
        params, state = model.init(key, images)
        got, want = (model.apply(params, state, x)[0] for x in (images, sequence))
        chex.assert_trees_all_equal(got, want)


def test_permuted_pixels_are_all_pixels_once_in_the_same_order_for_all(key):
    from zoo._recurrent import _read

    numbered = jnp.arange(2 * 12.0).reshape(2, 3, 4, 1)
    first, second = np.asarray(_read(numbered, "permuted"))[..., 0]
    np.testing.assert_array_equal(np.sort(first), np.arange(12))
    np.testing.assert_array_equal(second, first + 12)
    assert np.any(first != np.arange(12))


def test_dropout_acts_in_training_alone(key):
    model, x = zoo.create("gru", 2, width=8, depth=2, dropout=0.5), jnp.ones((2, 3, 2))
    params, state = model.init(key, x)
    still, again, trained = (model.apply(params, state, x, each)[0] for each in (None, None, key))
    chex.assert_trees_all_equal(still, again)
    assert np.any(trained != still)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "lstm: width must be a whole number above 0"),
        ({"depth": 0}, "lstm: depth must be"),
        ({"dropout": 1.0}, r"lstm: dropout must lie in \[0, 1\)"),
        ({"read": "columns"}, "lstm: read 'columns' is not known; .*choose from rows, pixels, permuted"),
        ({"vocabulary": -1}, "lstm: vocabulary must be a whole number from 0"),
    ],
)
def test_a_recurrent_animal_refuses_what_it_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.create("lstm", 2, **options)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (jnp.ones((2, 3)), r"lstm reads \(batch, time, features\).*got shape \(2, 3\)"),
        (Sequence(jnp.ones((2, 3, 1)), jnp.array([3, 4])), r"lengths must lie in 0 .. 3, the steps .*, got 4"),
        (Sequence(jnp.ones((2, 3, 1)), jnp.array([3])), r"lengths must be whole numbers of shape \(2,\)"),
    ],
)  # fmt: skip
def test_an_input_that_is_no_sequence_is_refused(x, message, key):
    model = zoo.create("lstm", 2, width=4)
    params, state = model.init(key, jnp.ones((2, 3, 1)))
    with pytest.raises(ValueError, match=message):
        model.apply(params, state, x)
