"""Scores on a whole set, exact for every size: the last batch is padded, and the padding does not count."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from .data.normalize import Scaler
from .data.source import Split
from .feed import padded
from .trainer import Trainer, stream

__all__ = ["Evaluate"]

_BATCH = 1000  # large enough that calls cost nothing, small enough that activations fit anywhere


class Evaluate:
    """Gives a trainer's exact means over a split: `evaluate(fit, key, step) -> {name: float}`."""

    def __init__(
        self, trainer: Trainer, split: Split, scaler: Scaler, target_scaler: Scaler | None, mesh: jax.sharding.Mesh
    ):
        self.trainer, self.scalers = trainer, (scaler, target_scaler)
        size = min(_BATCH, len(split.x))
        size += -size % mesh.size
        place = NamedSharding(mesh, PartitionSpec("data"))
        self.batches = [jax.device_put(batch, place) for batch in padded(split, size)]
        self._add = jax.jit(self._sums)

    def __call__(self, fit: dict, key: jax.Array, step: int = 0) -> dict[str, float]:
        """Scores the fit; the key is for trainers that sample even then."""
        totals = None
        for i, batch in enumerate(self.batches):
            sums = self._add(fit, batch, self.scalers, stream(stream(key, "evaluate", step), "batch", i))
            totals = sums if totals is None else jax.tree.map(jnp.add, totals, sums)
        host = jax.device_get(totals) or {}
        means = {name: np.divide(total, weight) for name, (total, weight) in host.items()}
        return {name: float(value) for name, value in self.trainer.finish(means).items()}

    def _sums(self, fit: dict, batch: dict, scalers: Any, key: jax.Array) -> dict:
        scaler, target_scaler = scalers
        y = batch["y"] if target_scaler is None else target_scaler.apply(batch["y"])
        return self.trainer.evaluate(fit, {"x": scaler.apply(batch["x"]), "y": y, "weight": batch["weight"]}, key)
