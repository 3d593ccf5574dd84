"""A run: a recipe becomes a folder with its configuration, metrics, trained model, pictures and result."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .begin import anew, begin, is_complete, say_how_to_go_on
from .callbacks import Best, Callback, Journal
from .checkpoint import Checkpoint
from .data.source import Place
from .devices import check_devices
from .disk import no_room, write_json
from .errors import BadInput, RunFailed
from .folder import check_folder
from .interval import interval
from .lock import Lock
from .loop import train
from .memory import is_exhausted, out_of_memory
from .options import RunOptions, prepare_folder
from .pictures import draw
from .profile import Profile
from .progress import terminal
from .raw_inputs import input_facts
from .recipe import Recipe
from .resume import facts, find
from .saved import Trained, load, save
from .saver import Saver
from .setup import Setup, setup
from .show import Show
from .signals import Stop
from .trainer import trained
from .watch import onlookers

__all__ = ["Result", "extras", "finish", "keeper_of", "kept_metrics", "run"]

_RISING = ("accuracy", "r2", "top5")  # of other metrics, less is better


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
) -> Result:
    """Trains what a recipe says, in a folder of its own.

    Args:
        recipe: what to train; `recipe_for("cnn")` gives the animal's own.
        options: where and how; changes no number.
        callbacks: told of every row, after the run's own.
        like: what ran before, of the same recipe but for the seed; its programs need not be compiled again.

    Raises:
        BadInput: if the recipe does not hold together.
        DataUnavailable: if the data cannot be had.
        Diverged: if the loss is no finite number any more; what was saved before stays.
        OutOfMemory: if the memory does not suffice, with what a step needs and what to try.
    """
    try:
        return _run(recipe, options, callbacks, like)
    except (MemoryError, RuntimeError) as error:
        if not is_exhausted(error):
            raise
        lost = error.with_traceback(None)  # whose frames hold the arrays that fill the memory
    raise out_of_memory(lost, recipe, options)


def _run(recipe: Recipe, options: RunOptions, callbacks: Sequence[Callback], like: Setup | None) -> Result:
    check_folder(options)
    check_devices(options)
    found = find(options.resume, recipe) if options.resume else None
    if found is None:
        options = anew(options)
    parts = setup(
        recipe,
        Place(options.data_dir, options.offline, say=terminal(quiet=options.quiet).print),
        skip_bad=options.on_nan == "skip",
        log_every=options.log_every,
        remat=options.remat,
    )
    parts = replace(parts, plan=replace(parts.plan, checkpoint_every=interval(options.ckpt_every).steps))
    _check_best(options.best, parts)
    if like is not None:
        parts.share(like)
    parts, more = extras(parts, options)
    folder = prepare_folder(parts.recipe, options)
    with Lock(folder), Stop() as stop:  # before there is anything to save, python's own handlers are quicker
        if found is not None and is_complete(found, parts, options):
            return _complete(folder, parts, options)
        try:
            return _train(parts, recipe, folder, options, (*more, *callbacks), stop, found)
        except OSError as error:
            raise no_room(error, folder) from error


def _train(
    parts: Setup,
    recipe: Recipe,
    folder: Path,
    options: RunOptions,
    callbacks: Sequence[Callback],
    stop: Stop,
    found: Checkpoint | None,
) -> Result:
    journal, keeper = Journal(folder / "metrics.jsonl"), keeper_of(parts, folder, options.best)
    others = [keeper, *onlookers(parts, options.pictures), Show(parts, options), *callbacks]
    start = begin(parts, recipe, folder, options, found, journal, others)
    for listener in (journal, *others):
        listener.start(parts, folder)
    saver = Saver(folder, facts(parts, recipe, asdict(options)), journal, others, options, found)
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
    if stop.requested:
        say_how_to_go_on(folder, saver.saved, parts.plan.steps, stop.requested)
    metrics = kept_metrics(journal.rows, keeper)
    result = Result(folder, metrics, journal.rows, saver.seconds, parts, signal=stop.requested)
    if keeper.best is not None:
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
    """What listens only if asked to; a profile also stands between the loop and the program."""
    found: list[Callback] = []
    if options.tensorboard:
        from .tensorboard import TensorBoard

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


def keeper_of(parts: Setup, folder: Path, metric: str | None) -> Best:
    """Saves the model: the best by examples held back; without such there is nothing to choose by, and the last."""

    def keep(fit: dict, row: dict) -> None:
        params, state = trained(fit)
        tree = {"params": params, "state": state, "scaler": parts.scaler, "target_scaler": parts.target_scaler}
        save(folder, tree, _about(parts, row))

    if "val" not in parts.evaluations:
        return Best("test", "step", True, None, keep)
    metric = metric or parts.task.headline
    higher = parts.task.higher_is_better if metric == parts.task.headline else metric.endswith(_RISING)
    return Best("val", metric, higher, parts.recipe.patience, keep)


def _check_best(metric: str | None, parts: Setup) -> None:
    if metric is not None and "val" not in parts.evaluations:
        raise BadInput(
            f"--best {metric} needs examples to judge by that are not reported: give --val-share 0.1 as well"
        )


def _about(parts: Setup, row: dict) -> dict[str, Any]:
    recipe, data = parts.recipe, parts.data
    return {
        "model": recipe.model,
        "options": dict(recipe.m),
        "dataset": recipe.dataset,
        "task": parts.task.name,
        "headline": parts.task.headline,
        "loss": recipe.loss,
        "dtype": recipe.dtype,
        "kind": parts.source.kind,
        "made_for": parts.made_for._asdict(),
        "vocabulary": list(data.vocabulary),
        "input_shape": list(parts.example.shape),
        "input_dtype": str(data.train.x.dtype),
        **input_facts(parts.source.kind, data.train.x),
        "classes": list(data.classes),
        "features": list(data.features),
        "target": data.target,
        "relative": data.relative,
        "metrics": row,
        "recipe": asdict(recipe),
    }


def kept_metrics(rows: Sequence[dict], keeper: Best) -> dict[str, float]:
    """The test row of the step whose model was kept."""
    if keeper.best is None:
        return {}
    row = next(row for row in rows if row["split"] == "test" and row["step"] == keeper.best["step"])
    return {name: value for name, value in row.items() if name != "split"}
