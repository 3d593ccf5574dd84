"""Text generation: which tokens may be sampled, and reproducibility."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import lstm
from zoo.layers import Layer, Scanned
from zoo.train.trained.generate_text import filter_logits, generate_tokens

pytestmark = pytest.mark.usefixtures("quick_compiler")
LOGITS = jnp.log(jnp.array([0.1, 0.4, 0.2, 0.25, 0.05]))


def shares(*args, **options):
    return np.asarray(jax.nn.softmax(filter_logits(LOGITS, *args, **options)))


def test_temperature_sharpens_and_flattens():
    np.testing.assert_allclose(shares(1.0), np.exp(LOGITS), rtol=1e-5)
    p = np.exp(np.asarray(LOGITS)) ** 2
    np.testing.assert_allclose(shares(0.5), p / p.sum(), rtol=1e-5)


def test_top_k_samples_one_of_the_k_most_likely():
    np.testing.assert_allclose(shares(1.0, top_k=2), [0, 0.4 / 0.65, 0, 0.25 / 0.65, 0], rtol=1e-5)
    np.testing.assert_allclose(shares(1.0, top_k=99), np.exp(LOGITS), rtol=1e-5)


@pytest.mark.parametrize(("p", "stay"), [(0.3, [1]), (0.39, [1]), (0.5, [1, 3]), (0.8, [1, 2, 3]), (0.99, range(5))])
def test_the_fewest_that_reach_the_share_stay(p, stay):
    assert np.flatnonzero(shares(1.0, top_p=p)).tolist() == list(stay)


def test_top_p_counts_among_what_top_k_left():
    assert np.flatnonzero(shares(1.0, top_k=3, top_p=0.7)).tolist() == [1, 3]


def test_of_equally_likely_ones_exactly_k_stay():
    assert np.isfinite(filter_logits(jnp.zeros(6), 1.0, top_k=4)).tolist() == [True] * 4 + [False] * 2


def next_one(size=7):
    """Foretells that after every token comes its neighbour, after which a few others."""
    table = 3 * jax.nn.one_hot((jnp.arange(size) + 1) % size, size)

    def apply(params, state, x, key=None):
        carry = jnp.zeros((len(x.x), 1)) if x.carry is None else x.carry
        return Scanned(carry + x.x.shape[1], table[x.x]), state

    return Layer(lambda key, x: ({}, {}), apply)


def text(model, length, seed=0, **options):
    parts = generate_tokens(model, {}, {}, np.array([2, 3]), length, jax.random.key(seed), **options)
    return np.concatenate(list(parts))


def test_at_temperature_0_the_likeliest_follows_and_chunks_join():
    np.testing.assert_array_equal(text(next_one(), 600, temperature=0), (np.arange(600) + 4) % 7)


def test_the_same_seed_writes_the_same_and_a_longer_text_begins_like_a_shorter():
    first = text(next_one(), 300)
    np.testing.assert_array_equal(first, text(next_one(), 300))
    np.testing.assert_array_equal(first[:40], text(next_one(), 40))
    assert (first != text(next_one(), 300, seed=1)).any()


def test_samples_have_the_predicted_frequencies():
    drawn = text(next_one(), 6000)
    follows = np.mean((drawn[1:] - drawn[:-1]) % 7 == 1)
    assert follows == pytest.approx(np.exp(3) / (np.exp(3) + 6), abs=0.02)
    likeliest = text(next_one(), 500, top_k=1)
    np.testing.assert_array_equal(likeliest, text(next_one(), 500, temperature=0))


def test_writing_with_the_carry_is_reading_everything_anew_for_each_token(key):
    model, prompt = lstm(5, each=True, vocabulary=5, width=12), [0, 3, 1]
    params, state = model.init(key, jnp.array([prompt]))
    params = jax.tree.map(lambda leaf: 2 * leaf, params)  # so that it does not say the same for ever
    got = np.concatenate(list(generate_tokens(model, params, state, np.array(prompt), 12, key, temperature=0)))
    read, apply = np.array([[*prompt, *[0] * 12]]), jax.jit(model.apply)
    for t in range(3, 15):  # what stands later does not count
        y, _ = apply(params, state, jnp.asarray(read))
        read[0, t] = int(jnp.argmax(y[0, t - 1]))
    assert got.tolist() == read[0, 3:].tolist()
    assert len(set(got.tolist())) > 1


@pytest.mark.parametrize("temperature", [1e-30, 1e-37, 1e-40, 1e-45, 5e-324])
def test_a_tiny_temperature_samples_the_likeliest_tokens(temperature):
    logits = jnp.array([-np.inf, 5.0, 60.0, 60.0, 59.9])
    for options in ({}, {"top_k": 4}, {"top_p": 0.9999}):
        share = np.asarray(jax.nn.softmax(filter_logits(logits, temperature, **options)))
        np.testing.assert_array_equal(share, [0, 0, 0.5, 0.5, 0])
    if temperature == 1e-40:
        np.testing.assert_array_equal(text(next_one(), 9, temperature=temperature), (np.arange(9) + 4) % 7)


@pytest.mark.parametrize("temperature", [1e20, 1e38, 1e300, np.inf])
def test_a_huge_temperature_samples_all_possible_tokens_alike(temperature):
    share = np.asarray(jax.nn.softmax(filter_logits(jnp.array([-np.inf, -1e3, 1e3, 0.0]), temperature)))
    np.testing.assert_allclose(share, [0, 1 / 3, 1 / 3, 1 / 3], rtol=1e-5)


@pytest.mark.parametrize("temperature", [-1.0, np.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ValueError, match="the temperature must be a number of at least 0"):
        text(next_one(), 3, temperature=temperature)
