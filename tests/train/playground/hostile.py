"""Messages that no page sends: junk, and states with something odd in them, by a seeded generator."""

import json

__all__ = ["POINTS", "SPIRAL", "hostile", "mutated"]

SPIRAL = {"model": "mlp", "dataset": "spiral", "set": {"m.hidden": [4, 2], "lr": 0.03, "d.noise": 5}}
POINTS = {"model": "mlp", "dataset": "points", "points": {"xy": [[0, 0], [1, 1]], "label": ["a", "b"]}}
_SERIES = {"model": "rnn", "dataset": "series", "series": {"values": [0, 1, 2, 1] * 10}}
_PATTERNS = {"model": "hopfield", "dataset": "patterns", "patterns": {"rows": 2, "columns": 3, "cells": ["010101"]}}
_STATES = (SPIRAL, POINTS, _SERIES, _PATTERNS)
_OTHERS = (
    {"do": "blame", "split": "train", "index": 3},
    {"do": "recall", "cells": "010101", "flip": 0.1, "hide": "none", "seed": 1},
    {"do": "speed", "value": "slow"},
    {"do": "home"},
    {"do": "play"},
    {"do": "pause"},
    {"do": "restart"},
    {"do": "model"},
)
ODD = (
    None, True, -1, 0, 1e308, 10**40, "", "none", "x" * 3000, "\x00\u202e", [], {}, [[]], {"a": {}}, [None], [1e9] * 3,
    "../../etc/passwd", "<script>", "__import__('os')", 1e-320, -(2**63), [[0] * 20] * 20,
)  # fmt: skip


def mutated(rng, value):
    """A value of the same form, or of another one, with something odd somewhere."""
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return rng.choice(ODD)
    if isinstance(value, list):
        i = rng.randrange(len(value))
        return [*value[:i], mutated(rng, value[i]), *value[i + 1 :]]
    name = rng.choice(list(value))
    other = rng.choice((name, name, name + "x", "m.hidden", "seed", "__class__"))
    return {**{key: each for key, each in value.items() if key != name}, other: mutated(rng, value[name])}


def hostile(rng):
    """The text of a message: a state or another message with something odd in it, junk, or a part of one."""
    kind = rng.random()
    if kind < 0.2:
        return "".join(chr(rng.randrange(1, 0x2FF)) for _ in range(rng.randrange(60)))
    state = {"do": "state", "state": mutated(rng, rng.choice(_STATES))}
    other = rng.choice(_OTHERS)
    message = state if kind < 0.6 else mutated(rng, other) if kind < 0.9 else other
    text = json.dumps(message)
    return text[: rng.randrange(len(text))] if rng.random() < 0.1 else text
