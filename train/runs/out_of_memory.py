"""Explains that a run does not fit into memory: what a step needs, what is available, and what to try."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import jax

from .. import trainers
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..runtime.out_of_memory import OutOfMemory, memory_error
from ..units import format_bytes
from .dry_run import DryRun, dry_run

__all__ = ["Saving", "describe_savings", "out_of_memory", "required_memory", "savings"]


class Saving(NamedTuple):
    """A way to need less memory.

    Attributes:
        flags: Flags of the command line.
        effect: Effect on the result.
        recipe: Recipe with these flags.
        options: Options with these flags.
    """

    flags: str
    effect: str
    recipe: Recipe
    options: RunOptions


def required_memory(found: DryRun) -> int | None:
    """Returns the bytes that a step needs on one device, arguments and temporaries together; None if unknown."""
    parts = [found.memory[name] for name in ("arguments", "temporary") if name in found.memory]
    return sum(parts) if parts else None


def savings(recipe: Recipe, options: RunOptions = RunOptions()) -> list[Saving]:  # noqa: B008
    """Lists options with which a run needs less memory, the mildest first.

    >>> [saving.flags for saving in savings(Recipe("cnn", "digits", dtype="bf16"))]
    ['--remat', '--batch-size 32 --accumulate 2']
    """
    found, half, traits = [], recipe.batch_size // 2, trainers.traits(recipe.trainer)
    if traits.gradient and not options.remat:
        found.append(Saving("--remat", "the same numbers, slower", recipe, replace(options, remat=True)))
    if half and traits.accumulate and recipe.opt != "gd":
        less = replace(recipe, batch_size=half, accumulate=2 * recipe.accumulate)
        flags = f"--batch-size {half} --accumulate {less.accumulate}"
        found.append(Saving(flags, "the same updates, but for batch norm", less, options))
    elif half and recipe.opt != "gd" and traits.batch != "all":
        less = replace(recipe, batch_size=half)
        found.append(Saving(f"--batch-size {half}", "other updates, twice as many", less, options))
    if traits.gradient and recipe.dtype == "float32":
        found.append(Saving("--dtype bf16", "a little less exact", replace(recipe, dtype="bf16"), options))
    if not options.fsdp and jax.device_count() > 1:
        found.append(Saving("--fsdp", "the same numbers, parameters shared out", recipe, replace(options, fsdp=True)))
    return found


def describe_savings(found: Sequence[Saving], size_now: int | None) -> list[str]:
    """Returns a line for each saving that needs less, with what a step then needs; each is compiled, none is run.

    Args:
        found: Savings to try.
        size_now: Bytes that a step needs without them; None if unknown.
    """
    lines = []
    for each in found:
        try:
            size = required_memory(dry_run(each.recipe, each.options))
        except Exception:  # its reason does not matter: the user must see the error before it
            size = None
        if size is None or size_now is None or size < size_now:
            lines.append(f"  {each.flags}: {'unknown' if size is None else format_bytes(size)} ({each.effect})")
    return lines or ["  no flag needs less"]


def out_of_memory(error: BaseException, recipe: Recipe, options: RunOptions) -> OutOfMemory:
    """Makes the error to raise when a run exhausts the memory.

    Args:
        error: Original error.
        recipe: Recipe of the run.
        options: Options of the run.
    """
    try:
        size = required_memory(dry_run(recipe, options))
    except Exception:  # as above
        size = None
    advice = (
        "a smaller model (--model ... --help lists its options) needs less as well; --dry-run shows it before a run"
    )
    return memory_error(error, "a step", size, [*describe_savings(savings(recipe, options), size), advice])
