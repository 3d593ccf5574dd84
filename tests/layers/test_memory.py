"""The addressing of a memory against loops in float64, by hand-made cases, and both cells over several steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import dnc_cell, ntm_cell, scan
from zoo.layers.addressing import content_weights, interpolated, read_memory, sharpened, shifted, written
from zoo.layers.allocation import allocation_weights, linked, preceding, used

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
SLOTS, WORD, HEADS = 5, 3, 2
CLOSE = {"rtol": 0, "atol": 1e-6}


def shares(*shape):
    """Random weights with the sum 1."""
    weights = rng.random(shape) ** 3
    return weights / weights.sum(-1, keepdims=True)


def softmax(z):
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softplus(z):
    return np.log1p(np.exp(z))


def by_content(memory, key, strength, added=1e-8):
    """Weights by cosines, with a small number added to squared norms as the layer says."""
    cosines = [key @ slot / np.sqrt((key @ key + added) * (slot @ slot + added)) for slot in memory]
    return softmax(strength * np.array(cosines))


def by_location(w, before, gate, shift, power):
    w = gate * w + (1 - gate) * before
    n, most = len(w), len(shift) // 2
    moved = np.zeros(n)
    for i in range(n):
        for j in range(-most, most + 1):
            moved[i] += w[(i - j) % n] * shift[j + most]
    sharp = moved**power
    return sharp / sharp.sum()


def by_allocation(usage):
    """As in the paper: a list of the slots, the freest first."""
    found, product = np.zeros(len(usage)), 1.0
    for j in np.argsort(usage, kind="stable"):
        found[j] = (1 - usage[j]) * product
        product *= usage[j]
    return found


def links_after(links, precedence, w):
    found = np.zeros_like(links)
    for i in range(len(w)):
        for j in range(len(w)):
            if i != j:
                found[i, j] = (1 - w[i] - w[j]) * links[i, j] + w[i] * precedence[j]
    return found


def f32(x):
    return jnp.asarray(x, jnp.float32)


def across(memory):
    """A memory as the layers hold it: its slots are the last axis."""
    return jnp.swapaxes(f32(memory), -1, -2)


def test_weights_by_content_are_the_softmax_of_scaled_cosines_and_an_empty_slot_has_the_cosine_0():
    memory, keys, strengths = (
        rng.normal(size=(2, SLOTS, WORD)),
        rng.normal(size=(2, HEADS, WORD)),
        10 * rng.random((2, 2)),
    )
    memory += np.sign(memory)  # far from 0, so that the cosines are exact
    memory[0, 1] = 0
    found = content_weights(across(memory), f32(keys), f32(strengths))
    for row in range(2):
        for head in range(HEADS):
            wanted = by_content(memory[row], keys[row, head], strengths[row, head], 1e-30)
            np.testing.assert_allclose(found[row, head], wanted, **CLOSE)


def test_the_gradient_of_an_empty_memory_and_of_a_key_of_zeros_is_finite():
    def total(memory, keys):
        return jnp.sum(content_weights(memory, keys, jnp.full((1, 1), 50.0))[..., 0])

    for memory in (jnp.zeros((1, WORD, SLOTS)), jnp.full((1, WORD, SLOTS), 1e-6)):
        for gradient in jax.grad(total, (0, 1))(memory, jnp.zeros((1, 1, WORD))):
            assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("most", [0, 1, 2])
def test_weights_by_location_are_those_of_the_loop(most):
    weights, before = shares(2, HEADS, SLOTS), shares(2, HEADS, SLOTS)
    gate, power, shift = rng.random((2, HEADS)), 1 + 5 * rng.random((2, HEADS)), shares(2, HEADS, 2 * most + 1)
    found = sharpened(shifted(interpolated(f32(weights), f32(before), f32(gate)), f32(shift)), f32(power))
    for at in np.ndindex(2, HEADS):
        np.testing.assert_allclose(
            found[at], by_location(weights[at], before[at], gate[at], shift[at], power[at]), **CLOSE
        )


def test_a_shift_forward_moves_the_last_slot_to_the_first():
    ends = f32(np.eye(4)[None, 3:])
    assert shifted(ends, f32([[[0, 0, 1]]])).tolist() == [[[1, 0, 0, 0]]]
    assert shifted(ends, f32([[[1, 0, 0]]])).tolist() == [[[0, 0, 1, 0]]]


def test_sharpening_by_a_large_power_keeps_even_weights_and_finite_gradients():
    even, power = jnp.full((1, 1, 128), 1 / 128), jnp.full((1, 1), 30.0)
    np.testing.assert_allclose(sharpened(even, power), even, rtol=1e-5)  # 128^-30 is 0 in float32
    one = f32(np.eye(4)[None, :1])
    for gradient in jax.grad(lambda w, p: sharpened(w, p)[0, 0, 0], (0, 1))(one, power):
        assert np.all(np.isfinite(gradient))


def test_several_heads_read_erase_and_add_whatever_their_order():
    memory, weights = rng.normal(size=(2, SLOTS, WORD)), shares(2, HEADS, SLOTS)
    erase, add = rng.random((2, HEADS, WORD)), rng.normal(size=(2, HEADS, WORD))
    wanted = memory.copy()
    for row, slot, number in np.ndindex(memory.shape):
        for head in range(HEADS):
            wanted[row, slot, number] *= 1 - weights[row, head, slot] * erase[row, head, number]
        wanted[row, slot, number] += weights[row, :, slot] @ add[row, :, number]
    for order in ([0, 1], [1, 0]):
        found = written(across(memory), *(f32(each[:, order]) for each in (weights, erase, add)))
        np.testing.assert_allclose(found, across(wanted), **CLOSE)
    np.testing.assert_allclose(read_memory(across(memory), f32(weights)), weights @ memory, **CLOSE)


def test_usage_grows_by_the_last_write_and_falls_where_a_head_frees():
    usage, write, read, free = rng.random((2, SLOTS)), shares(2, SLOTS), shares(2, HEADS, SLOTS), rng.random((2, HEADS))
    kept = np.prod([1 - free[:, head, None] * read[:, head] for head in range(HEADS)], axis=0)
    found = used(f32(usage), f32(write), f32(read), f32(free))
    np.testing.assert_allclose(found, (usage + write - usage * write) * kept, **CLOSE)


@pytest.mark.parametrize(
    "usage",
    [
        rng.random(SLOTS),
        [0.5, 0.5, 0.5, 0.25, 0.25],  # equals: the first counts as freer
        [0.0] * SLOTS,
        [1.0] * SLOTS,
        [1.0, 0.0, 1.0, 0.0, 0.3],
        [1e-20, 1e-30, 1.0, 0.5, 1e-10],
    ],
)
def test_allocation_is_that_of_the_sorted_list_of_the_paper(usage):
    found = np.asarray(allocation_weights(f32([usage])))[0]
    np.testing.assert_allclose(found, by_allocation(np.asarray(usage, np.float64)), **CLOSE)
    assert found.sum() <= 1 + 1e-6


def test_allocation_by_hand():
    assert allocation_weights(f32([[1, 0.25, 1]])).round(6).tolist() == [[0, 0.75, 0]]
    assert allocation_weights(f32([[0, 0, 0]])).round(6).tolist() == [[1, 0, 0]]


def test_the_gradient_of_allocation_is_that_of_finite_differences_of_the_sorted_list():
    usage, along = np.array([0.4, 0.1, 0.8, 0.6]), rng.normal(size=4)
    found = jax.grad(lambda u: allocation_weights(u[None])[0] @ f32(along))(f32(usage))
    for i in range(4):
        step = 1e-6 * np.eye(4)[i]
        slope = (by_allocation(usage + step) - by_allocation(usage - step)) @ along / 2e-6
        assert float(found[i]) == pytest.approx(slope, abs=1e-4)
    empty = jax.grad(lambda u: allocation_weights(u[None])[0] @ f32(along))(jnp.zeros(4))
    assert np.all(np.isfinite(empty))


def test_links_are_those_of_the_loop_and_their_rows_and_columns_sum_to_at_most_1():
    links, precedence = np.zeros((SLOTS, SLOTS)), np.zeros(SLOTS)
    mine, first = f32(links[None]), f32(precedence[None])
    for _ in range(6):
        w = 0.9 * shares(SLOTS)
        mine, first = linked(mine, first, f32(w[None])), preceding(first, f32(w[None]))
        links, precedence = links_after(links, precedence, w), (1 - w.sum()) * precedence + w
        np.testing.assert_allclose(mine[0], links, **CLOSE)
        np.testing.assert_allclose(first[0], precedence, **CLOSE)
    assert max(links.sum(0).max(), links.sum(1).max(), precedence.sum()) <= 1


def test_links_lead_from_each_slot_to_the_one_written_next_and_back():
    links, precedence = jnp.zeros((1, 4, 4)), jnp.zeros((1, 4))
    for slot in (2, 0, 3):
        write = f32(np.eye(4)[None, slot])
        links, precedence = linked(links, precedence, write), preceding(precedence, write)
    at = np.eye(4)
    assert (np.asarray(links[0]) @ at[2]).tolist() == at[0].tolist()
    assert (np.asarray(links[0]) @ at[0]).tolist() == at[3].tolist()
    assert (np.asarray(links[0]).T @ at[3]).tolist() == at[0].tolist()
    assert precedence[0].tolist() == at[3].tolist()


def lstm(p, state, x):
    i, f, g, o = np.split(x @ p["w_x"] + state[0] @ p["w_h"] + p["b"], 4)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def cut(z, *shapes):
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    assert ends[-1] == len(z)
    return [part.reshape(shape) for part, shape in zip(np.split(z, ends[:-1]), shapes, strict=True)]


def ntm_by_hand(p, xs, width=4):
    """Outputs (time, width + HEADS * WORD) of one sequence."""
    state, memory, read = (np.zeros(width),) * 2, np.full((SLOTS, WORD), 1e-6), np.zeros(HEADS * WORD)
    weights, both, outputs = np.eye(SLOTS)[[0] * 2 * HEADS], 2 * HEADS, []
    for x in xs:
        state = lstm(p["controller"], state, np.concatenate([x, read]))
        z = state[0] @ p["interface"]["w"] + p["interface"]["b"]
        keys, shift, strength, gate, power, erase, add = cut(
            z, (both, WORD), (both, 3), (both,), (both,), (both,), (HEADS, WORD), (HEADS, WORD)
        )
        weights = np.array([
            by_location(
                by_content(memory, keys[i], softplus(strength[i])), weights[i], sigmoid(gate[i]), softmax(shift[i]),
                1 + softplus(power[i]),
            )
            for i in range(both)
        ])  # fmt: skip
        for head, w in enumerate(weights[HEADS:]):
            memory = memory * (1 - np.outer(w, sigmoid(erase[head])))
        memory = memory + weights[HEADS:].T @ add
        read = (weights[:HEADS] @ memory).ravel()
        outputs.append(np.concatenate([state[0], read]))
    return np.array(outputs)


def dnc_by_hand(p, xs, width=4):
    """As above, by the equations of the paper's methods."""
    state, memory, found = (np.zeros(width),) * 2, np.zeros((SLOTS, WORD)), np.zeros(HEADS * WORD)
    usage, precedence, links = np.zeros(SLOTS), np.zeros(SLOTS), np.zeros((SLOTS, SLOTS))
    read, write, outputs = np.zeros((HEADS, SLOTS)), np.zeros(SLOTS), []
    for x in xs:
        state = lstm(p["controller"], state, np.concatenate([x, found]))
        z = state[0] @ p["interface"]["w"] + p["interface"]["b"]
        keys, strengths, key, strength, erase, add, free, allocate, gate, modes = cut(
            z, (HEADS, WORD), (HEADS,), (WORD,), (), (WORD,), (WORD,), (HEADS,), (), (), (HEADS, 3)
        )
        kept = np.prod(1 - sigmoid(free)[:, None] * read, axis=0)
        usage = (usage + write - usage * write) * kept
        content = by_content(memory, key, 1 + softplus(strength))
        share = sigmoid(allocate)
        write = sigmoid(gate) * (share * by_allocation(usage) + (1 - share) * content)
        memory = memory * (1 - np.outer(write, sigmoid(erase))) + np.outer(write, add)
        links = links_after(links, precedence, write)
        precedence = (1 - write.sum()) * precedence + write
        new = []
        for head in range(HEADS):
            backward, content, forward = softmax(modes[head])
            sought = by_content(memory, keys[head], 1 + softplus(strengths[head]))
            new.append(backward * links.T @ read[head] + content * sought + forward * links @ read[head])
        read = np.array(new)
        found = (read @ memory).ravel()
        outputs.append(np.concatenate([state[0], found]))
    return np.array(outputs)


@pytest.mark.parametrize(("make", "by_hand"), [(ntm_cell, ntm_by_hand), (dnc_cell, dnc_by_hand)])
def test_a_cell_is_that_of_the_paper_over_several_steps(make, by_hand):
    layer, xs = scan(make(4, SLOTS, WORD, heads=HEADS)), rng.normal(size=(2, 7, 2))
    params, _ = jax.jit(layer.init)(jax.random.key(0), f32(xs))
    params = jax.tree.map(lambda leaf: 2 * leaf + 0.3 * rng.normal(size=leaf.shape).astype(np.float32), params)
    found = jax.jit(layer.apply)(params, {}, f32(xs))[0]
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    for row in range(2):
        np.testing.assert_allclose(found[row], by_hand(p, xs[row]), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("make", [ntm_cell, dnc_cell])
def test_no_parameter_depends_on_the_number_of_slots(make):
    x = jnp.ones((1, 2, 3))
    shapes = [jax.eval_shape(scan(make(4, slots, WORD)).init, jax.random.key(0), x) for slots in (4, 9)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("make", [ntm_cell, dnc_cell])
def test_a_dense_controller_remembers_by_the_memory_alone(make):
    cell, x = make(4, SLOTS, WORD, controller="dense"), f32(rng.normal(size=(1, 6, 2)))
    params, _ = cell.init(jax.random.key(0), (None, x[:, 0]))
    carry = cell.carry(params, x[:, 0])
    assert jax.tree.leaves(carry.controller) == []
    y = jax.jit(scan(cell).apply)(params, {}, x)[0]
    seen = np.concatenate([x[0, 1], y[0, 0, 4:]]) @ params["controller"]["w_x"] + params["controller"]["b"]
    np.testing.assert_allclose(y[0, 1, :4], np.tanh(seen), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (ntm_cell, {"slots": 0}, r"ntm_cell\(4\): slots must be a positive integer, got 0"),
        (ntm_cell, {"shift": 3}, r"ntm_cell\(4\): shift must be an integer from 0, .* at most 5 slots, got 3"),
        (ntm_cell, {"controller": "gru"}, "controller 'gru' is not known; choose from lstm, dense"),
        (dnc_cell, {"heads": 0}, r"dnc_cell\(4\): heads must be a positive integer, got 0"),
        (dnc_cell, {"word": 1.5}, r"dnc_cell\(4\): word must be a positive integer, got 1.5"),
    ],
)
def test_what_cannot_be_is_refused(make, options, message):
    with pytest.raises(ValueError, match=message):
        make(4, **{"slots": SLOTS, "word": WORD, **options})
