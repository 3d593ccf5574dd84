"""Hopfield network: an associative memory, which completes a damaged pattern to the stored one that is most like it.

Paper: Hopfield 1982, Neural networks and physical systems with emergent collective computational abilities; modern
form: Ramsauer et al. 2020, Hopfield networks is all you need.
Command: python -m zoo.train --model hopfield
Chart: HN; ring of backfed input (inputs)
Expect: of 6 digits, with 15 % of the pixels flipped, at least 95 % are recalled without an error, in seconds.
About: Patterns are minima of an energy, which a damaged pattern reaches by descent. Storing is one sum of products,
without a gradient.
Equations: W = sum_p x_p x_p' / N, zero diagonal; s_i = sign(sum_j W_ij s_j); E = -1/2 s' W s
Limits: Above 0.138 patterns per unit recall breaks down at once; patterns that are alike merge, and inverses and
mixtures of patterns are valleys too. The modern form stores far more.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from .layers import Layer, flatten, serial
from .layers.checks import check_choice, check_features, check_number, check_positive

CHANGING, SETTLED, CYCLE = range(3)
"""Endings of a recall: still changing after the last sweep, at a fixed point, in a cycle of two states."""

_LARGEST = 1 << 14  # entries of a pattern whose weights fill a gigabyte
_CAPACITY = 0.138  # patterns per entry, of random patterns (Amit, Gutfreund and Sompolinsky 1985)
_STILL = 1e-5  # change of an entry below which a continuous state is a fixed point


class Recall(NamedTuple):
    """Result of a recall, of a batch of patterns.

    Attributes:
        pattern: final states (batch, ...), +1 and -1; of the modern form real numbers, whose signs are the pattern.
        energy: energies (sweeps + 1, batch), before the first sweep and after each.
        sweeps: number of sweeps in which an entry changed, int (batch,).
        ending: `SETTLED`, `CYCLE` or `CHANGING`, int (batch,).
        nearest: index of the stored pattern with the largest overlap, in absolute value, int (batch,).
        overlap: that overlap, (1/N) sum_i s_i x_i (batch,); -1: the inverse of the stored pattern.
    """

    pattern: Any
    energy: Any
    sweeps: Any
    ending: Any
    nearest: Any
    overlap: Any


class Hopfield(NamedTuple):
    """Associative memory, with the capabilities of the task `recall` and the trainer `hebbian`.

    Attributes:
        init: as of a `Layer`; params are `{"memory": {"patterns": (patterns, entries)}}`, of the classical form with
            `w` (entries, entries), the weights times the number of entries: for Hebb's rule whole numbers, whose sums
            float32 holds exactly.
        apply: as of a `Layer`; gives the final states of `recall`.
        recall: `(params, state, x, key=None) -> Recall`, from states x (batch, ...) of +1, -1 and, where an entry is
            unknown, 0. The key draws the order of asynchronous updates; without one it is always the same random order.
        path: `(params, state, x, key=None) -> (sweeps + 1, batch, ...)`, the states of that recall before the first
            sweep and after each.
        energy: `(params, s) -> (batch,)`, of states (batch, entries); no asynchronous update increases it.
        update: `(params, s, unit) -> s`, the asynchronous update of a unit in states (entries, batch); None where units
            are updated at the same time.
        capacity: `entries -> patterns` that can be stored if they are random; None: no limit of practical size.
        pruned: `(params, state) -> (params, state, options)`, the model and the options that build it.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    recall: Callable[..., Recall]
    path: Callable[..., jax.Array]
    energy: Callable[[Any, jax.Array], jax.Array]
    update: Callable[..., jax.Array] | None
    capacity: Callable[[int], float] | None
    pruned: Callable[[dict, dict], tuple[dict, dict, dict]]


def hopfield(
    *,
    form: Literal["classical", "modern"] = "classical",
    updates: Literal["asynchronous", "synchronous"] = "asynchronous",
    sweeps: int = 20,
    beta: float = 1.0,
    patterns: int | None = None,
) -> Hopfield:
    """Builds an associative memory of patterns of any shape.

    Args:
        form: classical, units of +1 and -1 with symmetric weights and none to themselves; modern, the softmax update of
            continuous states, which recalls many more patterns.
        updates: of the classical form: asynchronous, one unit after another in random order, so that the energy never
            increases; synchronous, all units at the same time, which may end in a cycle of two states.
        sweeps: most updates of each unit; a state that no longer changes ends a recall.
        beta: inverse temperature of the modern form: the larger, the nearer to the single most similar pattern.
        patterns: number of stored patterns (default: as many as there are examples).

    >>> import jax, jax.numpy as jnp
    >>> model, x = hopfield(), jnp.array([[1.0, 1, -1, -1]])
    >>> w = x.T @ x * (1 - jnp.eye(4))
    >>> model.recall({"memory": {"w": w, "patterns": x}}, {}, x.at[0, 0].set(-1)).pattern.tolist()
    [[1.0, 1.0, -1.0, -1.0]]
    """
    check_choice("hopfield", "form", form, ("classical", "modern"))
    check_choice("hopfield", "updates", updates, ("asynchronous", "synchronous"))
    check_positive("hopfield", "sweeps", sweeps)
    check_number("hopfield", "beta", beta, above=True)
    if patterns is not None:
        check_positive("hopfield", "patterns", patterns)
    classical = form == "classical"
    energy = _energy if classical else _modern_energy(beta)
    sweep = _modern_sweep(beta) if not classical else _one_by_one if updates == "asynchronous" else _all_at_once
    init = _init(classical, patterns)
    net = serial(flatten, memory=Layer(init, _recalling(sweep, energy, sweeps)))
    passed = serial(flatten, memory=Layer(init, _recalling(sweep, lambda params, s: s, sweeps)))

    def recall(params, state, x, key=None):
        with jax.default_matmul_precision("highest"):  # energies and fields are compared with each other
            found = net.apply(params, {}, x, key)[0]
        return found._replace(pattern=found.pattern.reshape(x.shape))

    def path(params, state, x, key=None):
        with jax.default_matmul_precision("highest"):
            states = passed.apply(params, {}, x, key)[0].energy
        return states.reshape(len(states), *x.shape)

    return Hopfield(
        lambda key, x: (net.init(key, x)[0], {}),
        lambda params, state, x, key=None: (recall(params, state, x, key).pattern, state),
        recall,
        path,
        lambda params, s: energy(params["memory"], s),
        _update if classical and updates == "asynchronous" else None,
        (lambda entries: _CAPACITY * entries) if classical else None,
        lambda params, state: (params, state, {"patterns": len(params["memory"]["patterns"])}),
    )


def _init(classical: bool, patterns: int | None) -> Callable:
    def init(key, x):
        size = x.shape[1]
        if classical and size > _LARGEST:
            raise ValueError(
                f"hopfield: patterns of {size:,} entries need {size:,} x {size:,} weights, more than a gigabyte: make "
                f"them smaller, at most {_LARGEST:,} (images: --d.size 64 --d.grey), or use --m.form modern"
            )
        stored = {"patterns": jnp.zeros((patterns or len(x), size))}
        return ({"w": jnp.zeros((size, size))} if classical else {}) | stored, {}

    return init


def _recalling(sweep: Callable, measure: Callable, most: int) -> Callable:
    """Returns the `apply` of a layer that sweeps over states (batch, entries) until none of them changes.

    Its field `energy` holds what `(params, states) -> array` measures before the first sweep and after each.
    """

    def apply(params, state, x, key=None):
        check_features("memory", params["patterns"].shape[1], x)
        key = jax.random.key(0) if key is None else key

        def step(carry, i):
            s, before, ending, taken = carry
            new = sweep(params, s, jax.random.fold_in(key, i))
            moves = ending == CHANGING
            still, back = (jnp.all(jnp.abs(new - each) <= _STILL, axis=1) for each in (s, before))
            ending = jnp.where(moves & still, SETTLED, jnp.where(moves & back, CYCLE, ending))
            return jnp.where(moves[:, None], new, s), s, ending, taken + (moves & ~still)

        def visit(carry, i):
            carry = jax.lax.cond(jnp.any(carry[2] == CHANGING), step, lambda carry, i: carry, carry, i)
            return carry, measure(params, carry[0])

        count = jnp.zeros(x.shape[0], jnp.int32)
        start = (x, jnp.full_like(x, jnp.inf), count + CHANGING, count)
        (s, _, ending, taken), energies = jax.lax.scan(visit, start, jnp.arange(most))
        overlaps = s @ params["patterns"].T / x.shape[1]
        nearest = jnp.argmax(jnp.abs(overlaps), axis=1)
        overlap = jnp.take_along_axis(overlaps, nearest[:, None], axis=1)[:, 0]
        energies = jnp.concatenate([measure(params, x)[None], energies])
        return Recall(s, energies, taken, ending, nearest, overlap), state

    return apply


def _turned(field: jax.Array, s: jax.Array) -> jax.Array:
    """Returns the signs of local fields; where a field is 0, the unit keeps its state."""
    return jnp.where(field == 0, s, jnp.where(field > 0, 1.0, -1.0))


def _one_by_one(params: dict, s: jax.Array, key: jax.Array) -> jax.Array:
    order = jax.random.permutation(key, s.shape[1])
    turn = lambda i, s: _update({"memory": params}, s, order[i])  # noqa: E731
    return jax.lax.fori_loop(0, s.shape[1], turn, s.T).T


def _update(params: dict, s: jax.Array, unit: jax.Array) -> jax.Array:
    return s.at[unit].set(_turned(params["memory"]["w"][unit] @ s, s[unit]))


def _all_at_once(params: dict, s: jax.Array, key: jax.Array) -> jax.Array:
    return _turned(s @ params["w"], s)


def _energy(params: dict, s: jax.Array) -> jax.Array:
    """Computes -1/2 s.W s; `w` holds W times the number of entries."""
    return -0.5 * jnp.sum(s @ params["w"] * s, axis=1) / s.shape[1]


def _modern_sweep(beta: float) -> Callable:
    def sweep(params, s, key):
        return jax.nn.softmax(beta * (s @ params["patterns"].T), axis=1) @ params["patterns"]

    return sweep


def _modern_energy(beta: float) -> Callable:
    """Returns the energy of Ramsauer et al. 2020, equation 2, whose patterns have the squared norm N."""

    def energy(params, s):
        count, size = params["patterns"].shape
        similar = jax.nn.logsumexp(beta * (s @ params["patterns"].T), axis=1) - jnp.log(count)
        return -similar / beta + 0.5 * jnp.sum(jnp.square(s), axis=1) + 0.5 * size

    return energy
