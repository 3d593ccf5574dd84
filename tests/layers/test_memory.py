"""Addressing, allocation and temporal links of a memory against cases made by hand and numpy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers.addressing import content_weights, interpolate, read_memory, sharpen, shift_weights, write_memory
from zoo.layers.allocation import allocate, follow_links, update_links, update_precedence, update_usage

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
MEMORY = rng.normal(size=(2, 5, 3))
WEIGHTS = rng.dirichlet(np.ones(5), (2, 2))  # (batch, heads, slots)


def close(found, wanted, atol=1e-6):
    np.testing.assert_allclose(np.asarray(found, np.float64), wanted, rtol=0, atol=atol)


def test_content_weights_are_the_softmax_of_cosine_times_strength():
    key, strength = rng.normal(size=(2, 2, 3)), rng.uniform(0, 5, (2, 2))
    cosine = np.array([[[k @ m / np.sqrt(k @ k) / np.sqrt(m @ m) for m in MEMORY[b]] for k in key[b]] for b in (0, 1)])
    wanted = np.exp(strength[..., None] * cosine)
    close(content_weights(*map(jnp.float32, (MEMORY, key, strength))), wanted / wanted.sum(-1, keepdims=True), 2e-6)


def test_empty_slots_and_empty_keys_have_finite_gradients_and_no_preference():
    empty = jnp.zeros((1, 4, 3))
    close(content_weights(empty, jnp.ones((1, 1, 3)), jnp.full((1, 1), 9.0)), np.full((1, 1, 4), 0.25))
    gradients = jax.grad(lambda *x: content_weights(*x)[0, 0, 0], (0, 1, 2))(
        empty, jnp.zeros((1, 1, 3)), jnp.ones((1, 1))
    )
    assert all(np.isfinite(each).all() for each in gradients)


def test_the_gate_chooses_between_the_weights_before_and_those_found():
    found, gate = rng.dirichlet(np.ones(5), (2, 2)), np.array([[0.0, 1.0], [0.25, 0.5]])
    wanted = (1 - gate)[..., None] * WEIGHTS + gate[..., None] * found
    close(interpolate(*map(jnp.float32, (WEIGHTS, found, gate))), wanted)


@pytest.mark.parametrize("most", [1, 2])
def test_a_shift_is_the_circular_convolution(most):
    shares = rng.dirichlet(np.ones(2 * most + 1), (2, 2))
    wanted = np.zeros_like(WEIGHTS)
    for i in range(5):
        for j in range(-most, most + 1):
            wanted[..., (i + j) % 5] += WEIGHTS[..., i] * shares[..., j + most]
    close(shift_weights(*map(jnp.float32, (WEIGHTS, shares))), wanted)


def test_sharpening_raises_to_a_power_and_its_gradient_at_zero_is_finite():
    power = rng.uniform(1, 4, (2, 2))
    wanted = WEIGHTS ** power[..., None]
    close(sharpen(*map(jnp.float32, (WEIGHTS, power))), wanted / wanted.sum(-1, keepdims=True))
    one = jnp.array([[[1.0, 0.0]]])
    close(sharpen(one, jnp.array([[3.0]])), one)
    assert all(
        np.isfinite(each).all() for each in jax.grad(lambda *x: sharpen(*x)[0, 0, 0], (0, 1))(one, jnp.ones((1, 1)))
    )


def test_several_heads_erase_before_any_of_them_adds():
    erase, add = rng.uniform(size=(2, 2, 3)), rng.normal(size=(2, 2, 3))
    wanted = MEMORY.copy()
    for head in range(2):
        wanted *= 1 - WEIGHTS[:, head, :, None] * erase[:, head, None]
    for head in range(2):
        wanted += WEIGHTS[:, head, :, None] * add[:, head, None]
    close(write_memory(*map(jnp.float32, (MEMORY, WEIGHTS, erase, add))), wanted)
    close(read_memory(jnp.float32(MEMORY), jnp.float32(WEIGHTS)), np.array([WEIGHTS[b] @ MEMORY[b] for b in (0, 1)]))


def test_usage_rises_by_writing_and_falls_by_freeing_what_was_read():
    usage, write, free = rng.uniform(size=(2, 5)), rng.dirichlet(np.ones(5), 2), rng.uniform(size=(2, 2))
    wanted = (usage + write - usage * write) * np.prod(1 - free[..., None] * WEIGHTS, axis=1)
    close(update_usage(*map(jnp.float32, (usage, write, WEIGHTS, free))), wanted)


@pytest.mark.parametrize(
    "usage", [[0.3, 0.9, 0.1, 0.5, 0.7], [1.0, 0.0, 0.0, 1.0, 0.5], [1.0] * 5, [0.0] * 5]
)  # fmt: skip
def test_allocation_takes_the_least_used_slots_in_their_order(usage):
    wanted, taken = np.zeros(5), 1.0
    for slot in np.argsort(usage, kind="stable"):
        wanted[slot] = (1 - usage[slot]) * taken
        taken *= usage[slot]
    close(allocate(jnp.array([usage])), wanted[None])
    assert np.isfinite(jax.grad(lambda u: allocate(u)[0, 0])(jnp.array([usage]))).all()


def test_links_tell_the_order_of_writing_and_are_followed_in_both_directions():
    order, precedence, links = [2, 0, 4, 1], jnp.zeros((1, 5)), jnp.zeros((1, 5, 5))
    for slot in order:
        write = jax.nn.one_hot(jnp.array([slot]), 5)
        links, precedence = update_links(links, precedence, write), update_precedence(precedence, write)
    wanted = np.zeros((5, 5))
    wanted[[0, 4, 1], [2, 0, 4]] = 1
    close(links[0], wanted)
    after, before = follow_links(links, jax.nn.one_hot(jnp.array([[4]]), 5))
    assert (int(after.argmax()), int(before.argmax())) == (1, 0)


def test_soft_links_are_those_of_the_paper():
    links, precedence = rng.uniform(0, 0.2, (2, 5, 5)), rng.dirichlet(np.ones(5), 2) * 0.9
    links[:, range(5), range(5)] = 0
    write = rng.dirichlet(np.ones(5), 2) * 0.7
    wanted = np.zeros_like(links)
    for i in range(5):
        for j in range(5):
            if i != j:
                old = (1 - write[:, i] - write[:, j]) * links[:, i, j]
                wanted[:, i, j] = old + write[:, i] * precedence[:, j]
    close(update_links(*map(jnp.float32, (links, precedence, write))), wanted)
    close(update_precedence(*map(jnp.float32, (precedence, write))), (1 - write.sum(1))[:, None] * precedence + write)
    after, before = follow_links(jnp.float32(wanted), jnp.float32(WEIGHTS))
    close(after, np.einsum("bij,bhj->bhi", wanted, WEIGHTS))
    close(before, np.einsum("bji,bhj->bhi", wanted, WEIGHTS))
