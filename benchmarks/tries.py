"""Variants of the training step that were tried for speed, as programs that are measured with the current step."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from zoo.train.engine.steps import StepProgram

from .ours import assembled
from .workloads import Workload, make_data

__all__ = ["OPTIONS", "TRIES", "Run", "as_it_is", "run_of", "with_options"]

Run = Callable[[int], Any]
"""Does so many steps; what it gives is there when they are over."""

Program = Callable[..., tuple[dict, dict]]
"""As `many` of an Advance's programs: `(fit, totals, arrays, order, first, last, key) -> (fit, totals)`."""

_LIBRARY = "xla_cpu_experimental_ynn_fusion_type"
OPTIONS: tuple[Mapping[str, Any], ...] = (
    {"xla_cpu_enable_concurrency_optimized_scheduler": False},
    {"xla_cpu_use_fusion_emitters": False},
    {"xla_cpu_prefer_vector_width": 512},
    {"xla_cpu_use_onednn": True},
    {_LIBRARY: ""},
    {_LIBRARY: "LIBRARY_FUSION_TYPE_DOT,LIBRARY_FUSION_TYPE_ELTWISE,LIBRARY_FUSION_TYPE_REDUCE"},
    {"xla_cpu_use_thunk_runtime": False},
    {"xla_cpu_opt_preset": "CPU_OPT_PRESET_STREAM"},
    {"xla_backend_extra_options": "xla_cpu_use_multi_output_fusion=true"},
)
"""Of XLA, each alone beside those that our step is compiled with; some jaxlib refuses some."""


def as_it_is(work: Workload) -> Run:
    """Makes the loop over steps that user runs use."""
    return run_of(_advance(work))


def _without_norm(work: Workload) -> Run:
    advance = _advance(work)
    trainer = advance.trainer

    def step(fit, batch, key):
        new, metrics = trainer.step(fit, batch, key)
        return new, {name: metric for name, metric in metrics.items() if name != "grad_norm"}

    advance.trainer = trainer._replace(step=step)
    return run_of(advance)


def _fixed_batch(work: Workload) -> Run:
    advance, key = _advance(work), jax.random.key(0)
    advance.arrays = advance.feed.batch(advance.arrays, advance.order(key), 0, key)
    advance.feed = advance.feed._replace(batch=lambda arrays, *_: arrays)
    return run_of(advance)


def _a_call_each(work: Workload) -> Run:
    return run_of(_advance(work), lambda programs, _: _calls(programs.one))


def with_options(options: Mapping[str, Any], work: Workload) -> Run:
    """Makes the program with further compiler options; raises JaxRuntimeError if this jaxlib does not have one."""

    def program(programs, example):
        if programs.loops:
            return programs.many.lower(*example).compile(dict(options))
        *arguments, first, _, key = example
        return _calls(programs.one.lower(*arguments, first, key).compile(dict(options)))

    return run_of(_advance(work), program)


def _as_users_run(programs: Any, _: tuple) -> Program:
    return programs.many if programs.loops else _calls(programs.one)


def _calls(one: Callable) -> Program:
    def many(fit, totals, arrays, order, first, last, key):
        for step in range(int(first), int(last)):
            fit, totals = one(fit, totals, arrays, order, jnp.int32(step), key)
        return fit, totals

    return many


def _advance(work: Workload) -> StepProgram:
    return assembled(work, make_data(work))[0]


def run_of(advance: StepProgram, program: Callable[[Any, tuple], Program] = _as_users_run) -> Run:
    """Runs the result of `program` for the programs of a StepProgram and example arguments."""
    key = jax.random.key(0)
    order, fit = advance.order(key), advance.init(key)
    state = fit, advance.zero(fit, order, key)
    many = program(advance.programs(fit, order, key), (*state, advance.arrays, order, jnp.int32(0), jnp.int32(1), key))

    def run(steps):
        nonlocal state
        state = many(*state, advance.arrays, order, jnp.int32(0), jnp.int32(steps), key)
        return state

    return run


TRIES: dict[str, Callable[[Workload], Run]] = {
    "without the gradient's norm among the metrics": _without_norm,
    "one batch for all steps in place of gathered ones": _fixed_batch,
    "a call for every step in place of the loop": _a_call_each,
} | {", ".join(f"`{name}={value}`" for name, value in each.items()): partial(with_options, each) for each in OPTIONS}
