"""Trains a model (same as python -m zoo.train)."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo._catalogue import short_name

from ..config.recipe import Recipe
from ..distributed.launch import is_leader
from ..errors import BadInput
from ..runs.folder import check_folder
from ..trainers import traits
from .train_args import Command, read

__all__ = ["main", "one_line"]


def main(words: Sequence[str], prog: str = "python -m zoo train") -> int:
    """Trains the model that the command line describes; returns the exit code."""
    wanted = read(words, prog)
    if isinstance(wanted, str):
        print(wanted.rstrip("\n"))
        return 0
    if wanted.folds:
        return _cross_validate(wanted)
    check_folder(wanted.options)
    if not wanted.options.quiet and is_leader(wanted.options):
        from ..reporting.console_stream import terminal

        terminal().print(one_line(wanted.recipe), soft_wrap=True)
        sys.stdout.flush()
    return _dry_run(wanted) if wanted.dry_run else _run(wanted)


def one_line(recipe: Recipe) -> str:
    """Formats a recipe as one line.

    >>> one_line(Recipe("cnn", "digits", opt="adamw", lr=2e-3, sched="cosine"))
    'cnn on digits · 20 epochs · batch 64 · adamw 2e-3 cosine · seed 0'
    """
    named = f" ({recipe.variant})" if recipe.variant else ""
    count, what = (recipe.epochs, "epoch") if recipe.steps is None else (recipe.steps, "step")
    length = f"{count:g} {what}{'s' * (count != 1)}"
    rule = f"{recipe.opt} {_rate(recipe.lr)} {recipe.sched}"
    if not traits(recipe.trainer).gradient:
        rule = recipe.trainer
    parts = (f"{recipe.model} on {recipe.dataset}{named}", length, f"batch {recipe.batch_size}", rule)
    return " · ".join((*parts, f"seed {recipe.seed}"))


def _run(wanted: Command) -> int:
    from ..runs.run import run
    from ..runtime.allocator import keep_freed_memory

    keep_freed_memory()
    stopped_by = run(wanted.recipe, wanted.options).signal
    return 128 + stopped_by if stopped_by else 0


def _cross_validate(wanted: Command) -> int:
    """Trains a run for each fold and reports mean and spread."""
    recipe, options = wanted.recipe, wanted.options
    given = [f"--{name}" for name, on in (("resume", options.resume), ("dry-run", wanted.dry_run)) if on]
    if given:
        raise BadInput(f"--folds {wanted.folds} cannot be combined with {given[0]}; the same command continues it")
    folder = (options.out or Path("runs") / f"folds-{short_name(recipe.model)}-{recipe.dataset}").expanduser()
    from ..sweeps.folds import fold_settings, report_folds
    from ..sweeps.results import Stopped
    from ..sweeps.sweep import check_sweep, sweep

    settings = fold_settings(recipe, wanted.folds)
    check_sweep(folder)
    from ..reporting.console_stream import terminal
    from ..runtime.allocator import keep_freed_memory

    keep_freed_memory()
    print_ = terminal(quiet=options.quiet).print
    print_(f"{one_line(recipe)} · {wanted.folds} folds", soft_wrap=True)

    def show(result: Any, new: bool) -> None:
        run, before = result.runs[0], "" if new else ", done before"
        print_(f"fold {result.setting.given['fold']}: {run['failed'] or format(run['test'], '.4f')}{before}")

    try:
        outcomes = sweep(settings, [recipe.seed], folder, replace(options, distributed="off"), show)
    except Stopped as stopped:
        print(f"stopped; the same command continues the cross-validation in {folder}", file=sys.stderr)
        return 128 + stopped.signal
    return 0 if report_folds(outcomes, recipe.seed, folder, options.quiet) else 1


def _dry_run(wanted: Command) -> int:
    from .dry_run import show_dry_run

    show_dry_run(wanted.recipe, wanted.options)
    return 0


def _rate(rate: float) -> str:
    """Formats a learning rate: 0.05, but 2e-3 below 0.01."""
    digits, _, power = f"{rate:e}".partition("e")
    return f"{float(digits):g}e{int(power)}" if 0 < rate < 0.01 else f"{rate:g}"
