"""Compiles the training step and runs many steps per call.

Where a call costs more than a step, the steps run inside one `while_loop`. XLA on the CPU runs the gradient of a
convolution inside such a loop on one thread and unvectorised (jax issue 12868: 42 times slower); there a step with
convolutions is a call of its own.
"""

from collections.abc import Callable
from copy import copy
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
    """Compiled programs: `one` or `many` steps per call, `zero` totals; `made_of` are the primitives of a step."""

    made_of: frozenset[str]
    one: Any
    many: Any
    zero: Callable[[], dict]

    @property
    def loops(self) -> bool:
        """Returns whether steps run by `many`."""
        return CONVOLUTION not in self.made_of or jax.default_backend() != "cpu"


class StepProgram:
    """Runs training steps on a fit.

    `totals` accumulates the sum of every metric, and the first step whose metrics were not finite (`bad`, -1 if none)
    with its gradient norm. It stays on the device. A trainer may return no metrics.

    Args:
        trainer: Trainer whose step is compiled.
        feed: Batches to train on.
        sharding: Sharding of the arrays.
        skip_bad: Whether to skip a step whose metrics are not finite.
    """

    data_wait: float | None = None
    """Share of their time that steps wait for batches; None if the data lies on the device."""

    def __init__(self, trainer: Trainer, feed: BatchSource, sharding: Sharding, *, skip_bad: bool = False):
        self.trainer, self.feed, self.sharding, self.skip_bad = trainer, feed, sharding, skip_bad
        self.arrays = device_put(feed.arrays, sharding.replicated)
        self.order = jax.jit(feed.order, out_shardings=sharding.replicated)
        self._init = jit_once(lambda key, arrays: sharding.constrain(self.made(key, arrays)))
        self._prepare = None if trainer.prepare is None else jit(partial(self._prepared, trainer.prepare))
        self._programs: _Programs | None = None
        self._ready = False

    def init(self, key: jax.Array) -> dict:
        """Returns the fit before the first step, computed by one compiled program."""
        fit = self._init(named_key(key, "init"), self.arrays)
        return fit | {"numbers": self.numbers()} if self.trainer.numbers else fit

    def numbers(self) -> dict:
        """Returns the numbers of the recipe that the steps take from the fit, on the device."""
        numbers = {name: jnp.float32(value) for name, value in self.trainer.numbers.items()}
        return device_put(numbers, self.sharding.replicated)

    def prepared(self, fit: dict, key: jax.Array, step: int) -> dict:
        """Returns the fit as it is evaluated, with what the trainer computes for evaluations alone."""
        return fit if self._prepare is None else self._prepare(fit, named_key(key, "prepare", step))

    def shapes(self, key: jax.Array) -> tuple[dict, Any]:
        """Returns shapes and types of the fit and of an epoch's order."""
        fit = self._init.eval_shape(named_key(key, "init"), self.arrays)  # traced once: `init` reuses it
        return fit, jax.eval_shape(self.feed.order, key)

    def share(self, other: "StepProgram") -> None:
        """Takes the compiled programs of another of the same trainer, if its arrays have the same shapes."""
        shapes = [jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), each.arrays) for each in (self, other)]
        if shapes[0] == shapes[1]:
            self.order, self._init, self._programs = other.order, other._init, other._programs
            self._ready, self._prepare = other._ready, other._prepare

    def of(self, trainer: Trainer) -> "StepProgram":
        """Returns this program for the same trainer with other numbers; the compiled programs are shared."""
        other = copy(self)
        other.trainer = trainer
        return other

    def template(self, key: jax.Array) -> dict:
        """Returns shapes and types of the `fit` and the `totals` of a run."""
        fit, order = self.shapes(key)
        return {"fit": fit, "totals": jax.eval_shape(lambda: self.zero(fit, order, key))}

    def zero(self, fit: dict, order: Any, key: jax.Array) -> dict:
        """Returns the totals of no steps."""
        return self.programs(fit, order, key).zero()

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """Runs the steps `first` to `last` - 1 in the order of one epoch; fit and totals are consumed."""
        run = self.programs(fit, order, key)
        if run.loops:
            return self.run(run.many, fit, totals, self.arrays, order, jnp.int32(first), jnp.int32(last), key)
        for step in range(first, last):
            fit, totals = self.run(run.one, fit, totals, self.arrays, order, jnp.int32(step), key)
        return fit, totals

    def run(self, program: Any, *arguments: Any) -> tuple[dict, dict]:
        """Calls one of the programs; after the first compilation, freed memory is returned to the system."""
        if not self._ready:
            program.lower(*arguments).compile()  # cached by jax for the call
            give_back_freed_memory()
            self._ready = True
        return program(*arguments)

    def programs(self, fit: dict, order: Any, key: jax.Array) -> _Programs:
        """Returns the programs for fits and orders of these shapes; the first call traces a step for its primitives."""
        if self._programs is None:
            traced = jax.make_jaxpr(self._train, return_shape=True)
            program, made = traced(fit, self.arrays, order, jnp.int32(0), key)
            train, metrics = _as_traced(program, made), made[1]
            self._programs = _Programs(
                made_of=primitives(program),
                one=jit(partial(self.step, train=train), program=program, donate_argnums=(0, 1)),
                many=jit(partial(self._steps, train=train), program=program, donate_argnums=(0, 1)),
                # A program: placing every number on its own takes longer.
                zero=jax.jit(lambda: _no_steps(metrics), out_shardings=self.sharding.replicated),
            )
        return self._programs

    def trace(self, fit: dict, totals: dict, order: Any, key: jax.Array) -> Any:
        """Returns one step, traced, to be inspected or compiled without running it."""
        return self.programs(fit, order, key).one.trace(fit, totals, self.arrays, order, jnp.int32(0), key)

    def made(self, key: jax.Array, arrays: Any) -> dict:
        """Returns the fit before the first step, to be traced; its sharding is not yet constrained."""
        return self.trainer.init(key, self._batch(arrays, self.feed.order(key), 0, key))

    def _prepared(self, prepare, fit, key):
        return self.sharding.constrain(prepare(self.sharding.gather(fit, "params", "ema"), key))

    def _batch(self, arrays, order, i, key):
        batch = self.feed.batch(arrays, order, i, key)
        return jax.lax.with_sharding_constraint(batch, self.sharding.data_sharded)

    def _train(self, fit, arrays, order, step, key):
        batch = self._batch(arrays, order, step % self.feed.steps_per_epoch, named_key(key, "batch", step))
        return self.trainer.step(self.sharding.gather(fit, "params"), batch, named_key(key, "step", step))

    def step(
        self, fit: dict, totals: dict, arrays: Any, order: Any, step: Any, key: jax.Array, train: Callable | None = None
    ) -> tuple[dict, dict]:
        """Returns fit and totals after one step, to be traced: pure, with all arrays among the arguments."""
        new, metrics = (train or self._train)(fit, arrays, order, step, key)
        finite = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(metrics)]
        fine = jnp.all(jnp.stack(finite)) if finite else jnp.bool_(True)
        if self.skip_bad:
            new = jax.tree.map(lambda new, old: jnp.where(fine, new, old), new, fit)
            metrics = jax.tree.map(lambda leaf: jnp.where(fine, leaf, 0), metrics)
        first_bad = ~fine & (totals["bad"] < 0) & (not self.skip_bad)
        norm = metrics.get("grad_norm", jnp.float32(jnp.nan))
        return self.sharding.constrain(new), {
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
    """Returns a function that inlines a traced program without running its python code again.

    Args:
        program: Result of `jax.make_jaxpr`.
        made: Shapes of its outputs, as a tree.
    """
    run, tree = jaxpr_as_fun(program), jax.tree.structure(made)
    return lambda *arguments: jax.tree.unflatten(tree, run(*jax.tree.leaves(arguments)))


def _no_steps(metrics: dict) -> dict:
    sums = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape), metrics)
    return {"sum": sums, "bad": jnp.int32(-1), "bad_norm": jnp.float32(0), "skipped": jnp.int32(0)}
