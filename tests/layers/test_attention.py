"""Attention against numpy in float64, its carry, lengths and context, and positions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import Sequence, attend, attention, computing_in, learned_positions, rotate, sinusoidal_positions

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 11, 6)).astype(np.float32)
PARTS = ((0, 1), (1, 2), (2, 9), (9, 11))  # single steps, more steps than the context, fewer


def run(layer, params, x):
    """Compiled, as single operations would take longer to compile."""
    return jax.jit(layer.apply)(params, {}, x)[0]


@pytest.fixture(scope="module")
def params():
    return jax.jit(attention(8, 2).init)(jax.random.key(0), X)[0]


def turned(x, base=10_000.0):
    """Rotates pairs of features as complex numbers."""
    half = x.shape[-1] // 2
    pairs = x[..., :half] + 1j * x[..., half:]
    pairs = pairs * np.exp(1j * np.arange(x.shape[-2])[:, None] * base ** (-np.arange(half) / half))
    return np.concatenate([pairs.real, pairs.imag], -1)


def by_hand(params, x, context=None, rotary=False, heads=2):
    """Outputs and weights, head by head and query by query."""
    p, x = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params), np.asarray(x, np.float64)
    batch, time, width = *x.shape[:2], p["out"]["w"].shape[0]
    qkv = (x @ p["qkv"]["w"] + p["qkv"]["b"]).reshape(batch, time, heads, 3, width // heads)
    mean, weights = np.zeros((batch, time, heads, width // heads)), np.zeros((batch, heads, time, time))
    for row in range(batch):
        for head in range(heads):
            q, k, v = qkv[row, :, head, 0], qkv[row, :, head, 1], qkv[row, :, head, 2]
            q, k = (turned(q), turned(k)) if rotary else (q, k)
            for t in range(time):
                seen = range(time) if context is None else range(max(0, t - context + 1), t + 1)
                shares = np.exp([q[t] @ k[s] / np.sqrt(width // heads) for s in seen])
                shares /= shares.sum()
                weights[row, head, t, list(seen)] = shares
                mean[row, t, head] = shares @ v[list(seen)]
    return mean.reshape(batch, time, width) @ p["out"]["w"] + p["out"]["b"], weights


@pytest.mark.parametrize(
    ("context", "rotary"), [(None, False), (None, True), (4, True), (11, False)]
)  # all steps, blocks that do not divide the time, one block
def test_attention_is_that_of_numpy(params, context, rotary):
    layer = attention(8, 2, context=context, rotary=rotary, give="outputs" if context is None else "carry")
    weighing = attention(8, 2, context=context, rotary=rotary, give="weights")
    y, weights = by_hand(params, X, context, rotary)
    got, seen = run(layer, params, X), run(weighing, params, X)
    np.testing.assert_allclose(getattr(got, "y", got), y, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(seen.carry, weights, rtol=1e-4, atol=1e-6)


def test_a_sequence_read_in_parts_gives_what_the_whole_gives(params):
    layer, carry, parts = attention(8, 2, context=4, rotary=True, give="carry"), None, []
    for first, last in PARTS:
        ran = run(layer, params, Sequence(X[:, first:last], carry=carry))
        carry = ran.carry
        parts.append(ran.y)
    whole = run(layer, params, X)
    np.testing.assert_allclose(np.concatenate(parts, 1), whole.y, rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), carry, whole.carry)


def test_a_carry_of_zeros_is_none(params):
    layer = attention(8, 2, context=4, give="carry")
    empty = jax.tree.map(np.zeros_like, run(layer, params, X).carry)
    np.testing.assert_allclose(run(layer, params, Sequence(X, carry=empty)).y, by_hand(params, X, 4)[0], 1e-4, 1e-5)


@pytest.mark.parametrize("context", [None, 3])
def test_steps_beyond_the_length_change_nothing_and_give_zeros(params, context):
    padded, lengths = X.copy(), np.array([7, 11], np.int32)
    padded[0, 7:] = np.nan
    y = run(attention(8, 2, context=context, rotary=True), params, Sequence(padded, lengths))
    np.testing.assert_allclose(y[0, :7], by_hand(params, X[:1, :7], context, True)[0][0], rtol=1e-4, atol=1e-5)
    assert not np.any(y[0, 7:])


def test_a_first_window_attends_to_its_own_steps_alone(params):
    layer = attention(8, 2, context=11, give="carry")
    program = str(jax.make_jaxpr(lambda x: layer.apply(params, {}, x)[0].y)(X))
    assert "11,11]" in program
    assert "11,22]" not in program, "keys of an empty memory cost as much as others"


def test_the_carry_is_that_of_the_last_valid_step(params):
    layer, lengths = attention(8, 2, context=4, give="carry"), np.array([7, 11], np.int32)
    ran, alone = (run(layer, params, x) for x in (Sequence(X, lengths), X[:1, :7]))
    for name in ("key", "value"):
        np.testing.assert_allclose(ran.carry[name][0], alone.carry[name][0], rtol=1e-5, atol=1e-6)
    assert ran.carry["read"].tolist() == [7, 11]


def test_a_row_without_valid_steps_gives_zeros_and_finite_gradients(params):
    def total(params):
        return jnp.sum(attention(8, 2).apply(params, {}, Sequence(X, np.array([0, 11], np.int32)))[0][0])

    value, gradient = jax.jit(jax.value_and_grad(total))(params)
    assert value == 0
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradient))


def test_large_logits_do_not_overflow_and_sums_in_half_precision_are_float32():
    q, k, v = (
        jnp.full((1, 4), 300.0),
        jnp.ones((3, 4)) * jnp.array([[1.0], [1.0], [-1.0]]),
        jnp.array([[1.0], [3.0], [9.0]]),
    )
    assert attend(q, k, v).tolist() == [[2.0]]
    many = jnp.ones((4096, 1), jnp.bfloat16)
    assert attend(many[:1] * 0, many, many).tolist() == [[1.0]]


def test_half_precision_is_close_to_float32(params):
    layer = attention(8, 2, context=4, rotary=True)
    half = run(computing_in(jnp.bfloat16, layer), params, X)
    assert half.dtype == jnp.float32
    np.testing.assert_allclose(half, by_hand(params, X, 4, True)[0], atol=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: attention(8, 3), r"attention\(8, 3\): the heads must divide the width"),
        (lambda: attention(6, 2, rotary=True), "rotary positions turn pairs of features, got 3 features in a head"),
        (lambda: attention(8, 2, context=0), r"attention\(8, 2\): context must be a positive integer, got 0"),
        (lambda: attention(8, 2, give="carry"), "has no carry, as it attends to all steps; use context="),
        (lambda: attention(8, 2).apply(None, {}, Sequence(X, carry=())), "has no carry, as it attends to all steps"),
        (lambda: rotate(jnp.ones((2, 3))), "got 3 features in a head, an odd number"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_rotated_queries_and_keys_depend_on_their_distance_even_late():
    np.testing.assert_allclose(
        jax.jit(rotate, static_argnums=1)(X, 3), turned(np.concatenate([np.zeros((2, 3, 6)), X], 1))[:, 3:], atol=1e-6
    )
    q, k = rng.normal(size=(2, 1, 64)).astype(np.float32)
    late = jax.jit(lambda q, k: [rotate(q, at + 5)[0] @ rotate(k, at)[0] for at in (0, 100_000)])
    near, far = late(q, k)
    assert far == pytest.approx(float(near), abs=1e-5)


def test_sinusoids_are_those_of_the_paper():
    t, i = np.arange(11)[:, None], np.arange(3)
    table = np.stack([np.sin(t / 10_000 ** (2 * i / 6)), np.cos(t / 10_000 ** (2 * i / 6))], -1).reshape(11, 6)
    np.testing.assert_allclose(sinusoidal_positions().apply({}, {}, X)[0], X + table, rtol=1e-5, atol=1e-6)
    assert sinusoidal_positions().apply({}, {}, X[..., :5])[0].shape == (2, 11, 5)


@pytest.mark.parametrize("make", [learned_positions, sinusoidal_positions])
def test_positions_continue_from_the_carry_and_repeat_after_the_rows(make, key):
    layer = make(4)
    params, _ = jax.jit(layer.init)(key, X)
    table = np.asarray(run(layer, params, np.zeros((1, 4, 6), np.float32))[0])
    got = run(layer, params, Sequence(X, carry=np.array([0, 3]))) - X
    np.testing.assert_allclose(got, table[(np.arange(11) + np.array([[0], [3]])) % 4], atol=1e-6)


def test_learned_positions_of_an_encoder_do_not_reach_beyond_the_example_of_init(key):
    params, state = learned_positions().init(key, X)
    np.testing.assert_allclose(learned_positions().apply(params, state, X[:, :5])[0], X[:, :5] + params["w"][:5])
    with pytest.raises(ValueError, match="learned_positions was initialised for 11 steps, got 12"):
        learned_positions().apply(params, state, np.zeros((2, 12, 6), np.float32))
