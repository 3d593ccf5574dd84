"""Prints the result of a dry run."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from zoo._catalogue import short_name

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.devices import check_devices
from ..distributed.initialize import initialize, synchronized
from ..errors import BadInput
from ..reporting.console_stream import terminal
from ..reporting.tables import parameter_table
from ..runs.dry_run import DryRun, augmented, dry_run
from ..runs.out_of_memory import describe_savings, required_memory, savings
from ..runtime.out_of_memory import available_memory
from ..runtime.processes import is_first
from ..units import format_bytes

__all__ = ["show_dry_run"]


def show_dry_run(recipe: Recipe, options: RunOptions) -> None:
    """Compiles one training step and prints parameters, FLOPs and memory; writes nothing, not even a cache.

    Only if images are augmented, a picture of them is drawn, beside the folder that a run would have.
    """
    options = initialize(replace(options, compile_cache="off"))
    with synchronized():
        _show(recipe, options)


def _show(recipe: Recipe, options: RunOptions) -> None:
    terminal(quiet=options.quiet).print(check_devices(options), soft_wrap=True)
    console = terminal(quiet=not is_first())
    found = dry_run(recipe, options, partial(console.print, soft_wrap=True))
    console.print(parameter_table(found.rows))
    flops = "not counted by this compiler" if found.flops is None else format_bytes(found.flops, "FLOP", 1000)
    console.print(f"a step of {found.setup.seen_per_step:,} {found.setup.data.unit}: {flops}", soft_wrap=True)
    several = found.setup.recipe.accumulate
    if several > 1:
        seen = several * found.setup.seen_per_step
        console.print(
            f"{several} steps are accumulated into one update, of {seen:,} {found.setup.data.unit}", soft_wrap=True
        )
    for line in _memory(found, options):
        console.print(line, soft_wrap=True)
    picture = _draw_augmentation(found, options) if is_first() else None
    if picture is None:
        console.print("nothing was trained or written")
    else:
        line = f"nothing was trained; written is only {picture}: training images as --augment changes them"
        console.print(line, soft_wrap=True)


def _draw_augmentation(found: DryRun, options: RunOptions) -> Path | None:
    """Draws augmented training images beside the folder of the run; returns None if nothing is augmented."""
    images = augmented(found.setup)
    if images is None:
        return None
    from ..plots.grid import grid

    recipe = found.setup.recipe
    folder = (options.out or Path("runs") / f"{short_name(recipe.model)}-{recipe.dataset}").expanduser()
    folder = folder if folder.name else folder.resolve()
    path = folder.with_name(f"{folder.name}-augmentation.png")
    rows, columns = images.shape[:2]
    captions = ["as stored", *[""] * (columns - 1), *[""] * ((rows - 1) * columns)]
    shown = images.reshape(-1, *images.shape[2:])
    try:
        grid(shown, captions, columns, f"--augment {recipe.augment}", "training images in the first steps", path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def _memory(found: DryRun, options: RunOptions) -> list[str]:
    """Returns lines on the memory that a step needs and has; if it does not fit, on what needs less."""
    size, limit = required_memory(found), available_memory()
    if size is None:
        return ["memory: not reported by this compiler"]
    lines = [f"memory, {name}: {format_bytes(each)}" for name, each in found.memory.items()]
    lines.append(f"memory, total: {format_bytes(size)}" + (f" of {format_bytes(limit)} available" if limit else ""))
    if limit is not None and size > limit:
        lines += [
            "this does not fit; a step needs with:",
            *describe_savings(savings(found.setup.recipe, options), size),
        ]
    return lines
