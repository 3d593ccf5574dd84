"""Builds all parts of a run from its recipe: data, model, task, trainer, program and plan."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import jax

from zoo.layers import Layer, each_player, rematerialised

from .. import tasks, trainers
from ..config.recipe import Recipe, check_compatible
from ..data.class_weights import BALANCED, class_weights, described_weights
from ..data.dataset import Dataset, Place, Source, Split, load_data, source
from ..data.normalize import Scaler
from ..data.split import of_fold
from ..data.targets import check_targets, class_notes
from ..distributed.sharding import Sharding, data_parallel
from ..engine.evaluate import Evaluator
from ..engine.plan import Plan, plan_for
from ..engine.steps import StepProgram
from ..engine.streamed_steps import StreamedStepProgram
from ..errors import BadInput
from ..evaluation.baseline import described_baseline
from ..evaluation.sample_score_for import sample_score_for
from ..evaluation.task_for_data import TaskSpec, task_for_data
from ..pipeline.arrays import Opened
from ..pipeline.batches import BatchSource
from ..pipeline.binary import check_binary
from ..pipeline.fingerprint import fingerprint
from ..pipeline.selection import batches_for, check_divides
from ..pipeline.splits import Scalers, batches_that_fit, fitted_to_training, preprocessed, scalers_for, validation_split
from ..pipeline.stored import stored_examples
from ..pipeline.stream import OpenStream
from ..tasks.task import Task
from ..trained.build import ModelSpec, build, spec_for
from ..trainer import Trainer
from ..trainers.effects import check_updates
from ..trainers.numbers import arguments, make_with_numbers
from ..trainers.schedules import Rate, rate_of
from ..trainers.scoring import measures_of
from ..trainers.weighted import check_weighted

__all__ = ["Setup", "setup"]


@dataclass(frozen=True)
class Setup:
    """All parts of a run.

    Attributes:
        recipe: Recipe with what data and options decide filled in.
        data: Data set, whose `train` is what remains after the validation split.
        source: Source of the data set.
        made_for: Model arguments that the data set fixes.
        model: Model.
        task: Task.
        scaler: Scaler of the inputs.
        target_scaler: Scaler of the targets.
        trainer: Trainer.
        advance: Compiled training steps.
        plan: Length of the run and its intervals.
        evaluations: Evaluators by split: test, and val if there is a validation split.
        rate: Learning rate at a step.
        key: Key of all random numbers of the run.
        example: Shape and type of an input of the model, without the batch axis.
        measures: Names of the measures that evaluations compute beside the metrics of the task.
    """

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
    evaluations: Mapping[str, Evaluator]
    rate: Rate
    key: jax.Array
    example: jax.ShapeDtypeStruct
    measures: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the data."""
        return fingerprint(self.data)

    @cached_property
    def baseline(self) -> dict[str, Any] | None:
        """Trivial baseline of the task on the training examples, in the scale of the outputs; None: there is none."""
        return described_baseline(self.task, self.data, self.source.kind, self.scaler, self.target_scaler)

    @property
    def seen_per_step(self) -> int:
        """Examples in a batch; tokens for a text."""
        batch = self.recipe.batch_size
        if self.data.task != "language":
            return batch
        return batch * (self.data.window or len(self.data.train.x) // batch)

    def like(self, other: "Setup") -> "Setup":
        """Returns these parts with the compiled programs of another setup of the same recipe but for the seed.

        The recipes may also differ in the numbers that are arguments of their programs. If the seed decides the
        validation split, and the programs contain its scale or a table's number of features, each keeps its own.
        """
        shares = trainers.traits(self.recipe.trainer).shares_programs
        balanced = self.recipe.class_weights == BALANCED  # by the numbers of training examples
        table = self.data.encoder is not None
        own = self.recipe.val_share and (self.target_scaler is not None or not shares or balanced or table)
        if not own:
            self.advance.share(other.advance)
            for split, evaluation in self.evaluations.items():
                evaluation.share(other.evaluations[split])
        return replace(self, rate=other.rate._replace(numbers=self.rate.numbers))

    def checked(self) -> "Setup":
        """Returns these parts; raises the errors that the shapes of the data cause in an evaluation."""
        shapes, place = self.advance.shapes(self.key)[0], self.advance.sharding.fit
        # Placed as in training, so that its evaluations use the same traces.
        fit = jax.tree.map(
            lambda leaf, where: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where), shapes, place(shapes)
        )
        for evaluation in self.evaluations.values():
            evaluation.check(fit, self.key)
        return self

    def evaluate(self, fit: dict, step: int) -> list[dict]:
        """Returns a row of metrics for each split."""
        place = {"step": step, "epoch": step / self.plan.steps_per_epoch}
        return [{"split": split, **place, **score(fit, self.key, step)} for split, score in self.evaluations.items()]

    def of(self, recipe: Recipe) -> "Setup | None":
        """Returns these parts for a recipe with another seed, and others of the numbers that the programs take.

        None if the seed decides more than the key of the run.
        """
        shares = trainers.traits(self.recipe.trainer).shares_programs
        if recipe.seed != self.recipe.seed and (self.recipe.val_share or not shares):
            return None
        numbers = {name: getattr(recipe, name) for name in self.trainer.numbers}
        recipe = replace(self.recipe, seed=recipe.seed, **numbers)
        trainer = self.trainer._replace(numbers=arguments(recipe, numbers))
        advance = self.advance if trainer.numbers == self.trainer.numbers else self.advance.of(trainer)
        rate = self.rate._replace(numbers={name: trainer.numbers[name] for name in self.rate.numbers})
        return replace(
            self, recipe=recipe, key=jax.random.key(recipe.seed), trainer=trainer, advance=advance, rate=rate
        )


def setup(
    recipe: Recipe,
    place: Place = Place(),  # noqa: B008
    *,
    sharding: Sharding | None = None,
    skip_bad: bool = False,
    log_every: int | None = None,
    score_samples: bool = True,
    own: Opened | None = None,
    remat: bool = False,
    measures: tuple[str, ...] = (),
    numbers: Collection[str] = (),
) -> Setup:
    """Loads the data and builds the parts of a run.

    Args:
        recipe: Recipe of the run.
        place: Folder and options of the data.
        sharding: Sharding of the arrays; None for data parallelism over all devices.
        skip_bad: Whether to skip a step whose metrics are not finite, instead of ending the run.
        log_every: Steps between two logged rows; None for a part of an epoch.
        score_samples: Whether samples will be scored, for which a classifier may have to be trained first.
        own: Stream or arrays to train on, in place of the data of the recipe.
        remat: Whether to train the rematerialised model.
        measures: Names of the measures to compute at every evaluation.
        numbers: Names of the fields that the programs take as arguments where they can, see `trainers.numbers`.

    Raises:
        BadInput: If model and data are incompatible, or an option is invalid.
        DataUnavailable: If the data cannot be loaded.
    """
    kind, data, stream = _loaded(recipe, place, own)
    wanted = spec_for(kind, data, recipe.task)
    recipe, train, held = _examples(recipe, data, kind, stream, place.print_fn)
    splits = preprocessed(data, train, held)
    scalers = scalers_for(recipe, data, splits["train"], place.print_fn)
    feed, cut = batches_for(recipe, data, splits.pop("train"), scalers, stream, whole=_is_whole(recipe))
    plan = _plan(recipe, feed, log_every, place.print_fn)
    model, data = build(recipe.model, wanted, recipe.m, recipe.dtype), replace(data, train=train)
    task_of = partial(_task, model, kind=kind, data=data, wanted=wanted, scalers=scalers)
    what = task_of(recipe, print_fn=place.print_fn, score_samples=score_samples)
    whole = measures_of(model, what.task, measures) if measures else None
    sharding = _dividing(sharding or data_parallel(), recipe)
    facts = trainers.Run(recipe, plan.steps, plan.steps_per_epoch, sharding, None if stream else train.y)
    learner = each_player(rematerialised, model) if remat else model
    trainer = make_with_numbers(learner, what.task, facts, numbers, lambda changed: task_of(changed).task)
    return Setup(
        recipe=recipe,
        data=data,
        source=kind,
        made_for=wanted,
        model=model,
        trainer=trainer,
        advance=_advance(trainer, feed, sharding, skip_bad),
        plan=plan,
        evaluations={name: Evaluator(trainer, split, *scalers, sharding, cut, whole) for name, split in splits.items()},
        measures=measures,
        rate=rate_of(recipe, plan.steps, plan.steps_per_epoch, trainer),
        key=jax.random.key(recipe.seed),
        **what._asdict(),
    )


def _task(
    model: Layer,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    wanted: ModelSpec,
    scalers: Scalers,
    print_fn: Callable[[str], None] = lambda text: None,
    score_samples: bool = False,
) -> TaskSpec:
    score = partial(sample_score_for, print_fn=print_fn) if score_samples else (lambda *args: None)
    weights = _class_weights(recipe, data, print_fn)
    found = task_for_data(model, recipe, kind, data, wanted, scalers, score, weights)
    check_weighted(recipe, data, found.task)
    return found


def _dividing(sharding: Sharding, recipe: Recipe) -> Sharding:
    check_divides(recipe.batch_size, sharding.data_parallelism)
    return sharding


def _plan(recipe: Recipe, feed: BatchSource, log_every: int | None, print_fn: Callable[[str], None]) -> Plan:
    plan = plan_for(recipe, feed.steps_per_epoch, log_every)
    check_updates(recipe, plan.steps, plan.steps_per_epoch, print_fn)
    return plan


def _class_weights(recipe: Recipe, data: Dataset, print_fn: Callable[[str], None]) -> tuple[float, ...]:
    """Returns the weight of each class, and prints those that are balanced."""
    if recipe.class_weights and not data.classes:
        raise BadInput(f"--class-weights {recipe.class_weights}: the targets of {data.name} are no classes; omit it")
    weights = class_weights(recipe.class_weights, data.classes, data.train.y, data.train.weight)
    if recipe.class_weights == BALANCED:
        print_fn(f"weights of the classes, balanced: {described_weights(weights, data.classes)}")
    return weights


def _loaded(recipe: Recipe, place: Place, own: Opened | None) -> tuple[Source, Dataset, OpenStream | None]:
    """Returns the data that were given or those of the recipe, and the stream; prints what was assumed of the data."""
    if recipe.fold and isinstance(own, OpenStream):
        raise BadInput(f"--fold {recipe.fold}: the batches of a stream cannot be divided into folds; omit it")
    kind = own.kind if own else source(recipe.dataset)
    check_compatible(recipe.model, kind, recipe.task, by_recipe=tasks.by_recipe(recipe.task))
    data = own.data if own else load_data(recipe.dataset, place, recipe.d)
    data = fitted_to_training(recipe, of_fold(data, kind.kind, recipe.fold))
    for line in data.notes if own else ():  # those of data that were loaded are printed already
        place.print_fn(line)
    check_targets(data, recipe.task, tasks.targets)
    if trainers.traits(recipe.trainer).binary:
        check_binary(recipe, data)
    if options := trainers.stored(recipe):
        data = stored_examples(recipe, data, options, place.print_fn)
    return kind, data, own if isinstance(own, OpenStream) else None


def _examples(
    recipe: Recipe, data: Dataset, kind: Source, stream: OpenStream | None, print_fn: Callable[[str], None]
) -> tuple[Recipe, Split, Split | None]:
    """Returns the recipe with its trainer and a batch size that fits, and the training and validation examples."""
    recipe = replace(recipe, trainer=trainers.variant(recipe.trainer, recipe.task or data.task))
    batch = trainers.traits(recipe.trainer).batch
    if stream and batch != "any":
        raise BadInput(f"Stream: the trainer {recipe.trainer} cannot learn from a stream; choose another recipe")
    recipe, train, held = validation_split(recipe, data, kind, stream)
    # A stream shows only its first batches, and a memory learns no classes.
    for line in () if stream or trainers.stored(recipe) else class_notes(data, train, held):
        print_fn(line)
    return batches_that_fit(recipe, train, held, whole=_is_whole(recipe))


def _is_whole(recipe: Recipe) -> bool:
    return trainers.traits(recipe.trainer).batch == "all"


def _advance(trainer: Trainer, feed: BatchSource, sharding: Sharding, skip_bad: bool) -> StepProgram:
    """Returns the program of the training steps; refuses sharding rules that do not suit the parameters."""
    advance = (StreamedStepProgram if feed.reads else StepProgram)(trainer, feed, sharding, skip_bad=skip_bad)
    if sharding.rules:
        sharding.check(jax.eval_shape(advance.made, jax.random.key(0), advance.arrays))
    return advance
