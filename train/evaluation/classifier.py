"""A small classifier of a data set's own images: trained by the house's own means, once, and kept.

It lies as a model file in the user's cache, under a name from the images and the recipe, so that every later run has
the same one. Trained again it has the same numbers.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .. import trainers
from ..config.recipe import Recipe
from ..data.dataset import Dataset, Split
from ..data.normalize import Scaler, fit_scaler
from ..distributed.sharding import data_parallel
from ..engine.loop import Plan, train
from ..engine.steps import StepProgram
from ..errors import BadInput, CheckpointUnusable
from ..files import user_cache
from ..pipeline.batches import from_memory
from ..tasks import task_for
from ..trained.build import ModelSpec, build
from ..trained.file import save
from ..trained.model import Trained, load
from ..trainer import eval_params
from ..trainers.schedules import make_schedule

__all__ = ["image_classifier"]

_SEEN = 30_000  # images that it sees in all, as far as 2 to 20 epochs allow


def image_classifier(data: Dataset, say: Callable[[str], None] = lambda text: None) -> Trained:
    """The classifier of these images: from the user's cache, else trained now and kept there.

    Args:
        data: images with classes; train and test.
        say: told, in a line, that a classifier is trained.

    Raises:
        BadInput: if there are fewer than two classes, between which nothing could be learned.
    """
    if len(data.classes) < 2 or len(np.unique(data.train.y)) < 2:
        raise BadInput(
            f"{data.name} has images of one class: the classifier by which made images are judged wants two or more"
        )
    recipe = _recipe(data)
    digest = _digest(data, recipe)
    folder = _folder(f"{data.name}-{digest[:16]}")
    return _kept(folder, digest) or _made(data, recipe, digest, folder, say)


def _recipe(data: Dataset) -> Recipe:
    """Enough for 97 % and more; that it is the same for all matters more than the last percent."""
    return Recipe(
        "cnn",
        data.name,
        m={"filters": (16, 32), "hidden": 64, "dropout": 0.25},
        opt="adamw",
        lr=2e-3,
        sched="cosine",
        epochs=min(max(round(_SEEN / len(data.train.x)), 2), 20),
        weight_decay=1e-2,
    )


def _digest(data: Dataset, recipe: Recipe) -> str:
    whole = hashlib.sha256(json.dumps(asdict(recipe)).encode())
    for each in (data.train.x, data.train.y, data.test.x, data.test.y):
        whole.update(f"{each.dtype} {each.shape}".encode())
        whole.update(np.ascontiguousarray(each).data)
    return whole.hexdigest()


def _folder(name: str) -> Path | None:
    try:
        return user_cache() / "zoo" / "classifiers" / name
    except RuntimeError:  # no home, no cache
        return None


def _kept(folder: Path | None, digest: str) -> Trained | None:
    """The classifier of an earlier run; what is damaged counts as absent."""
    if folder is None:
        return None
    try:
        model = load(folder)
    except (CheckpointUnusable, OSError, KeyError, TypeError):
        return None
    return model if model.about.get("digest") == digest else None


def _made(data: Dataset, recipe: Recipe, digest: str, folder: Path | None, say: Callable[[str], None]) -> Trained:
    say(f"training a classifier of {data.name} to judge by, once; it is kept in {folder or 'no place, without a home'}")
    wanted = ModelSpec(len(data.classes))
    scaler = fit_scaler(data.train.x, recipe.normalize)
    fit, model, task = _trained(data.train, recipe, wanted, scaler)
    params, state = eval_params(fit)
    about: dict[str, Any] = {
        "model": recipe.model,
        "options": dict(recipe.m),
        "dataset": data.name,
        "task": task.name,
        "loss": recipe.loss,
        "kind": "image",
        "made_for": wanted._asdict(),
        "input_shape": list(data.train.x.shape[1:]),
        "classes": list(data.classes),
        "target": "",
        "digest": digest,
        "metrics": {},
    }
    made = Trained(model, params, state, scaler, None, task, data.classes, about)
    about["metrics"] = {"accuracy": float(np.mean(made.predict(data.test.x) == data.test.y))}
    if folder is not None:
        with contextlib.suppress(OSError):  # a cache that cannot be written is none
            folder.mkdir(parents=True, exist_ok=True)
            save(folder, {"params": params, "state": state, "scaler": scaler}, about)
    return made


def _trained(split: Split, recipe: Recipe, wanted: ModelSpec, scaler: Scaler) -> tuple[dict, Any, Any]:
    placement = data_parallel(jax.local_devices())  # another process may have kept it from before, and not train now
    size = min(recipe.batch_size, len(split.x))
    feed = from_memory(split, size + -size % placement.data_parallelism, scaler, None, recipe.augment)
    steps = round(recipe.epochs * feed.steps_per_epoch)
    model = build(recipe.model, wanted, recipe.m)
    task = task_for("multiclass", outputs=wanted.outputs)
    trainer = trainers.make(model, task, trainers.Run(recipe, steps, feed.steps_per_epoch, placement))
    rate = make_schedule(recipe, steps, feed.steps_per_epoch)
    fit = train(
        StepProgram(trainer, feed, placement),
        Plan(steps, feed.steps_per_epoch, steps, steps),
        jax.random.key(recipe.seed),
        evaluate=lambda fit, step: [],
        rate=lambda step: np.asarray(rate(step)).item(),
    )
    return fit, model, task
