"""From a recipe to everything that runs: data, model, task, trainer, program, plan."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from zoo.layers import Layer, each_player, rematerialised

from .. import trainers
from ..config.recipe import Recipe, check_compatible
from ..data.dataset import Dataset, Place, Source, Split, load_data, source
from ..data.normalize import Scaler
from ..data.on_disk import DiskArray
from ..distributed.sharding import Sharding, data_parallel
from ..engine.evaluate import Evaluator
from ..engine.plan import Plan
from ..engine.steps import StepProgram
from ..engine.streamed_steps import StreamedStepProgram
from ..errors import BadInput
from ..evaluation.sample_score_for import sample_score_for
from ..evaluation.task_for_data import task_for_data
from ..pipeline.batches import BatchSource, from_memory
from ..pipeline.from_disk import from_disk
from ..pipeline.splits import Scalers, batches_that_fit, preprocessed, scalers_for, validation_split
from ..pipeline.stream import OpenStream
from ..tasks.task import Task
from ..trained.build import ModelSpec, build, spec_for
from ..trainer import Trainer
from ..trainers.schedules import make_schedule

__all__ = ["Setup", "setup"]

_EVALUATIONS = 50  # at most, so that a run of a thousand short epochs does not spend itself on scoring
_LOGS = 4  # rows between two evaluations


@dataclass(frozen=True)
class Setup:
    """All parts of a run, made from its recipe."""

    recipe: Recipe
    data: Dataset
    source: Source
    made_for: ModelSpec
    model: Layer
    task: Task
    scaler: Scaler | None
    target_scaler: Scaler | None
    trainer: Trainer
    advance: StepProgram
    plan: Plan
    evaluations: Mapping[str, Evaluator]  # by split: test, and val where examples were held back
    rate: Callable[[int], float]
    key: jax.Array
    example: jax.ShapeDtypeStruct  # shape and type of what the model reads, without the batch axis

    @property
    def seen_per_step(self) -> int:
        """Examples of a batch; of a text the tokens in it."""
        batch = self.recipe.batch_size
        if self.data.task != "language":
            return batch
        return batch * (self.data.window or len(self.data.train.x) // batch)

    def like(self, other: "Setup") -> "Setup":
        """With the compiled programs of another of the same recipe but for the seed.

        Where the seed draws what is held back, and the programs have its scale in them, each keeps its own.
        """
        shares = trainers.traits(self.recipe.trainer).shares_programs
        own = self.recipe.val_share and (self.target_scaler is not None or not shares)
        if not own:
            self.advance.share(other.advance)
            for split, evaluation in self.evaluations.items():
                evaluation.share(other.evaluations[split])
        return replace(self, rate=other.rate)

    def evaluate(self, fit: dict, step: int) -> list[dict]:
        """Returns a row of metrics for each split."""
        place = {"step": step, "epoch": step / self.plan.steps_per_epoch}
        return [{"split": split, **place, **score(fit, self.key, step)} for split, score in self.evaluations.items()]

    def of_seed(self, seed: int) -> "Setup | None":
        """Of the same recipe with another seed; None if the seed decides more than the key of the run."""
        if self.recipe.val_share or not trainers.traits(self.recipe.trainer).shares_programs:
            return None
        return replace(self, recipe=replace(self.recipe, seed=seed), key=jax.random.key(seed))


def setup(
    recipe: Recipe,
    place: Place = Place(),  # noqa: B008
    *,
    placement: Sharding | None = None,
    skip_bad: bool = False,
    log_every: int | None = None,
    judged: bool = True,
    own: OpenStream | None = None,
    remat: bool = False,
) -> Setup:
    """Loads the data and builds what the recipe says.

    Args:
        recipe: what to build.
        place: of the data.
        placement: of the arrays; None shares every batch over all devices.
        skip_bad: skip a step whose loss is no number, instead of ending the run.
        log_every: steps between two logs; None: a share of an epoch.
        own: a stream of the user's, in place of the recipe's data.
        judged: whether samples will be scored, for which a judge may have to learn first.
        remat: train the rematerialised model.

    Raises:
        BadInput: if animal and data do not go together, or an option is not what the animal takes.
        DataUnavailable: if the data cannot be had.
    """
    kind, data = (own.kind, own.data) if own else _loaded(recipe, place)
    recipe = replace(recipe, trainer=trainers.variant(recipe.trainer, recipe.task or data.task))
    if own and trainers.traits(recipe.trainer).batch != "any":
        raise BadInput(f"Stream: the trainer {recipe.trainer} cannot learn from a stream; choose another recipe")
    wanted = spec_for(kind, data, recipe.task)
    recipe, train, held = batches_that_fit(*validation_split(recipe, data, kind, own))
    splits = preprocessed(data, train, held)
    scalers = scalers_for(recipe, data, splits["train"])
    feed, cut = _feed(recipe, data, splits.pop("train"), scalers, own)
    plan = _plan(recipe, feed.steps_per_epoch, log_every)
    model = build(recipe.model, wanted, recipe.m, recipe.dtype)
    data = replace(data, train=train)
    what = task_for_data(
        model, recipe, kind, data, wanted, scalers, partial(sample_score_for, say=place.say) if judged else _nobody
    )
    moved = each_player(rematerialised, model) if remat else model
    placement = placement or data_parallel()
    trainer = trainers.make(moved, what.task, trainers.Run(recipe, plan.steps, plan.steps_per_epoch, placement))
    schedule = make_schedule(recipe, plan.steps, plan.steps_per_epoch)
    return Setup(
        recipe=recipe,
        data=data,
        source=kind,
        made_for=wanted,
        model=model,
        task=what.task,
        scaler=what.scaler,
        target_scaler=what.target_scaler,
        trainer=trainer,
        advance=_advance(trainer, _divided(feed, recipe, placement), placement, skip_bad),
        plan=plan,
        evaluations={name: Evaluator(trainer, split, *scalers, placement, cut) for name, split in splits.items()},
        rate=_rate(schedule, recipe.accumulate),
        key=jax.random.key(recipe.seed),
        example=what.example,
    )


def _rate(schedule: Callable, accumulate: int) -> Callable[[int], float]:
    """The learning rate at a step, for the log: as a program, for each of a schedule's parts would be one."""
    now = jax.jit(schedule)
    return lambda step: float(str(np.asarray(now(step // accumulate))))  # the decimals that float32 has


def _loaded(recipe: Recipe, place: Place) -> tuple[Source, Dataset]:
    kind = source(recipe.dataset)
    check_compatible(recipe.model, kind)
    return kind, load_data(recipe.dataset, place, recipe.d)


def _nobody(*args: Any) -> None:
    """Judges nothing."""


def _feed(
    recipe: Recipe, data: Dataset, train: Split, scalers: Scalers, own: OpenStream | None
) -> tuple[BatchSource, Callable | None]:
    """How examples are cut for training, and for scoring."""
    if own is not None:
        from ..pipeline.from_iterator import from_iterator

        return from_iterator(own, *scalers, recipe.augment), None
    if data.task == "language":
        from ..pipeline.text import contiguous_from_disk, scoring_windows, token_windows

        cut = contiguous_from_disk if isinstance(train.x, DiskArray) else token_windows
        return cut(train, recipe.batch_size, data.window), scoring_windows
    cut = from_disk if isinstance(train.x, DiskArray) else from_memory
    return cut(train, recipe.batch_size, *scalers, recipe.augment), None


def _divided(feed: BatchSource, recipe: Recipe, placement: Sharding) -> BatchSource:
    """Refuses a batch that the devices cannot share evenly."""
    size, devices = recipe.batch_size, placement.data_parallelism
    if size % devices:
        below, above = size - size % devices, size - size % devices + devices
        near = f"{below} or {above}" if below else str(above)
        raise BadInput(f"--batch-size {size} does not divide over {devices} devices; the nearest that do: {near}")
    return feed


def _advance(trainer: Trainer, feed: BatchSource, placement: Sharding, skip_bad: bool) -> StepProgram:
    """The program of such a feed; refuses rules that do not suit what is trained."""
    advance = (StreamedStepProgram if feed.reads else StepProgram)(trainer, feed, placement, skip_bad=skip_bad)
    if placement.rules:
        placement.check(jax.eval_shape(advance.made, jax.random.key(0), advance.arrays))
    return advance


def _plan(recipe: Recipe, per_epoch: int, log_every: int | None) -> Plan:
    steps = recipe.steps or max(1, round(recipe.epochs * per_epoch))
    epochs = math.ceil(steps / per_epoch)
    evaluate_every = per_epoch * math.ceil(epochs / _EVALUATIONS)
    return Plan(steps, per_epoch, evaluate_every, log_every or max(1, evaluate_every // _LOGS))
