"""Programs that runs of one recipe share: tracing and lowering them takes most of the time of a short run."""

import json
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module

import jax

_KEPT = {}


def sharing(setup: Callable) -> Callable:
    """Builds the parts of every run anew, with the programs of an earlier run of that recipe, its data and options."""
    numbers = import_module("zoo.train.trainers.numbers")  # a test may put another trainer there

    def made(recipe, *place, own=None, **options):
        parts = setup(recipe, *place, own=own, **options)
        if own is not None:
            return parts
        quick = jax.config.read("jax_disable_most_optimizations")
        same = json.dumps([asdict(recipe), options, parts.fingerprint, quick], default=str)
        return parts.like(_KEPT.setdefault((same, numbers.make), parts))

    return made


def forget() -> None:
    """Lets the programs go."""
    _KEPT.clear()
