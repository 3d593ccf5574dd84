"""How a run begins: anew, with weights that were learned before, or where an earlier life of it was ended."""

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..callback import Callback, Journal
from ..checkpoints.checkpoint import Checkpoint
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..engine.loop import LoopState
from ..files import write_json
from ..reporting.console_stream import terminal
from ..trainers import traits
from .environment import environment
from .folder import locate_run
from .resume import moment, not_bitwise, recall, rewind
from .setup import Setup

__all__ = ["begin", "is_complete", "restart", "say_how_to_go_on"]


def begin(
    setup: Setup,
    recipe: Recipe,
    folder: Path,
    options: RunOptions,
    found: Checkpoint | None,
    journal: Journal,
    listeners: Sequence[Callback],
) -> LoopState | None:
    """Writes down what will run, and gives the moment to start from; None for a start from nothing.

    Args:
        setup: what the recipe made.
        recipe: as it was asked for.
        folder: of the run.
        options: of this life of the run.
        found: the checkpoint that it goes on from.
        journal: gets the rows until then; where it does not write, nothing is written here either.
        listeners: recall.

    Raises:
        CheckpointUnusable: if the checkpoint does not fit.
    """
    config, path = {"recipe": asdict(recipe), **environment(options)}, folder / "config.json"
    say = terminal(quiet=options.quiet).print
    if found is not None:
        start = moment(found, setup)
        say("\n".join(_in_words(found, setup, recipe, asdict(options))), soft_wrap=True)
        if journal.writes:
            rewind(found, options.keep)
        recall(found, journal, listeners)
        if journal.writes:
            write_json(path, config | {"step": found.step, "earlier": _earlier(path)})
        return start
    start = None
    if options.init_from is not None:
        from .warm_start import warm_start

        start, lines = warm_start(options.init_from, setup)
        say("\n".join(lines), soft_wrap=True)
    if journal.writes:
        write_json(path, config)
    return start


def restart(options: RunOptions) -> RunOptions:
    """The options for a run that is to be resumed and was ended before its first checkpoint: from the beginning."""
    if options.resume is None:
        return options
    run, _ = locate_run(options.resume)
    config = _json(run / "config.json")
    weights = config["options"].get("init_from") if isinstance(config, dict) else None
    terminal(quiet=options.quiet).print(f"resumed  {run} from the beginning, no checkpoint was written yet")
    return replace(options, resume=None, out=run, overwrite=True, init_from=weights)


def is_complete(found: Checkpoint, setup: Setup, options: RunOptions) -> bool:
    """Whether the run that is to be resumed came to its end; from an older checkpoint it may be run once more."""
    if options.resume is None or options.resume.expanduser().resolve() == found.path.resolve():
        return False
    result = _json(found.run / "result.json")
    ended = isinstance(result, dict) and result.get("stopped_by_signal") == 0
    return ended and setup.plan.steps == found.manifest["plan"].get("steps")


def say_how_to_go_on(folder: Path, saved: int, steps: int, number: int) -> None:
    """After a signal: what there is, and the command that goes on with it."""
    name = signal.Signals(number).name
    what = f"the checkpoint of step {saved:,} of {steps:,} is kept" if saved else "no checkpoint was written"
    print(f"stopped by {name}: {what}", file=sys.stderr)
    if saved:
        print(f"go on with: python -m zoo.train --resume {folder}", file=sys.stderr)


def _in_words(found: Checkpoint, setup: Setup, recipe: Recipe, options: Mapping[str, Any]) -> list[str]:
    plan, was = setup.plan, found.manifest["plan"]
    epoch = found.step / plan.steps_per_epoch
    lines = [f"resumed  step {found.step:,} of {plan.steps:,} (epoch {epoch:g}) from {found.path}"]
    if plan.steps > was["steps"]:
        lines.append(_lengthened(found, setup, recipe))
    if (plan.log_every, plan.evaluate_every) != (was.get("log_every"), was.get("evaluate_every")):
        lines.append(
            f"rows     every {plan.log_every} steps, scores every {plan.evaluate_every}; "
            f"until here {was.get('log_every')} and {was.get('evaluate_every')}"
        )
    other = not_bitwise(found, options)
    if other:
        lines.append(f"close    but not bit for bit what an uninterrupted run gives: {'; '.join(other)}")
    return lines


def _lengthened(found: Checkpoint, setup: Setup, recipe: Recipe) -> str:
    """What a longer run means for the rate: the schedules that end with the run are stretched over the new length."""
    before = f"length   {setup.plan.steps:,} steps, {found.manifest['plan']['steps']:,} before"
    if recipe.sched in ("cosine", "onecycle") and traits(recipe.trainer).schedule:
        rate = setup.rate(found.step)
        return (
            f"{before}: the {recipe.sched} schedule is stretched over the new length and goes on at rate {rate:.3g}, "
            "so that the result is near, but not that of a run of this length from the start"
        )
    return f"{before}; the schedule does not depend on the length"


def _earlier(path: Path) -> list[Any]:
    """The configurations of the lives before, the first one first."""
    last = _json(path)
    if not isinstance(last, dict):
        return []
    before = last.pop("earlier", [])
    last.pop("recipe", None)
    return [*(before if isinstance(before, list) else []), last]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
