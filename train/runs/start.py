"""Starts a run: builds its parts, writes its configuration and, with `--init-from`, loads weights."""

import shlex
import signal
import sys
from collections.abc import Collection
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from zoo._catalogue import reference

from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..distributed.sharding import sharding_for
from ..engine.stepper import LoopState
from ..files import write_json
from ..metrics.decisions import MEASURES
from ..pipeline.arrays import Opened
from ..reporting.console_stream import terminal
from .environment import environment
from .folder import CONFIG_FILE, locate_run, read_config
from .setup import Setup, setup

__all__ = ["parts_of", "print_resume_command", "restart", "resume_command", "start"]


def parts_of(recipe: Recipe, options: RunOptions, opened: Opened | None = None, numbers: Collection[str] = ()) -> Setup:
    """Builds the parts of a run.

    Args:
        recipe: Recipe of the run.
        options: Options of the run.
        opened: Stream or arrays to train on, in place of the data of the recipe.
        numbers: Names of the fields of the recipe that the programs take as arguments where they can.

    Raises:
        BadInput, DataUnavailable: As `setup`.
    """
    # The measures are those named, and the one by which the best model is chosen.
    best = (options.best,) if options.best is not None and options.best in MEASURES else ()
    return setup(
        recipe,
        options.place(partial(terminal(quiet=options.quiet).print, soft_wrap=True)),
        sharding=sharding_for(options),
        skip_bad=options.on_nan == "skip",
        log_every=options.log_every,
        own=opened,
        remat=options.remat,
        measures=tuple(dict.fromkeys((*options.metrics, *best))),
        numbers=numbers,
    )


def start(parts: Setup, recipe: Recipe, folder: Path | None, options: RunOptions, writes: bool) -> LoopState | None:
    """Writes the configuration of a new run and returns its first state.

    Args:
        parts: Parts of the run.
        recipe: Recipe of the run, as given.
        folder: Run folder; None writes nothing.
        options: Options of the run.
        writes: Whether this process writes.

    Returns:
        The state with the weights of `--init-from`; None for the initial state of the trainer.

    Raises:
        CheckpointUnusable: If no weights fit.
    """
    first = None
    if options.init_from is not None:
        from .warm_start import warm_start

        first, lines = warm_start(options.init_from, parts)
        terminal(quiet=options.quiet).print("\n".join(lines), soft_wrap=True)
    if writes and folder is not None:
        write_json(folder / CONFIG_FILE, {"recipe": asdict(recipe), **environment(options, recipe.model)})
    return first


def restart(options: RunOptions) -> RunOptions:
    """Returns the options to start a run again that ended before its first checkpoint and is to be resumed."""
    if options.resume is None:
        return options
    run, _ = locate_run(options.resume)
    weights = read_config(run).get("options", {}).get("init_from")
    terminal(quiet=options.quiet).print(f"resumed  {run} from the beginning, no checkpoint was written yet")
    return replace(options, resume=None, out=run, overwrite=True, init_from=weights)


def resume_command(folder: Path, model: str) -> str:
    """Returns the command that resumes a run of a model; a model of the user's own file must be named again."""
    named = reference(model)
    return shlex.join(["python", "-m", "zoo.train", "--resume", str(folder), *(["--model", named] if named else [])])


def print_resume_command(folder: Path, model: str, saved: int, steps: int, number: int) -> None:
    """Prints, after a signal, which checkpoint there is and the command that resumes it."""
    name = signal.Signals(number).name
    what = f"the checkpoint of step {saved:,} of {steps:,} is kept" if saved else "no checkpoint was written"
    print(f"stopped by {name}: {what}", file=sys.stderr)
    if saved:
        print(f"resume it with: {resume_command(folder, model)}", file=sys.stderr)
