"""The encoder-decoder against numpy, and greedy writing against teacher forcing on what it wrote."""

import jax
import numpy as np
import pytest

from zoo import attention
from zoo.layers import Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
SOURCE, LENGTHS = rng.integers(0, 7, (3, 5)).astype(np.int32), np.array([5, 2, 3], np.int32)
MODEL = attention(4, vocabulary=7, width=6, longest=6)
END = 4


@pytest.fixture(scope="module")
def params():
    params, _ = jax.jit(MODEL.init)(jax.random.key(0), SOURCE)
    return jax.tree.map(lambda leaf: 2 * leaf + 0.2 * rng.normal(size=leaf.shape).astype(np.float32), params)


apply = jax.jit(MODEL.apply)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    shares = np.exp(x - x.max())
    return shares / shares.sum()


def gru(p, h, x):
    """With the reset gate after the product, as in the layer."""
    (xr, xz, xn), (hr, hz, hn) = np.split(x @ p["w_x"] + p["b"], 3), np.split(h @ p["w_h"], 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return z * h + (1 - z) * np.tanh(xn + r * (hn + p["b_h"]))


def by_hand(params, source, before):
    """Logits after each token of `before`, for one source without padding, as in the appendix of the paper."""
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    e, d = p["encoder"], p["decoder"]
    words = e["embed"]["w"][source]
    ways = []
    for name, order in (("fwd", 1), ("bwd", -1)):
        h, states = np.zeros(6), []
        for word in words[::order]:
            h = gru(e["body"][name], h, word)
            states.append(h)
        ways.append(np.array(states[::order]))
    values = np.concatenate(ways, 1)
    keys = values @ e["keys"]["w"] + e["keys"]["b"]
    s, logits = np.tanh(ways[1][0] @ e["first"]["w"] + e["first"]["b"]), []
    for token in before:
        weights = softmax(np.tanh(s @ d["query"]["w"] + keys) @ d["score"]["w"][:, 0])
        found, word = weights @ values, d["embed"]["w"][token]
        s = gru(d["gru"], s, np.concatenate([word, found]))
        hidden = np.tanh(np.concatenate([s, found, word]) @ d["hidden"]["w"] + d["hidden"]["b"])
        logits.append(hidden @ d["head"]["w"] + d["head"]["b"])
    return np.array(logits)


def test_logits_after_true_tokens_are_those_of_numpy_also_beside_padding(params):
    target = np.array([[1, 0, 3], [2, -1, -1], [3, 1, -1]])
    got, _ = apply(params, {}, Sequence((SOURCE, target), LENGTHS))
    assert got.shape == (3, 4, 5)
    for row, (length, before) in enumerate(zip(LENGTHS, ([END, 1, 0, 3], [END, 2], [END, 3, 1]), strict=True)):
        wanted = by_hand(params, SOURCE[row, :length], before)
        np.testing.assert_allclose(got[row, : len(before)], wanted, rtol=1e-4, atol=1e-5)


def test_it_writes_the_most_likely_token_after_those_that_it_wrote_until_the_end(params):
    got = np.asarray(apply(params, {}, Sequence(SOURCE, LENGTHS))[0])
    written = got.argmax(-1)
    assert written.shape == (3, 6)
    for row, length in enumerate(LENGTHS):
        own = written[row].tolist()
        count = own.index(END) + 1 if END in own else 6
        assert own[count:] == [END] * (6 - count)
        wanted = by_hand(params, SOURCE[row, :length], [END, *own][:count])
        np.testing.assert_allclose(got[row, :count], wanted, rtol=1e-4, atol=1e-4)


def test_the_weights_of_a_step_are_a_distribution_over_the_valid_steps_of_the_source(params):
    memory = MODEL.read(params, {}, Sequence(SOURCE, LENGTHS))
    _, (_, weights) = MODEL.write(params, {}, memory, np.full(3, END))
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    assert not np.any(np.where(np.arange(5) < LENGTHS[:, None], 0, weights))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ((SOURCE, np.zeros((3, 6), int)), ValueError, "targets have up to 6 without it: set longest=7 "),
        (
            SOURCE.astype(np.float32),
            TypeError,
            r"embed\(7, 6\) expects integers from 0 to 6, got float32 \(3, 5",
        ),
    ],
)
def test_what_cannot_be_is_refused(params, x, error, message):
    with pytest.raises(error, match=message):
        jax.eval_shape(MODEL.apply, params, {}, x)
