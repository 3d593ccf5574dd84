"""Prints the result of a dry run."""

from dataclasses import replace
from functools import partial

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.devices import check_devices
from ..distributed.initialize import initialize, synchronized
from ..reporting.console_stream import terminal
from ..reporting.tables import parameter_table
from ..runs.dry_run import DryRun, dry_run
from ..runs.out_of_memory import describe_savings, required_memory, savings
from ..runtime.out_of_memory import available_memory
from ..runtime.processes import is_first
from ..units import format_bytes

__all__ = ["show_dry_run"]


def show_dry_run(recipe: Recipe, options: RunOptions) -> None:
    """Compiles one training step and prints parameters, FLOPs and memory; writes nothing, not even a cache."""
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
    console.print("nothing was trained or written")


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
