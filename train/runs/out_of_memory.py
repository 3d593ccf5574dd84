"""Memory: what a step needs, what the device has, and what to try when the one is more than the other."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax

from .. import trainers
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..errors import RunFailed
from ..units import format_bytes
from .dry_run import DryRun, dry_run

__all__ = [
    "OutOfMemory", "Way", "explained", "is_exhausted", "needed", "out_of_memory", "ran_out", "room", "told", "ways",
]  # fmt: skip

_TEXTS = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


class OutOfMemory(RunFailed):
    """The device, or the machine, has not the memory that a run needs."""


class Way(NamedTuple):
    """A way to need less: the flags, what they do to the result, and the run that they make."""

    flags: str
    means: str
    recipe: Recipe
    options: RunOptions


def is_exhausted(error: BaseException) -> bool:
    """Whether an error says that there is no more memory: python's own, or XLA's.

    XLA's has no type of its own; on the CPU jax 0.7.2 does not even give it the status RESOURCE_EXHAUSTED.

    >>> is_exhausted(MemoryError()), is_exhausted(ValueError("Out of memory"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, jax.errors.JaxRuntimeError) and any(text in str(error) for text in _TEXTS)


def needed(found: DryRun) -> int | None:
    """Bytes that a step needs on one device: what lies there all the time, and what it makes and forgets."""
    parts = [found.memory[name] for name in ("arguments", "temporary") if name in found.memory]
    return sum(parts) if parts else None


def room() -> int | None:
    """Bytes that there are on one device, or, for the CPU, in the machine; None where nobody tells."""
    device = jax.local_devices()[0]
    if device.platform != "cpu":
        return (device.memory_stats() or {}).get("bytes_limit")
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


def ways(recipe: Recipe, options: RunOptions = RunOptions()) -> list[Way]:  # noqa: B008
    """What a run can try that does not fit, the mildest first.

    >>> [way.flags for way in ways(Recipe("cnn", "digits", dtype="bf16"))]
    ['--remat', '--batch-size 32 --accumulate 2']
    """
    found, half, traits = [], recipe.batch_size // 2, trainers.traits(recipe.trainer)
    if traits.gradient and not options.remat:
        found.append(Way("--remat", "the same numbers, slower", recipe, replace(options, remat=True)))
    if half and traits.accumulate and recipe.opt != "gd":
        less = replace(recipe, batch_size=half, accumulate=2 * recipe.accumulate)
        flags = f"--batch-size {half} --accumulate {less.accumulate}"
        found.append(Way(flags, "the same updates, but for batch norm", less, options))
    elif half and recipe.opt != "gd" and traits.batch != "all":
        less = replace(recipe, batch_size=half)
        found.append(Way(f"--batch-size {half}", "other updates, twice as many", less, options))
    if traits.gradient and recipe.dtype == "float32":
        found.append(Way("--dtype bf16", "a little less exact", replace(recipe, dtype="bf16"), options))
    if not options.fsdp and jax.device_count() > 1:
        found.append(Way("--fsdp", "the same numbers, parameters shared out", recipe, replace(options, fsdp=True)))
    return found


def told(found: Sequence[Way], size_now: int | None) -> list[str]:
    """A line for each way that needs less, with what a step needs then: each is compiled to know it, none is run."""
    lines = []
    for way in found:
        try:
            size = needed(dry_run(way.recipe, way.options))
        except Exception:  # it does not matter why: it is the error before it that the person must hear of
            size = None
        if size is None or size_now is None or size < size_now:
            lines.append(f"  {way.flags}: {'unknown' if size is None else format_bytes(size)} ({way.means})")
    return lines or ["  no flag needs less"]


def explained(work: Callable[[], Any], explain: Callable[[BaseException], OutOfMemory]) -> Any:
    """What `work` gives; where there is not the memory for it, what explains that is raised in place of jax's error.

    Args:
        work: is done once.
        explain: makes of the error the one to raise; it may compile, for the memory of `work` is free again.
    """
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not is_exhausted(error):
            raise
        lost = error.with_traceback(None)  # whose frames hold the arrays that fill the memory
    raise explain(lost)


def out_of_memory(error: BaseException, recipe: Recipe, options: RunOptions) -> OutOfMemory:
    """The error to raise in place of one that `is_exhausted`: what is needed, what there is, what to try."""
    try:
        size = needed(dry_run(recipe, options))
    except Exception:  # as above
        size = None
    advice = "a smaller model (--model ... --help lists its options) needs less as well; --dry-run tells before a run"
    return ran_out(error, "a step", size, [*told(ways(recipe, options), size), advice])


def ran_out(error: BaseException, what: str, size: int | None, lines: Sequence[str]) -> OutOfMemory:
    """The words: what happened, what is needed and what there is, and below it what to try."""
    limit = room()
    where = "the machine" if jax.default_backend() == "cpu" else "the device"
    first = str(error).partition("\n")[0][:200] or "python has no more memory"
    needs = (
        f"{what} needs {'an unknown amount' if size is None else format_bytes(size)}, "
        f"{where} has {'an unknown amount' if limit is None else format_bytes(limit)}. "
        + (f"What {what} needs with:" if size is not None else "Try:")
    )
    return OutOfMemory("\n".join([f"the memory ran out: {first}", needs, *lines]))
