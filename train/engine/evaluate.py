"""Evaluates a model on a whole split, exactly for every size: padding of the last batch does not count."""

import math
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..data.dataset import Split
from ..data.normalize import Scaler, for_device, on_device
from ..data.on_disk import DiskArray
from ..distributed.sharding import Sharding
from ..pipeline.batches import host_part, padded_batches
from ..runtime.compile import jit
from ..runtime.processes import device_put, gather
from ..trainer import Trainer, named_key

__all__ = ["Evaluator"]

_NUMBERS = 1 << 26  # in a batch of large examples
_BATCH = 1000  # large enough that calls cost nothing, small enough that activations fit anywhere


class Evaluator:
    """Computes a trainer's exact means over a split: `evaluate(fit, key, step) -> {name: float}`.

    Args:
        trainer: Trainer that scores a batch.
        split: Examples to score on.
        scaler: Scaler of the inputs.
        target_scaler: Scaler of the targets.
        sharding: Sharding of the batches.
        cut: `(split, parts) -> batches`, each divisible by the parts; None takes the examples in order.
        measures: two functions, as `trainers.scoring.measures_of` makes them, whose values are added to the means; for
            them some numbers of each example are kept on the host.
    """

    def __init__(
        self,
        trainer: Trainer,
        split: Split,
        scaler: Scaler | None,
        target_scaler: Scaler | None,
        sharding: Sharding,
        cut: Callable | None = None,
        measures: tuple[Callable, Callable] | None = None,
    ):
        self.measures = measures
        self.trainer, self.sharding, self.scaler = trainer, sharding, for_device(scaler, split.x.dtype)
        self._scalers, self._cut = (scaler, target_scaler), cut or _examples
        self.batches = self._batches(split)
        self._program = self._sums  # one object, so that jax keeps its trace
        self._add = jit(self._program)
        self._others: dict[str, Callable] = {}

    def __call__(self, fit: dict, key: jax.Array, step: int = 0) -> dict[str, float]:
        """Returns the means of the fit on the split; the key is for trainers that sample in an evaluation."""
        totals, kept = None, []
        for i, batch in enumerate(self.batches):
            sums, arrays = self._add(fit, batch, self.scaler, named_key(named_key(key, "evaluate", step), "batch", i))
            kept.append(jax.device_get(gather(arrays)))
            totals = sums if totals is None else jax.tree.map(jnp.add, totals, sums)
        host = jax.device_get(gather(totals)) or {}
        means = {name: total if weight is None else np.divide(total, weight) for name, (total, weight) in host.items()}
        found = {name: float(value) for name, value in self.trainer.finish(means).items()}
        return found if self.measures is None else found | self.measures[1](_joined(kept))

    def check(self, fit: dict, key: jax.Array) -> None:
        """Traces the evaluation of a first batch, so that data too short to be scored are refused before training.

        The first call uses the same trace.

        Args:
            fit: shapes, types and shardings of the fit.
            key: key of the run.
        """
        for batch in self.batches:
            jax.eval_shape(self._program, fit, batch, self.scaler, key)
            return

    def _batches(self, split: Split) -> Any:
        def batches():
            for batch in self._cut(split, self.sharding.data_parallelism):
                yield device_put(host_part(batch, *self._scalers), self.sharding.data_sharded)

        # Data that fits stays on the device; other data is read again for every evaluation.
        return _Reiterable(batches) if isinstance(split.x, DiskArray) else list(batches())

    def on(self, split: Split) -> "Evaluator":
        """Returns an evaluator of the same trainer on another split of the same form, by the same program."""
        other = copy(self)
        other.batches = other._batches(split)
        return other

    def of(self, trainer: Trainer, name: str = "") -> "Evaluator":
        """Returns an evaluator of another trainer on the same batches.

        Args:
            trainer: the other trainer.
            name: name under which its program is kept, for evaluators that share programs, where it is the same for
                all of them; "": it is not kept.
        """
        other = copy(self)
        other.trainer, other.measures, other._program = trainer, None, other._sums
        other._add = self._others.setdefault(name, jit(other._program)) if name else jit(other._program)
        return other

    def share(self, other: "Evaluator") -> None:
        """Takes the compiled programs of another evaluator of the same trainer, task and shapes."""
        self._add, self._others = other._add, other._others

    def _sums(self, fit: dict, batch: dict, scaler: Any, key: jax.Array) -> tuple[dict, dict]:
        """Returns the sums over a batch, and what the measures need of each example."""
        fit = self.sharding.gather(fit, "params", "ema")
        batch = batch | {"x": on_device(scaler, batch["x"])}
        sums = self.trainer.evaluate(fit, batch, key)
        if self.measures is None:
            return sums, {}
        return sums, self.measures[0](fit, batch, key) | {"weight": batch["weight"]}


class _Reiterable(NamedTuple):
    """Iterable that calls a function for every iteration."""

    make: Callable[[], Iterator]

    def __iter__(self) -> Iterator:
        return self.make()


def _joined(kept: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Joins the arrays of batches, without padding; weights that are all 1 are left out."""
    arrays = {name: np.concatenate([each[name] for each in kept]) for name in kept[0]}
    there = arrays["weight"] > 0
    found = {name: each[there] for name, each in arrays.items()}
    weight = found.pop("weight").astype(np.float64)
    return found if (weight == 1).all() else found | {"weight": weight}


def _examples(split: Split, parts: int):
    size = min(_BATCH, len(split.x), max(1, _NUMBERS // max(1, math.prod(split.x.shape[1:]))))
    return padded_batches(split, size + -size % parts)
