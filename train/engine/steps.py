"""Many steps in one call: the program that the loop runs, compiled once for any number of steps.

Where a call costs more than a step, the steps run inside one `while_loop`. XLA on the CPU runs the gradient of a
convolution inside such a loop on one thread and unvectorised (jax issue 12868: 42 times slower), so there a step with
convolutions is a call of its own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import jaxpr_as_fun

from ..distributed.sharding import Sharding
from ..pipeline.batches import BatchSource
from ..runtime.allocator import give_back_freed_memory
from ..runtime.compile import jit, jit_once
from ..runtime.jaxpr import CONVOLUTION, primitives
from ..runtime.processes import device_put
from ..trainer import Trainer, named_key

__all__ = ["StepProgram"]


class _Programs(NamedTuple):
    """What runs steps: `one` or `many` a call; `zero` makes totals of none. `made_of` names a step's primitives."""

    made_of: frozenset[str]
    one: Any
    many: Any
    zero: Callable[[], dict]


class StepProgram:
    """Moves a fit from one step to another.

    `totals` carries what happened: the sum of every metric, and the first step whose metrics were not finite
    (`bad`, -1 as long as there is none) with its gradient norm. Nothing of it is fetched here.
    """

    data_wait: float | None = None
    """The share of their time that steps wait for their batches; None where these lie on the device."""

    def __init__(self, trainer: Trainer, feed: BatchSource, placement: Sharding, *, skip_bad: bool = False):
        self.trainer, self.feed, self.placement, self.skip_bad = trainer, feed, placement, skip_bad
        self.arrays = device_put(feed.arrays, placement.whole)
        self.order = jax.jit(feed.order, out_shardings=placement.whole)
        self._init = jit_once(lambda key, arrays: placement.held(self.made(key, arrays)))
        self._programs: _Programs | None = None
        self._ready = False

    def init(self, key: jax.Array) -> dict:
        """The fit before the first step, made by one compiled program."""
        return self._init(named_key(key, "init"), self.arrays)

    def shapes(self, key: jax.Array) -> tuple[dict, Any]:
        """Shapes and types of the fit and of an epoch's order, without making them."""
        fit = self._init.eval_shape(named_key(key, "init"), self.arrays)  # traced for good: `init` need not do it again
        return fit, jax.eval_shape(self.feed.order, key)

    def share(self, other: "StepProgram") -> None:
        """Takes the compiled programs of another, whose trainer is the same; unless its arrays have other shapes."""
        shapes = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), each.arrays) for each in (self, other)]
        if shapes[0] == shapes[1]:
            self.order, self._init, self._programs = other.order, other._init, other._programs
            self._ready = other._ready

    def template(self, key: jax.Array) -> dict:
        """Shapes and types of the `fit` and the `totals` of a run, without making them."""
        fit, order = self.shapes(key)
        return {"fit": fit, "totals": jax.eval_shape(lambda: self.zero(fit, order, key))}

    def zero(self, fit: dict, order: Any, key: jax.Array) -> dict:
        """Totals of no steps."""
        return self.programs(fit, order, key).zero()

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """Runs steps `first` up to, not including, `last` of one epoch's order; fit and totals are consumed."""
        run = self.programs(fit, order, key)
        if CONVOLUTION not in run.made_of or jax.default_backend() != "cpu":
            return self.run(run.many, fit, totals, self.arrays, order, jnp.int32(first), jnp.int32(last), key)
        for step in range(first, last):
            fit, totals = self.run(run.one, fit, totals, self.arrays, order, jnp.int32(step), key)
        return fit, totals

    def run(self, program: Any, *arguments: Any) -> tuple[dict, dict]:
        """Calls one of the programs; before the first time, what compiling it leaves behind is handed back."""
        if not self._ready:
            program.lower(*arguments).compile()  # jax remembers it for the call
            give_back_freed_memory()
            self._ready = True
        return program(*arguments)

    def programs(self, fit: dict, order: Any, key: jax.Array) -> _Programs:
        """Made at the first call, for fits and orders of these shapes: a step is traced, to see what it is made of."""
        if self._programs is None:
            traced = jax.make_jaxpr(self._train, return_shape=True)
            program, made = traced(fit, self.arrays, order, jnp.int32(0), key)
            train, metrics = _as_traced(program, made), made[1]
            self._programs = _Programs(
                made_of=primitives(program),
                one=jit(partial(self.step, train=train), program=program, donate_argnums=(0, 1)),
                many=jit(partial(self._steps, train=train), program=program, donate_argnums=(0, 1)),
                # A program, since to put every number where it belongs takes longer.
                zero=jax.jit(lambda: _no_steps(metrics), out_shardings=self.placement.whole),
            )
        return self._programs

    def trace(self, fit: dict, totals: dict, order: Any, key: jax.Array) -> Any:
        """One step, traced: for a look at what it is made of, and for compiling it without running it."""
        return self.programs(fit, order, key).one.trace(fit, totals, self.arrays, order, jnp.int32(0), key)

    def made(self, key: jax.Array, arrays: Any) -> dict:
        """The fit before the first step, to be traced; not yet told where to lie."""
        return self.trainer.init(key, self._batch(arrays, self.feed.order(key), 0, key))

    def _batch(self, arrays, order, i, key):
        batch = self.feed.batch(arrays, order, i, key)
        return jax.lax.with_sharding_constraint(batch, self.placement.shared)

    def _train(self, fit, arrays, order, step, key):
        batch = self._batch(arrays, order, step % self.feed.steps_per_epoch, named_key(key, "batch", step))
        return self.trainer.step(self.placement.gathered(fit, "params"), batch, named_key(key, "step", step))

    def step(
        self, fit: dict, totals: dict, arrays: Any, order: Any, step: Any, key: jax.Array, train: Callable | None = None
    ) -> tuple[dict, dict]:
        """One step, to be traced: pure, with the arrays that it reads among its arguments; `train` as traced before."""
        new, metrics = (train or self._train)(fit, arrays, order, step, key)
        fine = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(metrics)]))
        if self.skip_bad:
            new = jax.tree.map(lambda new, old: jnp.where(fine, new, old), new, fit)
            metrics = jax.tree.map(lambda leaf: jnp.where(fine, leaf, 0), metrics)
        first_bad = ~fine & (totals["bad"] < 0) & (not self.skip_bad)
        norm = metrics.get("grad_norm", jnp.float32(jnp.nan))
        return self.placement.held(new), {
            "sum": jax.tree.map(lambda total, leaf: total + leaf.astype(jnp.float32), totals["sum"], metrics),
            "bad": jnp.where(first_bad, step, totals["bad"]),
            "bad_norm": jnp.where(first_bad, norm, totals["bad_norm"]),
            "skipped": totals["skipped"] + (~fine).astype(jnp.int32),
        }

    def _steps(self, fit, totals, arrays, order, first, last, key, train):
        def goes_on(carry):
            step, _, totals = carry
            return (step < last) & (totals["bad"] < 0)

        def body(carry):
            step, fit, totals = carry
            return step + 1, *self.step(fit, totals, arrays, order, step, key, train)

        return jax.lax.while_loop(goes_on, body, (first, fit, totals))[1:]


def _as_traced(program: Any, made: Any) -> Callable:
    """What was traced, to be traced again as part of something larger without running its python code anew.

    Args:
        program: of `jax.make_jaxpr`.
        made: what it gives, as a tree.
    """
    run, tree = jaxpr_as_fun(program), jax.tree.structure(made)
    return lambda *arguments: jax.tree.unflatten(tree, run(*jax.tree.leaves(arguments)))


def _no_steps(metrics: dict) -> dict:
    sums = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), metrics)
    return {"sum": sums, "bad": jnp.int32(-1), "bad_norm": jnp.float32(0), "skipped": jnp.int32(0)}
