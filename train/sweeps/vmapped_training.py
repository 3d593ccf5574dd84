"""Several seeds of one recipe in one program: `vmap` over a stacked fit, stacked keys and stacked orders.

Each seed computes what it would alone, to rounding. It is worth it where a call costs more than its arithmetic, as of
small networks. No more is compiled for it than for one seed: the step and the order for all seeds in place of one, the
rest is one seed's own programs.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..callback import CallbackList
from ..engine.loop import Diverged, LoopState, Pace, train_row
from ..errors import RunFailed
from ..runs.setup import Setup
from ..runtime.compile import jit
from ..runtime.jaxpr import CONVOLUTION, LOOPS
from ..runtime.signals import StopFlag
from ..trainer import named_key
from ..trainers import traits

__all__ = ["VmappedSeeds", "quicker_together", "train_together"]

_SMALL = 10_000  # parameters


class VmappedSeeds:
    """What `Advance` and `Evaluate` are to one seed, for several.

    What depends on the seeds comes to the programs as an argument, so that the cache of compiled programs knows them
    when other seeds come; and it always lies where a step leaves it, so that each is compiled once.

    Args:
        parts: of each seed, from `setup`; of one recipe but for the seed.
    """

    def __init__(self, parts: Sequence[Setup]):
        first = parts[0]
        self.parts = [first, *(each.like(first) for each in parts[1:])]
        self.keys = [each.key for each in parts]
        self._advance, self._whole = first.advance, first.advance.sharding.replicated
        # What is held back is drawn by the seed: then each has examples, and scales, of its own.
        self.own = 0 if first.recipe.val_share else None
        self.arrays = first.advance.arrays if self.own is None else self._stacked([p.advance.arrays for p in parts])
        self.zero = jax.jit(self._zero, out_shardings=self._whole)
        self.order = jax.jit(self._orders, out_shardings=self._whole)
        self._steps = jit(self._many, donate_argnums=(0, 1), out_shardings=self._whole)

    def init(self) -> dict:
        """The fits before the first step: to the bit those that each seed begins with alone."""
        return self._stacked([each.advance.init(each.key) for each in self.parts])

    def __call__(self, fits: dict, totals: dict, orders: Any, first: int, last: int) -> tuple[dict, dict]:
        """Runs steps `first` up to, not including, `last` of every seed; fits and totals are consumed."""
        return self._steps(fits, totals, self.arrays, orders, jnp.int32(first), jnp.int32(last), self.keys)

    def evaluate(self, fits: Sequence[dict], step: int) -> list[list[dict]]:
        """The rows of every seed, in the order of the seeds."""
        return [each.evaluate(fit, step) for each, fit in zip(self.parts, fits, strict=True)]

    def apart(self, fits: dict) -> list[dict]:
        """The fit of each seed, as numpy arrays."""
        host = jax.device_get(fits)
        return [_seed(host, i) for i in range(len(self.parts))]

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


def quicker_together(parts: Setup) -> bool:
    """Whether the seeds of a recipe can be trained in one program, and are likely to be done sooner.

    Patience ends each seed at a time of its own, and a regression's metrics are made for the scale of one seed's
    targets. On the CPU it pays for small networks without a recurrence: of others a step is mostly products, and those
    of stacked matrices are no quicker there than one after another, convolutions much slower
    (`python -m benchmarks.sweep`). Elsewhere it was not measured.
    """
    recipe = parts.recipe
    read = parts.advance.feed.reads is not None
    if not traits(recipe.trainer).vmap or recipe.patience or read or jax.device_count() > 1:
        return False
    if recipe.val_share and parts.target_scaler is not None:
        return False
    fit, order = parts.advance.shapes(parts.key)
    on_cpu = jax.default_backend() == "cpu"
    if on_cpu and sum(leaf.size for leaf in jax.tree.leaves(fit["params"])) > _SMALL:
        return False
    # The loop over examples of a rule without a gradient takes less time for several seeds at once.
    recurs = on_cpu and traits(recipe.trainer).gradient
    return not {CONVOLUTION, *(LOOPS if recurs else ())} & parts.advance.programs(fit, order, parts.key).made_of


def train_together(
    parts: Sequence[Setup], callbacks: Sequence[CallbackList], stop: StopFlag | None = None
) -> list[RunFailed | None]:
    """Trains the seeds of a recipe side by side and tells each one's callbacks the rows that the loop would tell them.

    A callback cannot end the run of its seed alone. A seed whose loss is no number any more hears nothing further;
    the others go on.

    Args:
        parts: of each seed.
        callbacks: of each seed.
        stop: polled between calls.

    Returns:
        For each seed what became of it: None, or why it failed.
    """
    plan, stop = parts[0].plan, stop or StopFlag()
    together = VmappedSeeds(parts)
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
            rows = [_row(seen, i, now, together.parts[0]) for i in range(len(parts))]
            failed = [old or _error(row) for old, row in zip(failed, rows, strict=True)]
        if plan.logs(until):
            fits = together.apart(now.fit)
            told = together.evaluate(fits, until) if plan.evaluates(until) else [[] for _ in parts]
            _log(callbacks, [[row, *more] for row, more in zip(rows, told, strict=True)], fits, failed)
            now.totals, now.since = None, until
    return failed


def _seed(tree: Any, i: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[i, ...], tree)


def _row(seen: dict, i: int, now: LoopState, parts: Setup) -> dict | Diverged:
    """The row of seed number i since the last one, or why there is none."""
    try:
        return train_row(LoopState({}, now.step, _seed(seen, i), now.since), parts.plan, parts.rate)
    except Diverged as error:
        return error


def _error(row: dict | Diverged) -> Diverged | None:
    return row if isinstance(row, Diverged) else None


def _log(callbacks: Sequence[CallbackList], rows: list[list], fits: list[dict], failed: list) -> None:
    for own, lines, fit, error in zip(callbacks, rows, fits, failed, strict=True):
        for row in lines if error is None else ():
            own.on_metrics(row, fit)
