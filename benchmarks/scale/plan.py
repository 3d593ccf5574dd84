"""What a step, a checkpoint and a failure cost on many devices: closed forms over published speeds."""

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
    """What each device sends: passes of a ring over all float32 parameters.

    An all-reduce of the gradients is two (scatter and gather). Fully sharded it is three: gather the weights forward,
    gather them again backward, scatter the gradients.

    >>> gradient_bytes(1_000_000, 8, passes=2)
    7000000.0
    """
    return passes * 4 * parameters * (devices - 1) / devices


def wire_seconds(size: float, passes: float, devices: int, chip: Chip) -> float:
    """Seconds for ring passes over an array of `size` bytes: within each domain, then a share of it between domains.

    Each device hands on all but its own share within its domain (near), and of that share all but what is its own
    domain's (far). Both networks at their published speed; latency is left out.
    """
    inner = min(devices, chip.domain)
    outer = math.ceil(devices / inner)
    near = size * (inner - 1) / inner / chip.near
    far = size / inner * (outer - 1) / outer / chip.far
    return passes * (near + far)


def compute_seconds(parameters: int, examples: float, chip: Chip) -> float:
    """Seconds for a step over so many examples (or tokens) on one device that holds all parameters.

    Two operations a parameter forward, four backward: dense layers and recurrent ones, an example being one use of
    every weight.
    """
    return 6 * parameters * examples / (MFU * chip.peak)


def hidden_batch(parameters: int, wire: float, chip: Chip) -> float:
    """Examples on each device from which computing takes as long as the wire, so that it can be hidden."""
    return wire * MFU * chip.peak / (6 * parameters)


def load_seconds(size: float, readers: int, store: Store) -> float:
    """Seconds until every one of the readers has read so many bytes."""
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
        """With jax's own heartbeat and the assumed time of a scheduler."""
        return cls(HEARTBEAT, SCHEDULE, load, compiling)


def young(cost: float, devices: int) -> float:
    """Seconds between two checkpoints that lose the least time, each stopping the run for `cost` seconds.

    Source: Young 1974, A first order approximation to the optimum checkpoint interval; Daly 2006.

    >>> round(young(12, 16_384))
    517
    """
    return math.sqrt(2 * cost * 3600 * hours_between_failures(devices))


def lost(cost: float, interval: float, restart: float, devices: int) -> float:
    """Share of the time that checkpoints, repeated work and restarts take, to first order; at most 1.

    Args:
        cost: seconds that a checkpoint stops the run.
        interval: seconds between two.
        restart: seconds from a failure to the next step.
        devices: of the job.
    """
    between = 3600 * hours_between_failures(devices)
    return min(1.0, cost / interval + (interval / 2 + restart) / between)
