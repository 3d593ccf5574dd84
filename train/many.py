"""Several seeds of one recipe in one program: `vmap` over a stacked fit, stacked keys and stacked orders.

Each seed computes what it would alone, to rounding. It is worth it where a call costs more than its arithmetic, as of
small networks, and where compiling costs more than both: the program is compiled once for all seeds.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .callbacks import Callback
from .compiler import compiled
from .errors import RunFailed
from .loop import Diverged, Moment, Pace, train_row
from .setup import Setup
from .signals import Stop
from .trainer import stream

__all__ = ["Together", "quicker_together", "train_together"]

_TRAINERS = ("supervised", "perceptron")
_SMALL = 10_000  # parameters


class Together:
    """What `Advance` and `Evaluate` are to one seed, for several.

    Args:
        parts: of each seed, from `setup`; of one recipe but for the seed.
    """

    def __init__(self, parts: Sequence[Setup]):
        first = parts[0]
        for each in parts[1:]:
            each.share(first)
        self.parts, self.count, self._advance = parts, len(parts), first.advance
        self.keys = jnp.stack([each.key for each in parts])
        # What is held back is drawn by the seed: then each has examples, and scales, of its own.
        self.own = 0 if first.recipe.val_share else None
        arrays = [each.advance.arrays for each in parts]
        self.arrays = first.advance.arrays if self.own is None else jax.tree.map(lambda *leaf: jnp.stack(leaf), *arrays)
        self.init = jax.jit(lambda: jax.vmap(self._made, in_axes=(0, self.own))(self.keys, self.arrays))
        self.order = jax.jit(jax.vmap(self._order, in_axes=(0, None)))
        self.apart = jax.jit(lambda fits: [_seed(fits, i) for i in range(self.count)])
        self._steps = compiled(self._many, donate_argnums=(0, 1))
        self._zero: dict | None = None

    def zero(self, fits: dict, orders: Any) -> dict:
        """Totals of no steps."""
        if self._zero is None:
            fit, order = jax.eval_shape(lambda: (_seed(fits, 0), _seed(orders, 0)))
            zero = jax.device_get(self._advance.zero(fit, order, self.keys[0]))
            self._zero = jax.tree.map(lambda leaf: np.stack([leaf] * self.count), zero)
        return jax.device_put(self._zero)

    def __call__(self, fits: dict, totals: dict, orders: Any, first: int, last: int) -> tuple[dict, dict]:
        """Runs steps `first` up to, not including, `last` of every seed; fits and totals are consumed."""
        return self._steps(fits, totals, self.arrays, orders, jnp.int32(first), jnp.int32(last))

    def evaluate(self, fits: dict, step: int) -> list[list[dict]]:
        """The rows of every seed, in the order of the seeds."""
        first = self.parts[0]
        place = {"step": step, "epoch": step / first.plan.steps_per_epoch}
        rows = []
        for each, fit in zip(self.parts, self.apart(fits), strict=True):
            scores = {split: score(fit, each.key, step) for split, score in each.evaluations.items()}
            rows.append([{"split": split, **place, **values} for split, values in scores.items()])
        return rows

    def _made(self, key, arrays):
        batch = self._advance.feed.batch(arrays, self._advance.feed.order(key), 0, key)
        return self._advance.trainer.init(stream(key, "init"), batch)

    def _order(self, key, epoch):
        return self._advance.feed.order(stream(key, "order", epoch))

    def _many(self, fits, totals, arrays, orders, first, last):
        step = jax.vmap(self._advance.step, in_axes=(0, 0, self.own, 0, None, 0))

        def body(carry):
            at, fits, totals = carry
            return at + 1, *step(fits, totals, arrays, orders, at, self.keys)

        return jax.lax.while_loop(lambda carry: carry[0] < last, body, (first, fits, totals))[1:]


def quicker_together(parts: Setup) -> bool:
    """Whether the seeds of a recipe can be trained in one program, and are likely to be done sooner.

    Patience ends each seed at a time of its own, and a regression's metrics are made for the scale of one seed's
    targets. On the CPU it pays for small networks alone: products of stacked matrices are slower there than one after
    another, and convolutions much so (`python -m benchmarks.sweep`). Elsewhere it was not measured.
    """
    recipe = parts.recipe
    read = parts.advance.feed.reads is not None
    if recipe.trainer not in _TRAINERS or recipe.patience or read or jax.device_count() > 1:
        return False
    if recipe.val_share and parts.target_scaler is not None:
        return False
    fit = jax.eval_shape(parts.advance.init, parts.key)
    if jax.default_backend() == "cpu" and sum(leaf.size for leaf in jax.tree.leaves(fit["params"])) > _SMALL:
        return False
    return not parts.advance.programs(fit, parts.advance.order(parts.key), parts.key).convolves


def train_together(
    parts: Sequence[Setup], callbacks: Sequence[Sequence[Callback]], stop: Stop | None = None
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
    plan, stop = parts[0].plan, stop or Stop()
    together = Together(parts)
    now, pace, orders = Moment(together.init()), Pace(), None
    failed: list[RunFailed | None] = [None] * len(parts)
    while now.step < plan.steps and not stop.requested and None in failed:
        if orders is None or now.step % plan.steps_per_epoch == 0:
            orders = together.order(together.keys, now.step // plan.steps_per_epoch)
        totals = together.zero(now.fit, orders) if now.totals is None else now.totals
        until = pace.until(now.step, plan.pause(now.step)[0])
        with pace.timing(until - now.step):
            now.fit, now.totals = together(now.fit, totals, orders, now.step, until)
            seen = jax.device_get(now.totals)
        now.step = until
        if plan.logs(until) or seen["bad"].max() >= 0:
            rows = [_row(seen, i, now, each) for i, each in enumerate(parts)]
            failed = [old or _error(row) for old, row in zip(failed, rows, strict=True)]
        if plan.logs(until):
            told = together.evaluate(now.fit, until) if plan.evaluates(until) else [[] for _ in parts]
            rows = [[row, *more] for row, more in zip(rows, told, strict=True)]
            _tell(callbacks, rows, together.apart(now.fit), failed)
            now.totals, now.since = None, until
    return failed


def _seed(tree: Any, i: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[i], tree)


def _row(seen: dict, i: int, now: Moment, parts: Setup) -> dict | Diverged:
    """The row of seed number i since the last one, or why there is none."""
    try:
        return train_row(Moment({}, now.step, _seed(seen, i), now.since), parts.plan, parts.rate)
    except Diverged as error:
        return error


def _error(row: dict | Diverged) -> Diverged | None:
    return row if isinstance(row, Diverged) else None


def _tell(callbacks: Sequence[Sequence[Callback]], rows: list[list], fits: list[dict], failed: list) -> None:
    for own, lines, fit, error in zip(callbacks, rows, fits, failed, strict=True):
        for row in lines if error is None else ():
            for callback in own:
                callback.row(row, fit)
