"""The neural Turing machine and the differentiable neural computer against numpy in float64, step by step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import dnc, ntm
from zoo.layers import Sequence

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
X = rng.normal(size=(2, 5, 3)).astype(np.float32)
SIZES = {"each": True, "width": 6, "slots": 5, "features": 3, "reads": 2}
MODELS = {"ntm": ntm(4, **SIZES), "dnc": dnc(4, **SIZES)}


@pytest.fixture(scope="module", params=MODELS)
def found(request):
    """Name, parameters, outputs and last carry of a model; the parameters are made large, so that all of them count."""
    model = MODELS[request.param]
    params, state = jax.jit(model.init)(jax.random.key(0), X)
    params = jax.tree.map(lambda leaf: 2 * leaf + 0.3 * rng.normal(size=leaf.shape).astype(np.float32), params)
    ran = jax.jit(model.apply)(params, state, Sequence(X))[0]
    return request.param, params, np.asarray(ran.y), ran.carry[0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def softplus(x):
    return np.log1p(np.exp(x))


def cosine(key, memory):
    return np.array([key @ row / (np.sqrt(key @ key + 1e-7) * np.sqrt(row @ row + 1e-7)) for row in memory])


def controller(p, h, c, x):
    i, f, g, o = np.split(x @ p["w_x"] + h @ p["w_h"] + p["b"], 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def ntm_by_hand(p, x):
    """One sequence: three heads over five slots of three features, the last of which writes."""
    cell, head, h, c = p["body"]["0"], p["head"], np.zeros(6), np.zeros(6)
    memory, read, weights = np.full((5, 3), 1e-6), np.tanh(cell["first"]["read"]), softmax(cell["first"]["weights"])
    made = []
    for x_t in x:
        h, c = controller(cell["controller"], h, c, np.concatenate([x_t, read.ravel()]))
        z = h @ cell["heads"]["w"] + cell["heads"]["b"]
        keys, strength, gate, shift = z[:9].reshape(3, 3), z[9:12], z[12:15], z[15:24].reshape(3, 3)
        power, erase, add = 1 + softplus(z[24:27]), sigmoid(z[27:30]), np.tanh(z[30:33])
        new = []
        for i in range(3):
            found = softmax(softplus(strength[i]) * cosine(np.tanh(keys[i]), memory))
            mixed = sigmoid(gate[i]) * found + (1 - sigmoid(gate[i])) * weights[i]
            share = softmax(shift[i])
            moved = sum(share[j + 1] * np.roll(mixed, j) for j in (-1, 0, 1))
            new.append(moved ** power[i] / np.sum(moved ** power[i]))
        weights = np.array(new)
        memory = memory * (1 - np.outer(weights[2], erase)) + np.outer(weights[2], add)
        read = weights[:2] @ memory
        made.append(np.concatenate([h, read.ravel()]) @ head["w"] + head["b"])
    return np.array(made), memory


def dnc_by_hand(p, x):
    """One sequence, by the equations of the Methods: two reading heads, five slots of three features."""
    cell, head, h, c = p["body"]["0"], p["head"], np.zeros(6), np.zeros(6)
    memory, usage, precedence, links = np.zeros((5, 3)), np.zeros(5), np.zeros(5), np.zeros((5, 5))
    reads, last, read, made = np.zeros((2, 5)), np.zeros(5), np.zeros((2, 3)), []
    for x_t in x:
        h, c = controller(cell["controller"], h, c, np.concatenate([x_t, read.ravel()]))
        z = h @ cell["interface"]["w"] + cell["interface"]["b"]
        keys, strength = z[:9].reshape(3, 3), 1 + softplus(z[9:12])
        erase, add, free, modes = sigmoid(z[12:15]), z[15:18], sigmoid(z[18:20]), softmax(z[22:28].reshape(2, 3))
        usage = (usage + last - usage * last) * np.prod(1 - free[:, None] * reads, axis=0)
        new, taken = np.zeros(5), 1.0
        for slot in np.argsort(usage, kind="stable"):
            new[slot], taken = (1 - usage[slot]) * taken, taken * usage[slot]
        gate, amount = sigmoid(z[20]), sigmoid(z[21])
        write = amount * (gate * new + (1 - gate) * softmax(strength[2] * cosine(keys[2], memory)))
        memory = memory * (1 - np.outer(write, erase)) + np.outer(write, add)
        links = (1 - write[:, None] - write[None]) * links + np.outer(write, precedence)
        np.fill_diagonal(links, 0)
        precedence = (1 - write.sum()) * precedence + write
        ways = [
            np.stack([links.T @ reads[i], softmax(strength[i] * cosine(keys[i], memory)), links @ reads[i]])
            for i in range(2)
        ]
        reads, last = np.array([modes[i] @ ways[i] for i in range(2)]), write
        read = reads @ memory
        made.append(np.concatenate([h, read.ravel()]) @ head["w"] + head["b"])
    return np.array(made), memory


def test_outputs_and_memory_are_those_of_the_equations_of_the_paper(found):
    name, params, y, carry = found
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    for row in range(2):
        wanted, memory = {"ntm": ntm_by_hand, "dnc": dnc_by_hand}[name](params, X[row])
        np.testing.assert_allclose(y[row], wanted, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(carry["memory"][row], memory, rtol=1e-4, atol=2e-5)


def test_a_sequence_in_two_parts_with_the_carry_gives_what_the_whole_gives(found):
    name, params, y, _ = found
    apply = jax.jit(MODELS[name].apply)
    first = apply(params, {}, Sequence(X[:, :2]))[0]
    second = apply(params, {}, Sequence(X[:, 2:], carry=first.carry))[0]
    np.testing.assert_allclose(np.concatenate([first.y, second.y], 1), y, rtol=1e-5, atol=1e-6)


def test_weights_of_reading_and_writing_stay_distributions_or_parts_of_them(found):
    name, _, _, carry = found
    total = np.asarray(carry["weights"]).sum(-1)
    assert np.all(carry["weights"] >= 0)
    assert np.all(total < 1 + 1e-5)
    if name == "ntm":
        np.testing.assert_allclose(total, 1, rtol=1e-5)


def test_more_shifts_than_slots_are_refused():
    with pytest.raises(ValueError, match="ntm: 4 slots allow shifts of at most 1, got shifts=2"):
        ntm(2, slots=4, shifts=2)


def test_gradients_through_many_steps_of_an_untrained_machine_are_finite():
    model, x = MODELS["ntm"], jnp.ones((1, 60, 3))
    params, state = jax.jit(model.init)(jax.random.key(1), x)
    gradient = jax.jit(jax.grad(lambda p: jnp.sum(model.apply(p, state, x)[0] ** 2)))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
