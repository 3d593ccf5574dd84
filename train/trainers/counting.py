"""N-gram counts: the tables of a Markov chain in closed form, from the whole text in one step."""

import jax
import jax.numpy as jnp

from zoo.layers import Layer
from zoo.markov import EMPTY, find

from ..errors import BadInput
from ..tasks.task import Task
from ..trainer import Trainer
from . import Run
from .scoring import scores

__all__ = ["count", "counting"]

TRAITS = {"gradient": False, "schedule": False, "batch": "all"}

_SCORED = 4096  # tokens whose loss a step reports; more would take longer than the counting


def counting(model: Layer, task: Task, run: Run) -> Trainer:
    """Makes the trainer that counts n-grams in one step, whose batch is the whole text.

    A second step on the same text counts it again and changes nothing.

    Args:
        model: a `markov`.
        task: language.
        run: gives the number of steps.

    Raises:
        BadInput: if the run has more than one step, because its batches are then parts of the text.
    """
    if run.steps != 1:
        raise BadInput(
            f"markov counts the whole text in one step, not {run.steps}: leave --epochs, --steps, --batch-size and "
            "--d.window at the values of its recipe (1 epoch, batch 1, window 0)"
        )
    evaluate = scores(model, task)

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        return {"params": params, "state": state}

    def step(fit, batch, key):
        text = jnp.concatenate([batch["x"], batch["y"][:, -1:]], axis=1)
        params, state = count(fit["state"]["table"], text, _vocabulary(model, batch["x"]))
        fit = {"params": {"table": params}, "state": {"table": state}}
        scored = {name: each[:, :_SCORED] for name, each in batch.items() if name in ("x", "y")}
        sums = evaluate(fit, scored | {"weight": jnp.ones(scored["x"].shape)}, key)
        return fit, {name: sums[name][0] / sums[name][1] for name in ("loss", task.headline)}

    return Trainer(init, step, evaluate, task.finish)


def count(state: dict, text: jax.Array, vocabulary: int) -> tuple[dict, dict]:
    """Counts the n-grams of a text, from length 1 to n.

    Args:
        state: table of keys of each length, "1" to "n"; only the sizes are used.
        text: tokens (rows, time); no n-gram reaches over the end of a row.
        vocabulary: number of different tokens.

    Returns:
        Params and state of a `markov`. For each n-gram, `count` is the number of its occurrences and `kinds` the number
        of different tokens before it, the count of shorter n-grams in Kneser-Ney smoothing; for the longest n-grams
        both are the number of occurrences. Both are counted as integers and stored as float32. `discount` is the
        Kneser-Ney discount of counts of 1, 2 and more.

    >>> state = {"1": jnp.zeros(3), "2": jnp.zeros(6)}
    >>> params, keys = count(state, jnp.array([[0, 0, 1, 0, 1, 2]]), 3)
    >>> params["1"]["count"].tolist(), params["1"]["kinds"].tolist()
    ([3.0, 2.0, 1.0], [2.0, 1.0, 1.0])
    >>> keys["2"][:4].tolist(), params["2"]["count"][:4].tolist()
    ([0, 1, 3, 5], [1.0, 2.0, 1.0, 1.0])
    """
    params, keys, before = {}, {}, jnp.zeros(text.shape, jnp.int32)
    for k in range(1, len(state) + 1):
        token = jnp.pad(text[:, k - 1 :], ((0, 0), (0, min(k - 1, text.shape[1]))), constant_values=-1)
        wanted = jnp.where((before >= 0) & (token >= 0), before * vocabulary + token, EMPTY)
        keys[str(k)], counts = _distinct(wanted.reshape(-1), state[str(k)].size)
        places = find(keys[str(k)], jnp.where(wanted == EMPTY, -1, wanted))
        if k > 1:
            params[str(k - 1)]["kinds"] = _kinds(places, before, counts.size, params[str(k - 1)]["count"].size)
        params[str(k)] = {"count": counts, "kinds": counts}
        before = places
    # A sum of ones in float32 would end at 2^24.
    return {k: _stored(table) for k, table in params.items()}, keys


def _stored(table: dict) -> dict:
    counts = {name: each.astype(jnp.float32) for name, each in table.items()}
    return counts | {"discount": _discounts(table["kinds"])}


def _distinct(keys: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
    """Returns the sorted unique keys, padded with `EMPTY`, and their counts; beyond `size` the rarest are dropped."""
    keys = jnp.sort(jnp.pad(keys, (0, max(size - keys.size, 0)), constant_values=EMPTY))
    new = jnp.concatenate([jnp.ones(1, bool), keys[1:] != keys[:-1]])
    run = jnp.cumsum(new) - 1
    counts = jnp.zeros(keys.size, jnp.int32).at[run].add(keys != EMPTY)
    each = jnp.full(keys.size, EMPTY, jnp.int32).at[run].set(keys)
    often = jnp.argsort(-counts, stable=True)[:size]
    order = often[jnp.argsort(each[often])]
    return each[order], counts[order]


def _kinds(longer: jax.Array, shorter: jax.Array, size: int, places: int) -> jax.Array:
    """Counts the different tokens before each n-gram: the n-grams one token longer that end with it.

    Args:
        longer: at each step, index of the n-gram that begins there.
        shorter: the same for the n-gram that is one token shorter.
        size: size of the table of the longer n-grams.
        places: size of the table of the shorter n-grams.
    """
    end = jnp.pad(
        shorter[:, 1:], ((0, 0), (0, 1)), constant_values=-1
    )  # without its first token it begins a step later
    ends = jnp.full(size, -1, jnp.int32).at[_or_out(longer, size)].set(end, mode="drop")
    return jnp.zeros(places, jnp.int32).at[_or_out(ends, places)].add(1, mode="drop")


def _or_out(place: jax.Array, size: int) -> jax.Array:
    """Moves the index -1, which jax counts from the end, out of bounds."""
    return jnp.where(place < 0, size, place)


def _discounts(counts: jax.Array) -> jax.Array:
    """Computes Chen and Goodman's discounts of counts of 1, 2 and more (equation 26) from the counts of counts.

    Where no n-gram has such a count, the formula is undefined and half the count is used. Where it gives 0 or less,
    nothing would be left for unseen tokens, and Ney's single discount n1 / (n1 + 2 n2) is used.
    """
    n1, n2, n3, n4 = (jnp.sum(counts == i).astype(jnp.float32) for i in range(1, 5))
    y = n1 / jnp.maximum(n1 + 2 * n2, 1)

    def discount(i, fewer, more):
        formula = i - (i + 1) * y * more / jnp.maximum(fewer, 1)
        return jnp.where(fewer > 0, jnp.where(formula > 0, formula, y), i / 2)

    return jnp.stack([discount(1, n1, n2), discount(2, n2, n3), discount(3, n3, n4)])


def _vocabulary(model: Layer, tokens: jax.Array) -> int:
    logits, _ = jax.eval_shape(lambda x: model.apply(*model.init(jax.random.key(0), x), x), tokens)
    return logits.shape[-1]
