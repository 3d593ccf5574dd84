"""Classifier of a data set's own images, and the features by which generated images are compared with real ones.

The classifier is trained once and kept as a model file in the user's cache, under a name from the images and the
recipe, so that later runs use the same one. Trained again it has the same numbers.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .. import trainers
from ..config.recipe import Recipe
from ..data.dataset import Dataset, Split
from ..data.normalize import Scaler, fit_scaler, scaled
from ..distributed.sharding import data_parallel
from ..engine.loop import train
from ..engine.plan import Plan
from ..engine.steps import StepProgram
from ..errors import BadInput, CheckpointUnusable
from ..files import user_cache
from ..pipeline.batches import from_memory
from ..runtime.compile import jit
from ..tasks import task_for
from ..trained.build import ModelSpec, build
from ..trained.file import save
from ..trained.model import Trained, load
from ..trainer import eval_params
from ..trainers.schedules import make_schedule

__all__ = ["Features", "features_of", "image_classifier", "image_features"]

_SEEN = 30_000  # training images in all, within 2 to 20 epochs
_SCALED_BY = 10_000  # training images that decide the scale of the features
_CHUNK = 1000  # images per call of the compiled program


class Features(NamedTuple):
    """Features of images in a classifier.

    Attributes:
        compute: `raw images (batch, height, width, channels) -> (features (batch, n), probabilities (batch, classes))`.
            The features are the inputs of the last layer, shifted and scaled so that over given images their mean is
            0 and their variances add up to 1.
        classes: names of the classes.
        accuracy: accuracy of the classifier on the test images.
    """

    compute: Callable
    classes: tuple[str, ...]
    accuracy: float

    def of(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Computes features and probabilities of any number of raw images, on the host."""
        return _in_chunks(self.compute, images)


def features_of(data: Dataset, print_fn: Callable[[str], None] = lambda text: None) -> Features:
    """Returns the features by which images of a data set are compared.

    Args:
        data: images with two classes or more.
        print_fn: called with a line before a classifier is trained.

    Raises:
        BadInput: if all images have one class.
    """
    return image_features(image_classifier(data, print_fn), data.train.x[:_SCALED_BY])


def image_features(classifier: Trained, images: np.ndarray) -> Features:
    """Builds the features of a classifier that ends with a dense layer named `head`.

    Args:
        classifier: a trained `cnn`.
        images: raw images (images, height, width, channels) that decide shift and scale, the training images.
    """
    model, state, scale = classifier.model, classifier.state, partial(scaled, classifier.scaler)
    head = classifier.params["head"]
    width = head["w"].shape[0]
    # The identity beside the kernel of the head: one pass gives the inputs and the outputs of the last layer.
    wide = {"w": jnp.concatenate([jnp.eye(width), head["w"]], 1), "b": jnp.concatenate([jnp.zeros(width), head["b"]])}
    params = {**classifier.params, "head": wide}

    def seen(images):
        both, _ = model.apply(params, state, scale(images))
        return both[:, :width], jax.nn.softmax(both[:, width:])

    features, _ = _in_chunks(seen, images)
    middle = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = float(np.sqrt(features.var(axis=0, dtype=np.float64).sum()))

    def compute(images):
        features, probabilities = seen(images)
        return (features - middle) / spread, probabilities

    return Features(compute, classifier.classes, classifier.about["metrics"]["accuracy"])


def image_classifier(data: Dataset, print_fn: Callable[[str], None] = lambda text: None) -> Trained:
    """Returns the classifier of a data set's images: from the user's cache, else trained now and kept there.

    Args:
        data: images with classes.
        print_fn: called with a line before a classifier is trained.

    Raises:
        BadInput: if there are fewer than two classes.
    """
    if len(data.classes) < 2 or len(np.unique(data.train.y)) < 2:
        raise BadInput(
            f"{data.name} has images of one class; the classifier that scores generated images requires two or more"
        )
    recipe = _recipe(data)
    digest = _digest(data, recipe)
    folder = _folder(f"{data.name}-{digest[:16]}")
    return _cached(folder, digest) or _new(data, recipe, digest, folder, print_fn)


def _recipe(data: Dataset) -> Recipe:
    """Returns a recipe that reaches 97 % and more; one recipe for all runs matters more than the last percent."""
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


def _cached(folder: Path | None, digest: str) -> Trained | None:
    """Loads the classifier of an earlier run; None if it is missing or damaged."""
    if folder is None:
        return None
    try:
        model = load(folder)
    except (CheckpointUnusable, OSError, KeyError, TypeError):
        return None
    return model if model.about.get("digest") == digest else None


def _new(data: Dataset, recipe: Recipe, digest: str, folder: Path | None, print_fn: Callable[[str], None]) -> Trained:
    kept = f"kept in {folder}" if folder else "not kept, since the user has no home folder"
    print_fn(f"training a classifier of {data.name}, once, to score generated images; it is {kept}")
    spec = ModelSpec(len(data.classes))
    scaler = fit_scaler(data.train.x, recipe.normalize)
    fit, model, task = _trained(data.train, recipe, spec, scaler)
    params, state = eval_params(fit)
    about: dict[str, Any] = {
        "model": recipe.model,
        "options": dict(recipe.m),
        "dataset": data.name,
        "task": task.name,
        "loss": recipe.loss,
        "kind": "image",
        "made_for": spec._asdict(),
        "input_shape": list(data.train.x.shape[1:]),
        "classes": list(data.classes),
        "target": "",
        "digest": digest,
        "metrics": {},
    }
    trained = Trained(model, params, state, scaler, None, task, data.classes, about)
    about["metrics"] = {"accuracy": float(np.mean(trained.predict_indices(data.test.x) == data.test.y))}
    if folder is not None:
        with contextlib.suppress(OSError):  # a cache that cannot be written is not used
            folder.mkdir(parents=True, exist_ok=True)
            save(folder, {"params": params, "state": state, "scaler": scaler}, about)
    return trained


def _trained(split: Split, recipe: Recipe, spec: ModelSpec, scaler: Scaler) -> tuple[dict, Any, Any]:
    sharding = data_parallel(jax.local_devices())  # other processes may have it in their cache
    size = min(recipe.batch_size, len(split.x))
    feed = from_memory(split, size + -size % sharding.data_parallelism, scaler, None, recipe.augment)
    steps = round(recipe.epochs * feed.steps_per_epoch)
    model = build(recipe.model, spec, recipe.m)
    task = task_for("multiclass", outputs=spec.outputs)
    trainer = trainers.make(model, task, trainers.Run(recipe, steps, feed.steps_per_epoch, sharding))
    rate = make_schedule(recipe, steps, feed.steps_per_epoch)
    fit = train(
        StepProgram(trainer, feed, sharding),
        Plan(steps, feed.steps_per_epoch, steps, steps),
        jax.random.key(recipe.seed),
        evaluate=lambda fit, step: [],
        rate=lambda step: np.asarray(rate(step)).item(),
    )
    return fit, model, task


def _in_chunks(compute: Callable, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Applies a function to batches of one size, so that one program serves them; the last repeats its last image."""
    size, compute = min(_CHUNK, len(images)), jit(compute)
    parts = []
    for start in range(0, len(images), size):
        chosen = np.minimum(np.arange(start, start + size), len(images) - 1)
        parts.append(jax.device_get(compute(jnp.asarray(images[chosen]))))
    features, probabilities = (np.concatenate(each)[: len(images)] for each in zip(*parts, strict=True))
    return features, probabilities
