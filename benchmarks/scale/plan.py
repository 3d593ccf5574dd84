"""Costs of a step, a checkpoint and a failure on many devices: closed forms with published speeds."""

import math
from typing import NamedTuple

from .published import HEARTBEAT, MFU, SCHEDULE, Chip, Store, hours_between_failures

__all__ = [
    "Restart",
    "compute_seconds",
    "gradient_bytes",
    "hidden_batch",
    "load_seconds",
    "lost",
    "wire_seconds",
    "young",
]


def gradient_bytes(parameters: int, devices: int, passes: int) -> float:
    """Computes the bytes that each device sends: passes of a ring over all float32 parameters.

    An all-reduce of the gradients is two passes (scatter and gather). Fully sharded training needs three: gather the
    weights forward, gather them again backward, scatter the gradients.

    >>> gradient_bytes(1_000_000, 8, passes=2)
    7000000.0
    """
    return passes * 4 * parameters * (devices - 1) / devices


def wire_seconds(size: float, passes: float, devices: int, chip: Chip) -> float:
    """Computes the seconds of ring passes over an array: within each domain, then of a share between domains.

    Each device sends all but its own share within its domain (near), and of that share all but its own domain's (far).
    Both networks run at their published speed; latency is not included.
    """
    inner = min(devices, chip.domain)
    outer = math.ceil(devices / inner)
    near = size * (inner - 1) / inner / chip.near
    far = size / inner * (outer - 1) / outer / chip.far
    return passes * (near + far)


def compute_seconds(parameters: int, examples: float, chip: Chip) -> float:
    """Computes the seconds of a step over examples (or tokens) on one device that holds all parameters.

    Two operations per parameter forward, four backward: for dense and recurrent layers, where an example is one use of
    every weight.
    """
    return 6 * parameters * examples / (MFU * chip.peak)


def hidden_batch(parameters: int, wire: float, chip: Chip) -> float:
    """Returns the examples per device from which on computing takes as long as communication, which hides it."""
    return wire * MFU * chip.peak / (6 * parameters)


def load_seconds(size: float, readers: int, store: Store) -> float:
    """Returns the seconds until every reader has read the bytes."""
    alone = size / store.read
    return alone if store.shared is None else max(alone, size * readers / store.shared)


class Restart(NamedTuple):
    """Seconds from a failure to the first step after it."""

    detect: float
    schedule: float
    load: float
    compile: float

    @classmethod
    def of(cls, load: float, compiling: float) -> "Restart":
        """Makes it with jax's heartbeat and the assumed time of a scheduler."""
        return cls(HEARTBEAT, SCHEDULE, load, compiling)


def young(cost: float, devices: int) -> float:
    """Computes the seconds between checkpoints that lose the least time if each stops the run for `cost` seconds.

    Source: Young 1974, A first order approximation to the optimum checkpoint interval; Daly 2006.

    >>> round(young(12, 16_384))
    517
    """
    return math.sqrt(2 * cost * 3600 * hours_between_failures(devices))


def lost(cost: float, interval: float, restart: float, devices: int) -> float:
    """Computes the fraction of time that checkpoints, repeated work and restarts take, to first order; at most 1.

    Args:
        cost: seconds that a checkpoint stops the run.
        interval: seconds between two checkpoints.
        restart: seconds from a failure to the next step.
        devices: number of devices of the job.
    """
    between = 3600 * hours_between_failures(devices)
    return min(1.0, cost / interval + (interval / 2 + restart) / between)
