"""Compilation of one training step, for its size and memory; nothing is trained or written."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.sharding import sharding_for
from ..engine.fits import check_fits
from ..trained.summary import Row, summary
from ..trainers import traits
from .setup import Setup, setup

__all__ = ["DryRun", "dry_run"]


class DryRun(NamedTuple):
    """Size and memory of one training step.

    Attributes:
        setup: parts of the run.
        rows: table of the model's parameters.
        flops: floating point operations of a step, as the compiler counts them; None where it does not.
        memory: bytes on one device: of the `fit` (parameters, optimizer), of all `arguments` (the data as well), and
            `temporary`.
    """

    setup: Setup
    rows: list[Row]
    flops: float | None
    memory: dict[str, int]


def dry_run(
    recipe: Recipe,
    options: RunOptions = RunOptions(),  # noqa: B008
    print_fn: Callable[[str], None] = lambda text: None,
) -> DryRun:
    """Compiles one training step of a recipe and measures it, without running it.

    Args:
        recipe: Recipe of the run.
        options: Options of the run.
        print_fn: Called with notes on the data, one line at a time.

    Raises:
        BadInput, DataUnavailable: under the same conditions as `run`.
    """
    place, where = options.place(print_fn), sharding_for(options)
    parts = setup(recipe, place, sharding=where, score_samples=False, remat=options.remat)
    advance, key = parts.advance, parts.key
    check_fits(advance, key, recipe.model, gradient=traits(parts.recipe.trainer).gradient)
    order = advance.order(key)
    fit = advance.sharding.specs(advance.shapes(key)[0])
    totals = jax.eval_shape(lambda fit: advance.zero(fit, order, key), fit)
    compiled = advance.trace(fit, totals, order, key).lower().compile()
    return DryRun(
        parts,
        summary(parts.model, parts.example.shape, parts.example.dtype),
        _flops(compiled),
        {"fit on a device": advance.sharding.bytes_a_device(fit), **_memory(compiled)},
    )


def _flops(compiled: Any) -> float | None:
    costs = compiled.cost_analysis() or {}
    costs = costs[0] if isinstance(costs, list) else costs  # a list of one in older jax
    return costs.get("flops")


def _memory(compiled: Any) -> dict[str, int]:
    sizes = compiled.memory_analysis()
    if sizes is None:
        return {}
    return {"arguments": sizes.argument_size_in_bytes, "temporary": sizes.temp_size_in_bytes}
