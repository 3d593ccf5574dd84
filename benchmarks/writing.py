"""Compares writing with cached keys and values to writing that reads the whole text again for each character.

`python -m benchmarks.writing RUN` continues a prompt with the transformer of a run, by the most likely character each
time, and prints the ratio of the times, measured in turns, whether the characters are equal, and how far the logits
differ. Without a run, the model is as large as the recipe's for tinyshakespeare and not trained.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import zoo
from zoo.layers import Sequence as Steps
from zoo.train import recipe_for

from .timed import timed

__all__ = ["cached", "main", "uncached"]

_PROMPT, _VOCABULARY = 8, 65


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, and prints one line for each length."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writing", description=__doc__)
    parser.add_argument("run", nargs="?", help="run of a transformer on a text (default: a model that is not trained)")
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 512], help="characters to write")
    parser.add_argument("--turns", type=int, default=3, help="times that each is measured")
    args = parser.parse_args(argv)
    model, params, state, vocabulary = _model(args.run)
    prompt = jnp.asarray(np.arange(_PROMPT) % vocabulary)[None]
    for length in args.lengths:
        forms = [
            partial(jax.jit(partial(form, model, length=length)), params, state, prompt) for form in (cached, uncached)
        ]
        (tokens, logits), (others, wanted) = (form() for form in forms)
        fast, slow = map(median, timed(forms, args.turns))
        print(
            f"{length} characters: {slow / fast:.1f} times as fast with the cache ({fast:.0f} ms, {slow:.0f} ms), "
            f"characters {'equal' if bool(jnp.all(tokens == others)) else 'NOT equal'}, "
            f"logits differ by at most {float(jnp.max(jnp.abs(logits - wanted))):.1e}"
        )
    return 0


def cached(model: Any, params: Any, state: Any, prompt: jax.Array, *, length: int) -> tuple[jax.Array, jax.Array]:
    """Writes with the carry of the model; returns tokens (length,) and the logits of each (length, vocabulary)."""

    def read(tokens: jax.Array, carry: Any = None) -> tuple[Any, jax.Array]:
        ran, _ = model.apply(params, state, Steps(tokens, carry=carry))
        return ran.carry, ran.y[0, -1]

    def step(loop: tuple, _: None) -> tuple:
        carry, logits = loop
        token = jnp.argmax(logits)
        return read(token[None, None], carry), (token, logits)

    return jax.lax.scan(step, read(prompt), length=length)[1]


def uncached(model: Any, params: Any, state: Any, prompt: jax.Array, *, length: int) -> tuple[jax.Array, jax.Array]:
    """Writes by reading everything for each token, in an array of the final length; returns as `cached`."""
    start = prompt.shape[1]
    text = jnp.pad(prompt, ((0, 0), (0, length)))

    def step(text: jax.Array, at: jax.Array) -> tuple:
        logits = model.apply(params, state, text)[0][0, at - 1]
        token = jnp.argmax(logits)
        return text.at[0, at].set(token), (token, logits)

    return jax.lax.scan(step, text, start + jnp.arange(length))[1]


def _model(run: str | None) -> tuple[Any, Any, Any, int]:
    if run:
        trained = zoo.load(run)
        return trained.model, trained.params, trained.state, len(trained.about["vocabulary"])
    options: dict[str, Any] = dict(recipe_for("transformer", "tinyshakespeare").m)
    model = zoo.transformer(_VOCABULARY, each=True, vocabulary=_VOCABULARY, **options)
    params, state = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 1), int))
    return model, params, state, _VOCABULARY


if __name__ == "__main__":
    sys.exit(main())
