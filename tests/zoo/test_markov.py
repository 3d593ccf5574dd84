"""Markov chains against counts by hand, and against the same formulas written with dictionaries."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import markov
from zoo.layers import Sequence
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Split
from zoo.train.errors import BadInput
from zoo.train.pipeline.text import scoring_windows
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers.counting import count, counting

pytestmark = pytest.mark.usefixtures("quick_compiler")
A, B, C = 0, 1, 2


def run_of(steps):
    return Run(Recipe("markov", "text", trainer="counting"), steps, steps, None)


def counted(text, vocabulary, **options):
    """A model and its counts of a text."""
    model = markov(vocabulary, vocabulary=vocabulary, **options)
    text = jnp.asarray(text, jnp.int32).reshape(1, -1)
    _, shapes = jax.eval_shape(model.init, jax.random.key(0), text)  # of the state, `count` reads the sizes alone
    params, state = jax.jit(lambda text: count(shapes["table"], text, vocabulary))(text)
    return model, {"table": params}, {"table": state}


def after(model, params, state, *tokens):
    y, _ = jax.jit(model.apply)(params, state, jnp.array([tokens], jnp.int32))
    return np.exp(y[0, -1])


def test_witten_and_bell_by_hand():
    model, params, state = counted([A, A, B, A, B, C], 3, n=2, smoothing="witten_bell")
    # Alone a, b, c stand 3, 2, 1 times in 6, 3 kinds: (3 + 3/3) / 9 and so on.
    # After a come a once and b twice, 2 kinds: (1 + 2 * 4/9) / 5 and so on.
    np.testing.assert_allclose(after(model, params, state, A), [17 / 45, 24 / 45, 4 / 45], rtol=1e-6)
    np.testing.assert_allclose(after(model, params, state, C), [4 / 9, 3 / 9, 2 / 9], rtol=1e-6)


def test_kneser_and_ney_by_hand():
    model, params, state = counted([A, A, B, A, B, C], 3, n=2, smoothing="kneser_ney")
    # Bigrams aa, ba, bc once, ab twice: y = 3/5, discounts 1 - 2y/3 = 0.6 and 2. Alone by kinds before: a 2, b 1, c 1;
    # y = 2/4, discounts 0.5 and 2; so 1/4, 3/8, 3/8 of what is left, 3 of 4.
    np.testing.assert_allclose(after(model, params, state, B), [0.35, 0.225, 0.425], rtol=1e-6)
    np.testing.assert_allclose(after(model, params, state, A), [0.35, 0.325, 0.325], rtol=1e-6)
    np.testing.assert_allclose(after(model, params, state, C), [0.25, 0.375, 0.375], rtol=1e-6)


def grams(text, n):
    return Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1))


def by_dictionary(text, vocabulary, n, smoothing, context):
    """The formulas as Chen and Goodman write them."""
    p = np.full(vocabulary, 1 / vocabulary)
    for k in range(1, n + 1):
        if smoothing == "kneser_ney" and k < n:
            table = Counter(gram[1:] for gram in grams(text, k + 1))
        else:
            table = grams(text, k)
        start = tuple(context[len(context) - k + 1 :])
        if k - 1 > len(context):
            continue
        c = np.array([table[(*start, v)] for v in range(vocabulary)], float)
        if not c.any():
            continue
        if smoothing == "witten_bell":
            p = (c + (c > 0).sum() * p) / (c.sum() + (c > 0).sum())
            continue
        many = Counter(table.values())
        y = many[1] / max(many[1] + 2 * many[2], 1)
        d = [i - (i + 1) * y * many[i + 1] / many[i] if many[i] else i / 2 for i in (1, 2, 3)]
        d = [each if each > 0 else y for each in d]
        off = np.array([d[int(min(each, 3)) - 1] if each else 0 for each in c])
        p = (c - off + off.sum() * p) / c.sum()
    return p


@pytest.mark.parametrize("smoothing", ["kneser_ney", "witten_bell"])
def test_every_context_agrees_with_dictionaries(smoothing):
    rng = np.random.default_rng(1)
    text = (rng.geometric(0.3, 900) - 1).clip(0, 5).tolist()
    model, params, state = counted(text, 6, n=4, smoothing=smoothing)
    read = [*text[300:340], 5, 5, 5, 4, 4, 5]
    got = np.exp(jax.jit(model.apply)(params, state, jnp.array([read], jnp.int32))[0][0])
    np.testing.assert_allclose(got.sum(-1), 1, rtol=1e-5)
    for t in range(len(read)):
        context = read[max(0, t - 2) : t + 1]
        np.testing.assert_allclose(got[t], by_dictionary(text, 6, 4, smoothing, context), rtol=2e-4, err_msg=str(t))


def test_texts_of_four_letters_leave_a_share_for_every_letter():
    # By the formula, the trigrams with two predecessors have a discount of -2.97 in one text and -2.5 in the other.
    letters = np.stack([np.random.default_rng(seed).integers(0, 4, 400) for seed in (1, 42)])
    model = markov(4, vocabulary=4)
    _, shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 400), jnp.int32))

    @jax.jit
    def learned(text):
        params, state = count(shapes["table"], text[None], 4)
        return params["3"]["discount"], model.apply({"table": params}, {"table": state}, text[None])[0]

    for text in letters:
        many = Counter(Counter(gram[1:] for gram in grams(text.tolist(), 4)).values())
        y = many[1] / (many[1] + 2 * many[2])
        assert 2 - 3 * y * many[3] / many[2] < 0
        discounts, logs = learned(jnp.asarray(text, jnp.int32))
        assert discounts[1] == pytest.approx(y)
        np.testing.assert_allclose(np.exp(logs).sum(-1), 1, rtol=1e-5)
        assert logs.min() > -20  # nats


def test_stored_discounts_of_0_leave_a_finite_probability():
    model, params, state = counted([A, A, A, A, B, B, B, B], 3, n=2)
    for table in params["table"].values():
        table["discount"] = jnp.zeros(3)  # as files of earlier versions may hold
    assert np.isfinite(jax.jit(model.apply)(params, state, jnp.array([[A, B]], jnp.int32))[0]).all()


@pytest.mark.expensive
def test_counts_above_the_whole_numbers_of_float32_are_exact():
    occurrences = 17_482_500  # 2^24 is 16,777,216
    text = jnp.zeros((1, occurrences), jnp.int8)
    params, _ = jax.jit(lambda text: count({"1": jnp.zeros(2)}, text.astype(jnp.int32), 2))(text)
    assert params["1"]["count"].tolist() == [occurrences, 0]


def test_a_text_read_in_parts_with_the_carry_is_the_text_read_at_once(key):
    text = jax.random.randint(key, (2, 60), 0, 5)
    model, params, state = counted(text[0], 5, n=3)
    apply = jax.jit(model.apply)
    whole, _ = apply(params, state, text)
    carry, parts = None, []
    for start, end in ((0, 1), (1, 60)):  # the first part is shorter than a context
        ran, _ = apply(params, state, Sequence(text[:, start:end], carry=carry))
        carry, parts = ran.carry, [*parts, ran.y]
    np.testing.assert_allclose(jnp.concatenate(parts, 1), whole, rtol=1e-6)


def test_over_capacity_the_rarest_are_dropped_and_probabilities_still_sum_to_one(key):
    text = jax.random.categorical(key, -0.5 * jnp.arange(8.0), shape=(2000,))
    model, params, state = counted(text, 8, n=3, capacity=20)
    often = [gram for gram, _ in grams(np.asarray(text).tolist(), 2).most_common(10)]
    kept = {divmod(int(key), 8) for key in state["table"]["2"]}
    assert len(kept) == 20
    assert set(often) <= kept
    y, _ = jax.jit(model.apply)(params, state, text[None, :200])
    np.testing.assert_allclose(np.exp(y).sum(-1), 1, rtol=1e-5)


def test_the_loss_of_a_text_is_the_mean_over_its_tokens(key):
    text = np.asarray(jax.random.categorical(key, -0.4 * jnp.arange(6.0), shape=(1500,)), np.int32)
    learned, held = text[:400], Split(text[399:-1], text[400:])
    trainer = counting(
        markov(6, vocabulary=6, n=3, smoothing="witten_bell"), task_for("language", outputs=6), run_of(1)
    )
    batch = {"x": jnp.array(learned[None, :-1]), "y": jnp.array(learned[None, 1:]), "first": jnp.array([True])}
    fit, metrics = jax.jit(trainer.step)(jax.jit(trainer.init)(key, batch), batch, key)
    assert set(metrics) == {"loss", "bpc"}
    evaluate = jax.jit(trainer.evaluate)
    sums = [evaluate(fit, part, key)["loss"] for part in scoring_windows(held)]
    nats, tokens = (sum(float(each[i]) for each in sums) for i in (0, 1))
    # The first held token has the one before it, and nothing before that.
    contexts = [held.x[max(0, t - 1) : t + 1].tolist() for t in range(len(held.x))]
    shares = [by_dictionary(learned.tolist(), 6, 3, "witten_bell", context) for context in contexts]
    wanted = -np.mean([np.log(p[y]) for p, y in zip(shares, held.y, strict=True)])
    assert tokens == len(held.x)
    assert nats / tokens == pytest.approx(wanted, rel=1e-4)


def test_counting_rejects_more_than_one_step():
    with pytest.raises(BadInput, match="counts the whole text in one step, not 3: leave --epochs"):
        counting(markov(3, vocabulary=3), task_for("language", outputs=3), run_of(3))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"n": 0}, "n"),
        ({"capacity": 0}, "capacity"),
        ({"smoothing": "good_turing"}, "smoothing"),
        ({"each": False}, ""),
    ],
)
def test_invalid_arguments_raise(options, reason):
    with pytest.raises(ValueError, match=f"markov.*{reason}"):
        markov(5, vocabulary=5, **options)
