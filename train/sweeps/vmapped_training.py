"""Trains several runs in one program, by `vmap` over stacked fits, keys and orders.

Their recipes differ in the seed, and in numbers that are arguments of the programs. Each run gives the numbers that it
gives alone, up to rounding. This is faster where a call takes longer than its arithmetic, as with small networks. As
many programs are compiled as for one run: step and order of all runs in place of those of one; the others are shared.
"""

from collections.abc import Sequence
from copy import copy
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..callback import CallbackList
from ..engine.loop import Diverged, Pace, train_row
from ..engine.stepper import LoopState
from ..errors import RunFailed
from ..runs.setup import Setup
from ..runtime.jaxpr import CONVOLUTION, LOOPS
from ..runtime.signals import StopFlag
from ..trainer import named_key
from ..trainers import traits

__all__ = ["VmappedRuns", "is_faster_vmapped", "runs_together", "train_vmapped"]

_SMALL = 10_000  # parameters
_TOGETHER = 16  # runs of a small network: a signal loses those under way
_BYTES = 1 << 28  # of the examples of all runs, where each has its own


class VmappedRuns:
    """Runs training steps and evaluations of several runs, as `StepProgram` and `Evaluator` do for one.

    Values that depend on the runs are arguments of the programs, so that the cache of compiled programs serves other
    runs too. They always have the placement in which a step leaves them, so that each program is compiled once.

    Args:
        parts: parts of each run, from `setup`, of recipes that differ in the seed and in arguments of the programs.
    """

    def __init__(self, parts: Sequence[Setup]):
        first = parts[0]
        self._advance, self._whole = first.advance, first.advance.sharding.replicated
        # The seed decides which examples are held out, so that each has its own examples and scales.
        self.own = 0 if first.recipe.val_share else None
        self._take(parts)
        self.zero = jax.jit(self._zero, out_shardings=self._whole)
        self.order = jax.jit(self._orders, out_shardings=self._whole)
        # Without convolutions and loops in a step, XLA's default options are the fastest.
        self._steps = jax.jit(self._many, donate_argnums=(0, 1), out_shardings=self._whole)

    def of(self, parts: Sequence[Setup]) -> "VmappedRuns":
        """Returns these programs for as many other runs."""
        other = copy(self)
        other._take([each.like(self.parts[0]) for each in parts])
        return other

    def _take(self, parts: Sequence[Setup]) -> None:
        self.parts = [parts[0], *(each.like(parts[0]) for each in parts[1:])]
        self.keys, arrays = [each.key for each in parts], [each.advance.arrays for each in parts]
        self.arrays = arrays[0] if self.own is None else self._stacked(arrays)

    def init(self) -> dict:
        """Returns the stacked fits before the first step, the same bits as those of each run alone."""
        return self._stacked([each.advance.init(each.key) for each in self.parts])

    def __call__(self, fits: dict, totals: dict, orders: Any, first: int, last: int) -> tuple[dict, dict]:
        """Runs steps `first` to `last - 1` of every run; fits and totals are donated."""
        return self._steps(fits, totals, self.arrays, orders, jnp.int32(first), jnp.int32(last), self.keys)

    def evaluate(self, fits: Sequence[dict], step: int) -> list[list[dict]]:
        """Returns the rows of every run, in the order of the runs."""
        return [each.evaluate(fit, step) for each, fit in zip(self.parts, fits, strict=True)]

    def unstack(self, fits: dict) -> list[dict]:
        """Returns the fit of each run, as numpy arrays."""
        host = jax.device_get(fits)
        return [_of(host, i) for i in range(len(self.parts))]

    def _stacked(self, trees: Sequence[Any]) -> Any:
        stacked = jax.tree.map(lambda *leaf: np.stack(leaf), *jax.device_get(trees))
        return jax.device_put(stacked, self._whole)

    def _zero(self):
        alone = self._advance.zero(*self._advance.shapes(self.keys[0]), self.keys[0])
        return jax.tree.map(lambda leaf: jnp.stack([leaf] * len(self.parts)), alone)

    def _orders(self, keys, epoch):
        return jax.vmap(lambda key: self._advance.feed.order(named_key(key, "order", epoch)))(jnp.stack(keys))

    def _many(self, fits, totals, arrays, orders, first, last, keys):
        step, keys = jax.vmap(self._advance.step, in_axes=(0, 0, self.own, 0, None, 0)), jnp.stack(keys)

        def body(carry):
            at, fits, totals = carry
            return at + 1, *step(fits, totals, arrays, orders, at, keys)

        return jax.lax.while_loop(lambda carry: carry[0] < last, body, (first, fits, totals))[1:]


def is_faster_vmapped(parts: Setup) -> bool:
    """Tests whether several runs of a recipe can be trained in one program, and probably in less time.

    With patience each run ends at a time of its own, the metrics of a regression contain the scale of one seed's
    targets, and the training rows of a seed decide the features of a table. On the CPU, vmap is faster for small
    networks without a recurrence: the steps of others are mostly matrix products, which take as long when they are
    stacked, and convolutions, which take much longer (`python -m benchmarks.sweep`). Other devices were not measured.
    """
    recipe = parts.recipe
    read = parts.advance.feed.reads is not None
    if not traits(recipe.trainer).vmap or recipe.patience or read or jax.device_count() > 1:
        return False
    if recipe.val_share and (parts.target_scaler is not None or parts.data.encoder is not None):
        return False
    fit, order = parts.advance.shapes(parts.key)
    on_cpu = jax.default_backend() == "cpu"
    if on_cpu and _parameters(parts) > _SMALL:
        return False
    # The loop over examples of a rule without a gradient takes less time for several runs at once.
    recurs = on_cpu and traits(recipe.trainer).gradient
    return not {CONVOLUTION, *(LOOPS if recurs else ())} & parts.advance.programs(fit, order, parts.key).made_of


def runs_together(parts: Setup, seeds: int) -> int:
    """Returns how many runs to train in one program: those of a setting, of small networks also those of others."""
    if _parameters(parts) > _SMALL:
        return seeds
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(parts.advance.arrays))
    most = _BYTES // max(1, size) if parts.recipe.val_share else _TOGETHER
    return max(seeds, min(_TOGETHER, most))


def train_vmapped(
    together: VmappedRuns, callbacks: Sequence[CallbackList], stop: StopFlag | None = None
) -> list[RunFailed | None]:
    """Trains several runs in one program and calls the callbacks of each with the rows of its training.

    A callback cannot end its run alone. The callbacks of a run whose loss is not finite are not called any more; the
    other runs continue.

    Args:
        together: programs and parts of the runs.
        callbacks: callbacks of each run.
        stop: checked between calls.

    Returns:
        For each run None, or the reason for which it failed.
    """
    parts = together.parts
    plan, stop = parts[0].plan, stop or StopFlag()
    now, pace, orders = LoopState(together.init()), Pace(), None
    failed: list[RunFailed | None] = [None] * len(parts)
    while now.step < plan.steps and not stop.requested and None in failed:
        if orders is None or now.step % plan.steps_per_epoch == 0:
            orders = together.order(together.keys, now.step // plan.steps_per_epoch)
        totals = together.zero() if now.totals is None else now.totals
        until = pace.until(now.step, plan.next_stop(now.step)[0])
        with pace.timing(until - now.step):
            now.fit, now.totals = together(now.fit, totals, orders, now.step, until)
            seen = jax.device_get(now.totals)
        now.step = until
        if plan.logs(until) or seen["bad"].max() >= 0:
            rows = [_row(seen, i, now, each) for i, each in enumerate(parts)]
            failed = [old or _error(row) for old, row in zip(failed, rows, strict=True)]
        if plan.logs(until):
            fits = together.unstack(now.fit)
            scores = together.evaluate(fits, until) if plan.evaluates(until) else [[] for _ in parts]
            _log(callbacks, [[row, *more] for row, more in zip(rows, scores, strict=True)], fits, failed)
            now.totals, now.since = None, until
    return failed


def _parameters(parts: Setup) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(parts.advance.shapes(parts.key)[0]["params"]))


def _of(tree: Any, i: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[i, ...], tree)


def _row(seen: dict, i: int, now: LoopState, parts: Setup) -> dict | Diverged:
    """Returns the row of the i-th run since the last row, or the error of a loss that is not finite."""
    try:
        return train_row(LoopState({}, now.step, _of(seen, i), now.since), parts.plan, parts.rate)
    except Diverged as error:
        return error


def _error(row: dict | Diverged) -> Diverged | None:
    return row if isinstance(row, Diverged) else None


def _log(callbacks: Sequence[CallbackList], rows: list[list], fits: list[dict], failed: list) -> None:
    for own, lines, fit, error in zip(callbacks, rows, fits, failed, strict=True):
        for row in lines if error is None else ():
            own.on_metrics(row, fit)
