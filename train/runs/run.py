"""Runs a recipe: trains it and writes a folder with configuration, metrics, trained model, pictures and result.

A run on data in memory needs no folder: without one it writes nothing, and its result holds the model.
"""

import time
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax

from ..callback import Callback, CallbackList
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.sharded import check_orbax, check_seen
from ..checkpoints.writer import CheckpointWriter
from ..config.interval import interval
from ..config.recipe import Recipe
from ..config.run_options import RunOptions, shared_by_all
from ..config.validate import plain_recipe
from ..distributed.devices import check_devices
from ..distributed.initialize import advise, initialize, synchronized
from ..engine.fits import check_fits
from ..engine.input_monitor import InputMonitor
from ..engine.loop import train
from ..engine.profile import Profile
from ..engine.streamed_steps import StreamedStepProgram
from ..errors import BadInput, RunFailed, warn
from ..files import disk_full_error
from ..pipeline.arrays import Opened, open_given
from ..pipeline.stream import Stream
from ..reporting.console import ConsoleReport
from ..reporting.console_stream import terminal
from ..reporting.gan_monitor import gan_callbacks
from ..reporting.sample_pictures import picture_callbacks
from ..runtime.jax_settings import check_jax_settings
from ..runtime.out_of_memory import explained
from ..runtime.processes import broadcast_from_first, check_same, is_first
from ..runtime.signals import StopFlag
from ..trainers import traits
from ..trainers.effects import ignored
from .best_model import BestModel, ModelInMemory, best_model_callback, check_best, kept_metrics, saved_in
from .compatibility import facts
from .folder import check_folder, needs_folder, prepare_folder
from .lock import FolderLost, Lock
from .metrics_log import MetricsLog
from .out_of_memory import out_of_memory
from .result import Result, beside_baseline, calibrated, checked, completed, finish
from .resume import find, is_complete, resume
from .setup import Setup
from .start import parts_of, print_resume_command, restart, resume_command, start

__all__ = ["extra_callbacks", "run"]

_OTHER_DATA = "does not see the examples of process 0: check what its machine has under the paths of the data"


def run(
    recipe: Recipe,
    options: RunOptions = RunOptions(),  # noqa: B008
    callbacks: Sequence[Callback] = (),
    *,
    like: Setup | None = None,
    stream: Stream | None = None,
    data: Any = None,
    test: Any = 0.2,
    numbers: Collection[str] = (),
) -> Result:
    """Trains a recipe in a folder of its own, or on data in memory also without one.

    Args:
        recipe: Recipe to train; `recipe_for("cnn")` returns the default recipe of a model.
        options: Run folder, devices, checkpoints and the like; they change no result. With `data` and without `out` or
            `resume` nothing is written to disk.
        callbacks: Callbacks, called after those of the run.
        like: Parts of an earlier run of the same recipe but for the seed and the numbers below; its compiled programs
            are reused.
        stream: Batches to train on, in place of the data set of the recipe.
        data: Inputs and targets `(X, y)` in memory, in place of the data set of the recipe: arrays, lists or frames, as
            `zoo.fit` takes them; or what `GivenArrays.opened` returned.
        test: Test examples `(X, y)`, or the share of `data` that is held out for testing, stratified by class; 0 trains
            on all of them and scores these.
        numbers: Names of fields of the recipe, such as lr, that the compiled programs take as arguments where they can;
            the results are the same up to rounding.

    Returns:
        Metrics, folder and parts of the run.

    Raises:
        BadInput: If recipe or options are inconsistent, or a setting of jax does not suit.
        DataUnavailable: If the data cannot be loaded.
        Diverged: If the loss is not finite; what was saved before is kept.
        OutOfMemory: If the memory does not suffice, with what a step needs and what to try.
    """
    check_jax_settings()
    recipe = plain_recipe(recipe)

    def together() -> Result:
        check_folder(options)
        here = initialize(options)
        with synchronized() as shutdown:
            for line in ignored(recipe) if is_first() else ():
                warn(line)
            result = _run(recipe, here, callbacks, like, open_given(recipe, stream, data, test), numbers)
            shutdown.hurry = result.signal != 0
        return result

    return explained(together, lambda error: out_of_memory(error, recipe, options))


def _run(
    recipe: Recipe,
    options: RunOptions,
    callbacks: Sequence[Callback],
    like: Setup | None,
    opened: Opened | None,
    numbers: Collection[str],
) -> Result:
    terminal(quiet=options.quiet).print(check_devices(options), soft_wrap=True)
    check_same({"recipe": asdict(recipe), "options": shared_by_all(options)})
    recipe = recipe if opened is None else opened.recipe
    found = find(options.resume, recipe) if options.resume else None
    if found is None and options.resume:
        options = restart(options)
        check_same({"init_from": options.init_from})  # all have read it before the first starts to write
    parts = parts_of(recipe, options, opened, numbers)
    check_fits(parts.advance, parts.key, recipe.model, gradient=traits(parts.recipe.trainer).gradient)
    if jax.process_count() > 1:
        check_same({"data": parts.fingerprint}, _OTHER_DATA)
    parts = replace(parts, plan=replace(parts.plan, checkpoint_every=interval(options.ckpt_every).steps))
    check_best(options.best, parts)
    parts = parts.checked() if like is None else parts.like(like)
    extra = extra_callbacks(parts, options)
    folder = _folder(parts, options) if needs_folder(options, opened is not None and opened.folderless) else None
    if folder is not None:
        command = resume_command(folder, parts.recipe.model)
        advise(f"Saved checkpoints are complete: resume with {command}, by any number of processes")
    # Signals are caught from here on: before there is anything to save, python's own handlers are quicker.
    with Lock(folder) if folder is not None and is_first() else nullcontext(), StopFlag() as stop:
        if folder and found and broadcast_from_first(lambda: is_complete(found, parts, options)):
            return completed(folder, parts, options)
        try:
            # TensorBoard comes last, as it reads what other callbacks drew.
            return _train(parts, recipe, folder, options, [*callbacks, *extra], stop, found)
        except OSError as error:
            raise error if folder is None else disk_full_error(error, folder) from error
        except ValueError as error:
            wrong_batch = _batch_error(error, parts.recipe)
            if wrong_batch is None:
                raise
            raise wrong_batch from error


def _folder(parts: Setup, options: RunOptions) -> Path:
    """Makes the run folder, in the first process; if several share arrays, all of them must see it."""
    several = jax.process_count() > 1 and not interval(options.ckpt_every).off
    placed = parts.advance.sharding.for_state(parts.advance.template(parts.key)) if several else None
    shared = check_orbax(placed)
    folder = Path(broadcast_from_first(lambda: str(prepare_folder(parts.recipe, options))))
    if shared:
        check_seen(folder)
    return folder


def _batch_error(error: ValueError, recipe: Recipe) -> BadInput | None:
    """Returns the error for a batch that a layer rejects; None for any other error."""
    notes = getattr(error, "__notes__", [])
    if isinstance(error, BadInput) or not any(note.startswith("In layer") for note in notes):
        return None
    explained = BadInput(f"{recipe.model} cannot be trained with --batch-size {recipe.batch_size}: {error}")
    for note in notes:
        explained.add_note(note)
    return explained


def _train(
    parts: Setup,
    recipe: Recipe,
    folder: Path | None,
    options: RunOptions,
    callbacks: Sequence[Callback],
    stop: StopFlag,
    found: Checkpoint | None,
) -> Result:
    writes, memory = is_first(), ModelInMemory(parts) if folder is None else None
    log, best = MetricsLog(folder and folder / "metrics.jsonl", writes), _best_model(parts, folder, options, memory)
    others = CallbackList([best, *_shown(parts, folder, options), *callbacks])
    everyone = CallbackList([log, *others])
    again = found and folder and resume(found, parts, recipe, folder, options, log, others)
    state = again or start(parts, recipe, folder, options, writes)
    everyone.on_start(parts, folder)
    saver = None if folder is None else _saver(folder, parts, recipe, options, log, others, found)
    began = time.perf_counter()
    try:
        train(
            *(parts.advance, parts.plan, parts.key),
            evaluate=parts.evaluate,
            rate=parts.rate,
            callbacks=everyone,
            stop=stop,
            start=state,
            saver=saver,
            run_steps=_profile(callbacks),
        )
    except RunFailed as error:
        raise _described(error, saver, best) from None
    finally:
        everyone.on_stop()
    if stop.requested and writes and saver:
        print_resume_command(saver.folder, parts.recipe.model, saver.saved, parts.plan.steps, stop.requested)
    seconds = saver.seconds if saver else time.perf_counter() - began
    result = Result(folder, kept_metrics(log.rows, best), log.rows, seconds, parts, signal=stop.requested)
    log.check_folder()
    result = beside_baseline(checked(result))
    if result.metrics and memory is not None:
        result = calibrated(replace(result, model=memory.load(log.rows)))
    elif result.metrics and writes:
        result = finish(calibrated(result), options.pictures)
    return _ended(result, everyone)


def _ended(result: Result, callbacks: CallbackList) -> Result:
    callbacks.on_end(result)
    for line in result.setup.trainer.warnings(result.metrics) if is_first() and result.metrics else ():
        warn(line)
    return result


def _best_model(parts: Setup, folder: Path | None, options: RunOptions, memory: ModelInMemory | None) -> BestModel:
    saved = saved_in(folder) if folder is not None and is_first() else None
    return best_model_callback(parts, memory or saved, options.best)


def _shown(parts: Setup, folder: Path | None, options: RunOptions) -> list[Callback]:
    if not is_first():
        return []
    pictures = picture_callbacks(parts) if options.pictures and folder is not None else []
    return [*gan_callbacks(parts), *pictures, ConsoleReport(parts, options)]


def _saver(
    folder: Path,
    parts: Setup,
    recipe: Recipe,
    options: RunOptions,
    log: MetricsLog,
    callbacks: CallbackList,
    found: Checkpoint | None,
) -> CheckpointWriter:
    about = facts(parts, recipe, asdict(options))
    intervals = {"every": options.ckpt_every, "keep": options.keep}
    return CheckpointWriter(folder, about, log, callbacks, **intervals, found=found, writes=is_first())


def _described(error: RunFailed, saver: CheckpointWriter | None, best: BestModel) -> RunFailed:
    """Returns the error of a failed run with what was saved; of a folder that is gone, nothing more is known."""
    if isinstance(error, FolderLost) or saver is None:
        return error
    saver.wait()
    row = best.best
    kept = f"The model of epoch {row['epoch']:g} is kept in {saver.folder}" if row else "No model was saved yet"
    return type(error)(f"{error}. {kept}.")


def _profile(callbacks: Sequence[Callback]) -> Profile | None:
    return next((each for each in callbacks if isinstance(each, Profile)), None)


def extra_callbacks(parts: Setup, options: RunOptions) -> list[Callback]:
    """Returns the callbacks that the data or the options require."""
    found: list[Callback] = []
    if isinstance(parts.advance, StreamedStepProgram):
        found.append(InputMonitor(parts.advance))
    if not is_first():
        return found
    print_fn = terminal(quiet=options.quiet).print
    if options.tensorboard:
        from ..reporting.tensorboard import TensorBoard

        found.append(TensorBoard(options.quiet))
    if options.profile:
        total = parts.plan.steps
        found.append(Profile(parts.advance, options.profile, total, lambda text: print_fn(text, soft_wrap=True)))
    return found
