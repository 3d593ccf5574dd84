"""A run: a recipe becomes a folder with its configuration, metrics, trained model, pictures and result."""

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import jax

from ..callback import Best, Callback, Journal
from ..checkpoints.checkpoint import Checkpoint
from ..checkpoints.sharing import check_orbax, check_seen
from ..checkpoints.writer import CheckpointWriter
from ..config.interval import interval
from ..config.recipe import Recipe
from ..config.run_options import RunOptions, prepare_folder
from ..distributed.devices import check_devices
from ..distributed.initialize import advise, initialize, shared_by_all, synchronized
from ..distributed.sharding import sharding_for
from ..engine.input_monitor import InputMonitor
from ..engine.loop import train
from ..engine.profile import Profile
from ..engine.streamed_steps import StreamedStepProgram
from ..errors import BadInput, RunFailed
from ..evaluation.pictures import draw
from ..files import disk_full_error, write_json
from ..pipeline.stream import Stream
from ..reporting.console import ConsoleReport
from ..reporting.gan_monitor import gan_callbacks
from ..reporting.console_stream import terminal
from ..runtime.processes import broadcast_from_first, check_same, is_first
from ..runtime.signals import StopFlag
from ..trained.model import Trained, load
from .best_model import best_model_callback, check_best, kept_metrics
from .folder import check_folder
from .lock import Lock
from .out_of_memory import explained, out_of_memory
from .resume import facts, find, fingerprint
from .setup import Setup, setup
from .start import begin, is_complete, restart, say_how_to_go_on

__all__ = ["Result", "extras", "finish", "run"]

_OTHER_DATA = "does not see the examples that process 0 sees: look what lies on its machine under the paths of the data"


@dataclass(frozen=True)
class Result:
    """What a run gave.

    Attributes:
        folder: where it lies.
        metrics: of the model that was kept, on the test examples.
        rows: all that `metrics.jsonl` holds.
        seconds: from the first step to the last, compiling included.
        setup: what ran.
        scores: behind the pictures: by class, or of a regression.
        signal: that ended it early, 0 for none.
    """

    folder: Path
    metrics: Mapping[str, float]
    rows: Sequence[Mapping[str, Any]]
    seconds: float
    setup: Setup
    scores: Mapping[str, Any] = field(default_factory=dict)
    signal: int = 0

    @property
    def best_epoch(self) -> float:
        """The epoch that scored best, on the examples held back where there are such."""
        task, split = self.setup.task, "val" if "val" in self.setup.evaluations else "test"
        sign = 1 if task.higher_is_better else -1
        rows = [row for row in self.rows if row["split"] == split]
        return max(rows, key=lambda row: sign * row[task.headline])["epoch"]

    def load(self) -> Trained:
        """The trained model, as `zoo.load(folder)` gives it."""
        return load(self.folder)


def run(
    recipe: Recipe,
    options: RunOptions = RunOptions(),  # noqa: B008
    callbacks: Sequence[Callback] = (),
    *,
    like: Setup | None = None,
    stream: Stream | None = None,
) -> Result:
    """Trains what a recipe says, in a folder of its own.

    Args:
        recipe: what to train; `recipe_for("cnn")` gives the animal's own.
        options: where and how; changes no number.
        callbacks: told of every row, after the run's own.
        stream: batches of your own, in place of the recipe's data.
        like: what ran before, of the same recipe but for the seed; its programs need not be compiled again.

    Raises:
        BadInput: if the recipe does not hold together.
        DataUnavailable: if the data cannot be had.
        Diverged: if the loss is no finite number any more; what was saved before stays.
        OutOfMemory: if the memory does not suffice, with what a step needs and what to try.
    """

    def joined() -> Result:
        check_folder(options)
        here = initialize(options)
        with synchronized() as parting:
            result = _run(recipe, here, callbacks, like, stream)
            parting.hurry = result.signal != 0
        return result

    return explained(joined, lambda error: out_of_memory(error, recipe, options))


def _run(
    recipe: Recipe, options: RunOptions, callbacks: Sequence[Callback], like: Setup | None, stream: Stream | None
) -> Result:
    check_devices(options)
    check_same({"recipe": asdict(recipe), "options": shared_by_all(options)})
    own = None if stream is None else stream.opened(recipe)
    recipe = recipe if own is None else own.recipe
    found = find(options.resume, recipe) if options.resume else None
    if found is None and options.resume:
        options = restart(options)
        check_same({"init_from": options.init_from})  # all have read it, before the first begins to write
    parts = setup(
        recipe,
        options.place(terminal(quiet=options.quiet).print),
        placement=sharding_for(options),
        skip_bad=options.on_nan == "skip",
        log_every=options.log_every,
        own=own,
        remat=options.remat,
    )
    if jax.process_count() > 1:
        check_same({"data": fingerprint(parts.data)}, _OTHER_DATA)
    parts = replace(parts, plan=replace(parts.plan, checkpoint_every=interval(options.ckpt_every).steps))
    check_best(options.best, parts)
    if like is not None:
        parts = parts.like(like)
    parts, more = extras(parts, options)
    folder = _folder(parts, options)
    advise(f"What was saved is whole: go on with python -m zoo.train --resume {folder}, by any number of processes")
    # Signals from here on: before there is anything to save, python's own handlers are quicker.
    with Lock(folder) if is_first() else nullcontext(), StopFlag() as stop:
        if found is not None and broadcast_from_first(lambda: is_complete(found, parts, options)):
            return _complete(folder, parts, options)
        try:
            # TensorBoard comes last, for it looks at what others drew.
            return _train(parts, recipe, folder, options, (*callbacks, *more), stop, found)
        except OSError as error:
            raise disk_full_error(error, folder) from error
        except ValueError as error:
            told = _of_the_batch(error, parts.recipe)
            if told is None:
                raise
            raise told from error


def _folder(parts: Setup, options: RunOptions) -> Path:
    """Of the run, made by the first process; of several that will each write a share, it is what all see."""
    several = jax.process_count() > 1 and not interval(options.ckpt_every).off
    placed = parts.advance.placement.of(parts.advance.template(parts.key)) if several else None
    shared = check_orbax(placed)
    folder = Path(broadcast_from_first(lambda: str(prepare_folder(parts.recipe, options))))
    if shared:
        check_seen(folder)
    return folder


def _of_the_batch(error: ValueError, recipe: Recipe) -> BadInput | None:
    """What a layer says of a batch that it cannot train on is the user's to mend; any other error stays what it is."""
    notes = getattr(error, "__notes__", [])
    if isinstance(error, BadInput) or not any(note.startswith("In layer") for note in notes):
        return None
    told = BadInput(f"{recipe.model} cannot be trained with --batch-size {recipe.batch_size}: {error}")
    for note in notes:
        told.add_note(note)
    return told


def _train(
    parts: Setup,
    recipe: Recipe,
    folder: Path,
    options: RunOptions,
    callbacks: Sequence[Callback],
    stop: StopFlag,
    found: Checkpoint | None,
) -> Result:
    writes = is_first()
    journal = Journal(folder / "metrics.jsonl", writes)
    keeper = best_model_callback(parts, folder if writes else None, options.best)
    shown = [*gan_callbacks(parts, options.pictures), ConsoleReport(parts, options)] if writes else []
    others = [keeper, *shown, *callbacks]
    start = begin(parts, recipe, folder, options, found, journal, others)
    for listener in (journal, *others):
        listener.start(parts, folder)
    saver = CheckpointWriter(folder, facts(parts, recipe, asdict(options)), journal, others, options, found, writes)
    try:
        train(
            parts.advance,
            parts.plan,
            parts.key,
            evaluate=lambda fit, step: _evaluate(parts, fit, step),
            rate=parts.rate,
            callbacks=[journal, *others],
            stop=stop,
            start=start,
            saver=saver,
        )
    except RunFailed as error:
        saver.wait()
        raise type(error)(f"{error}. {_what_is_kept(keeper, folder)}.") from None
    finally:
        for listener in (journal, *others):
            listener.stopped()
    if stop.requested and writes:
        say_how_to_go_on(folder, saver.saved, parts.plan.steps, stop.requested)
    metrics = kept_metrics(journal.rows, keeper)
    result = Result(folder, metrics, journal.rows, saver.seconds, parts, signal=stop.requested)
    if keeper.best is not None and writes:
        result = finish(result, options.pictures)
    for listener in (journal, *others):
        listener.end(result)
    return result


def _what_is_kept(keeper: Best, folder: Path) -> str:
    best = keeper.best
    return f"The model of epoch {best['epoch']:g} is kept in {folder}" if best else "No model was saved yet"


def _complete(folder: Path, parts: Setup, options: RunOptions) -> Result:
    """Of a run that came to its end: what it gave."""
    facts = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    longer = "--epochs" if parts.recipe.steps is None else "--steps"
    line = f"complete {folder} has come to its end, nothing is left to do; a higher {longer} goes on"
    terminal(quiet=options.quiet).print(line, soft_wrap=True)
    metrics, seconds = facts.pop("metrics"), facts.pop("seconds")
    del facts["stopped_by_signal"]
    return Result(folder, metrics, rows, seconds, parts, facts)


def extras(parts: Setup, options: RunOptions) -> tuple[Setup, list[Callback]]:
    """What listens only where it is needed or asked for; a profile also stands between the loop and the program."""
    found: list[Callback] = []
    if isinstance(parts.advance, StreamedStepProgram):
        found.append(InputMonitor(parts.advance))
    if not is_first():
        return parts, found
    if options.tensorboard:
        from ..reporting.tensorboard import TensorBoard

        found.append(TensorBoard(options.quiet))
    if options.profile:
        found.append(Profile(parts.advance, options.profile, parts.plan.steps, options.quiet))
        parts = replace(parts, advance=found[-1])
    return parts, found


def finish(result: Result, pictures: bool = True) -> Result:
    """What is only worth making of a trained model: its pictures and its scores."""
    if pictures:
        result = replace(result, scores=draw(result))
    facts = {"metrics": result.metrics, "seconds": result.seconds, "stopped_by_signal": result.signal}
    write_json(result.folder / "result.json", {**facts, **result.scores})
    return result


def _evaluate(parts: Setup, fit: dict, step: int) -> list[dict]:
    place = {"step": step, "epoch": step / parts.plan.steps_per_epoch}
    return [
        {"split": split, **place, **evaluate(fit, parts.key, step)} for split, evaluate in parts.evaluations.items()
    ]
