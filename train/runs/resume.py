"""Resumes a run: finds its checkpoint, checks that it is the same run, and restores its state and its folder."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax

from ..callback import CallbackList
from ..checkpoints.checkpoint import FOLDER, Checkpoint, list_steps, newest, prune, read
from ..checkpoints.sharded import read_sharded
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..engine.stepper import LoopState
from ..errors import CheckpointUnusable, warn
from ..files import MODEL_FILE, atomic, sync, write_json
from ..pipeline.fingerprint import former_fingerprint
from ..reporting.console_stream import terminal
from ..runtime.processes import allgather_json, broadcast_from_first, device_put, is_first
from ..trainers import traits
from ..tree import diff_specs, specs, unflatten_into
from .compatibility import check_plan, check_recipe, not_bitwise, other_run
from .environment import environment
from .folder import CONFIG_FILE, RESULT_FILE, locate_run, read_config, read_result
from .metrics_log import MetricsLog, read_logged
from .setup import Setup

__all__ = ["find", "is_complete", "load_state", "restore", "resume", "rewind"]


def find(path: Path, recipe: Recipe) -> Checkpoint | None:
    """Finds the checkpoint to resume from; only its manifest is read, but all its files are checked.

    Of several processes each checks a part of the files, and all return the same checkpoint.

    Args:
        path: Run folder, for its newest usable checkpoint, or the folder of a checkpoint.
        recipe: Recipe of the resumed run, which may only be longer than that of the run.

    Returns:
        The checkpoint; None if none was written yet.

    Raises:
        CheckpointUnusable: If none is usable, or the recipe differs, with a table of the differences.
    """
    run, step = locate_run(path)
    steps = broadcast_from_first(lambda: list_steps(run))
    if step is None and not steps:
        config = read_config(run)
        check_recipe(run, config.get("recipe"), recipe)
        if (run / RESULT_FILE).exists() or config.get("options", {}).get("ckpt_every") == "off":
            raise CheckpointUnusable(f"{run} cannot be resumed: it has no checkpoint. --overwrite starts it again")
        return None
    if step is None:
        checkpoint = newest(run, warn if is_first() else lambda text: None, _check, steps)
    else:
        checkpoint = _check(run / FOLDER / str(step))
    check_recipe(checkpoint.path, checkpoint.manifest["recipe"], recipe)
    return checkpoint


def _check(path: Path) -> Checkpoint:
    """Reads a checkpoint and checks its files, a part in each process; called by all processes together."""
    found, error = None, None
    try:
        found = read(path, jax.process_index(), jax.process_count())
        read_logged(found.run / "metrics.jsonl", found.manifest["metrics"])
    except CheckpointUnusable as problem:
        error = str(problem)
    first = next((each for each in allgather_json(error) if each), None)
    if first is not None or found is None:
        raise CheckpointUnusable(first)
    return found


def resume(
    found: Checkpoint,
    setup: Setup,
    recipe: Recipe,
    folder: Path,
    options: RunOptions,
    log: MetricsLog,
    callbacks: CallbackList,
) -> LoopState:
    """Restores a run from a checkpoint: its state, its folder, its callbacks and its configuration.

    Args:
        found: Checkpoint to resume from.
        setup: Parts of the run.
        recipe: Recipe of the run, as given.
        folder: Run folder; only a process whose log writes changes it.
        options: Options of the resumed run.
        log: Log of the metrics, truncated to the rows of the checkpoint.
        callbacks: Callbacks whose state is restored.

    Returns:
        The state to continue from.

    Raises:
        CheckpointUnusable: If the checkpoint does not fit.
    """
    start = load_state(found, setup)
    lines = _describe(found, setup, recipe, asdict(options))
    terminal(quiet=options.quiet).print("\n".join(lines), soft_wrap=True)
    if log.writes:
        rewind(found, options.keep)
    restore(found, log, callbacks)
    if log.writes:
        config = {"recipe": asdict(recipe), **environment(options, recipe.model)}
        write_json(folder / CONFIG_FILE, config | {"step": found.step, "earlier": _earlier(folder)})
    return start


def load_state(checkpoint: Checkpoint, setup: Setup) -> LoopState:
    """Reads the state of the loop into the shapes and shardings of a run.

    Raises:
        CheckpointUnusable: If data, length, shapes or types differ, with a table of the differences.
    """
    known = checkpoint.manifest["data"]
    if known != setup.fingerprint and known != former_fingerprint(setup.data, setup.source.kind):
        name = setup.data.name
        row = f"  {'data':<20} {name} does not have the same examples as when the run started"
        raise other_run(checkpoint.path, [row])
    check_plan(checkpoint, setup.plan)
    template = setup.advance.template(setup.key)
    if not any(name.startswith("totals/") for name in checkpoint.tree):
        del template["totals"]
    rows = diff_specs(specs(template), checkpoint.tree)
    if rows:
        raise other_run(checkpoint.path, rows)
    shardings = setup.advance.sharding.for_state(template)
    try:
        arrays = read_sharded(checkpoint.path, template, shardings) if checkpoint.shared else checkpoint.tensors()
        tree = device_put(unflatten_into(template, arrays), shardings)
    except CheckpointUnusable as error:
        raise CheckpointUnusable(f"{checkpoint.path}: {error}") from None
    return LoopState(tree["fit"], checkpoint.step, tree.get("totals"), checkpoint.manifest["since"])


def rewind(checkpoint: Checkpoint, keep: int) -> None:
    """Restores the run folder to its content at the checkpoint, except the metrics, which their log truncates.

    It may be interrupted at any point: until the first step, the checkpoint stays the newest usable one.

    Args:
        checkpoint: Checkpoint that the run is resumed from.
        keep: Number of checkpoints to keep; a run killed after a new checkpoint may have left one more.
    """
    run = checkpoint.run
    prune(run, keep, newer_than=checkpoint.step)
    (run / RESULT_FILE).unlink(missing_ok=True)
    if checkpoint.model is None:
        (run / MODEL_FILE).unlink(missing_ok=True)
    else:
        with checkpoint.model.open("rb") as model, atomic(run / MODEL_FILE) as file:
            shutil.copyfileobj(model, file)
    sync(run)


def restore(checkpoint: Checkpoint, log: MetricsLog, callbacks: CallbackList) -> None:
    """Restores the log of the metrics and the state of the callbacks."""
    manifest = checkpoint.manifest
    log.load_state_dict(manifest["metrics"])
    if manifest["format"] == 1:
        callbacks.load_state_dict(manifest["listeners"], former=True)
    else:
        callbacks.load_state_dict(manifest["callbacks"])


def is_complete(found: Checkpoint, setup: Setup, options: RunOptions) -> bool:
    """Returns whether the run came to its end; from a checkpoint that is named it may be resumed all the same."""
    if options.resume is None or options.resume.expanduser().resolve() == found.path.resolve():
        return False
    ended = read_result(found.run).get("stopped_by_signal") == 0
    return ended and setup.plan.steps == found.manifest["plan"].get("steps")


def _describe(found: Checkpoint, setup: Setup, recipe: Recipe, options: Mapping[str, Any]) -> list[str]:
    """Returns the lines about the checkpoint and what differs from the run so far."""
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
    """Describes the schedule of a lengthened run: one that ends with the run is stretched over the new length."""
    before = f"length   {setup.plan.steps:,} steps, {found.manifest['plan']['steps']:,} before"
    if recipe.sched in ("cosine", "onecycle") and traits(recipe.trainer).gradient:
        rate = setup.rate(found.step)
        return (
            f"{before}: the {recipe.sched} schedule is stretched over the new length and continues at rate {rate:.3g}, "
            "so that the result is near, but not that of a run of this length from the start"
        )
    return f"{before}; the schedule does not depend on the length"


def _earlier(folder: Path) -> list[Any]:
    """Returns the configurations of the run before this resume, the first one first."""
    last = read_config(folder)
    if not last:
        return []
    before = last.pop("earlier", [])
    last.pop("recipe", None)
    return [*(before if isinstance(before, list) else []), last]
