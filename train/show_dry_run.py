"""Prints what a dry run found."""

from dataclasses import replace

from .devices import check_devices
from .dry_run import dry_run
from .hosts import is_first
from .join import join, together
from .options import RunOptions
from .progress import terminal
from .recipe import Recipe
from .report import parameter_table
from .size import with_unit

__all__ = ["show_dry_run"]


def show_dry_run(recipe: Recipe, options: RunOptions) -> None:
    """Compiles one step of a recipe and prints its parameters, FLOPs and memory; writes nothing, no cache either."""
    options = join(replace(options, compile_cache="off"))
    with together():
        _show(recipe, options)


def _show(recipe: Recipe, options: RunOptions) -> None:
    check_devices(options)
    found, console = dry_run(recipe, options), terminal(quiet=not is_first())
    console.print(parameter_table(found.rows))
    flops = "not counted by this compiler" if found.flops is None else with_unit(found.flops, "FLOP", 1000)
    console.print(f"a step of {found.setup.seen_per_step:,} {found.setup.data.unit}: {flops}", soft_wrap=True)
    for name, size in found.memory.items():
        console.print(f"memory, {name}: {with_unit(size, 'B', 1024)}", soft_wrap=True)
    console.print("nothing was trained or written")
