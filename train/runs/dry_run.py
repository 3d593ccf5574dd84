"""Compilation of one training step, for its size and memory; nothing is trained or written."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..data.normalize import on_host
from ..distributed.sharding import sharding_for
from ..engine.fits import check_fits
from ..pipeline.batches import preprocess, read_by_step
from ..trained.summary import Row, summary
from ..trainer import named_key
from ..trainers import traits
from .setup import Setup, setup

__all__ = ["DryRun", "augmented", "dry_run"]

_ROWS, _COLUMNS = 6, 8  # of the picture of augmented images


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
        summary(parts.model, parts.example.shape, parts.example.dtype, parts.recipe.batch_size),
        _flops(compiled),
        {"fit on a device": advance.sharding.bytes_a_device(fit), **_memory(compiled)},
    )


def augmented(parts: Setup) -> np.ndarray | None:
    """Returns training images, each followed by how it is augmented in the first steps; None without an augmentation.

    Args:
        parts: Parts of the run.

    Returns:
        Images (rows, columns, height, width, 1 or 3) from 0 to 1; the first column is as stored.
    """
    text, x = parts.recipe.augment, parts.data.train.x
    if text == "none" or parts.source.kind != "image" or x.shape[-1] not in (1, 3):
        return None
    raw = np.asarray(x[:: max(1, len(x) // _ROWS)][:_ROWS])
    arrays = read_by_step(x, parts.scaler, text)
    stored = {"x": jax.numpy.asarray(on_host(parts.scaler, raw)), "y": jax.numpy.zeros(len(raw))}
    plain = preprocess(arrays, stored, "none", parts.key)["x"]
    change = jax.jit(lambda key: preprocess(arrays, stored, text, key)["x"])
    made = [plain, *(change(named_key(parts.key, "batch", step)) for step in range(_COLUMNS - 1))]
    shown = np.stack([np.asarray(each) for each in made], axis=1)
    shown = shown if parts.scaler is None else parts.scaler.invert(shown)
    low, high = shown[:, 0].min(), shown[:, 0].max()
    return np.clip((shown - low) / ((high - low) or 1), 0, 1)


def _flops(compiled: Any) -> float | None:
    costs = compiled.cost_analysis() or {}
    costs = costs[0] if isinstance(costs, list) else costs  # a list of one in older jax
    return costs.get("flops")


def _memory(compiled: Any) -> dict[str, int]:
    sizes = compiled.memory_analysis()
    if sizes is None:
        return {}
    return {"arguments": sizes.argument_size_in_bytes, "temporary": sizes.temp_size_in_bytes}
