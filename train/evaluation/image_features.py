"""The judge of images: do they look, to a classifier trained on the real ones, as the real ones do?

The field's measure, the Frechet inception distance (Heusel et al. 2017), takes the features of a network for
photographs. That network does not fit small grey digits, so here the features are those of a classifier trained on the
same data. The formula is the same, the figures are not to be compared with published ones.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..data.dataset import Dataset
from ..data.normalize import Scaler
from ..metrics.frechet import covariance, frechet
from ..tasks.sample_score import SampleScore
from .classifier import image_classifier
from .classifier_features import Features, image_features

__all__ = ["features_of", "image_judge", "raw_images"]

_SOME = 10_000  # training images, whose features decide the scale


def image_judge(
    data: Dataset, scaler: Scaler, conditional: bool, say: Callable[[str], None] = lambda text: None
) -> SampleScore:
    """Makes the judge of images that are made from noise.

    It reports `frechet`, the Frechet distance in the classifier's features: 0 is the best, and 1 what images would get
    whose features are all the mean of the real ones'. And `classifier_score`, the Inception score's formula
    `exp(E KL(p(class | image) || p(class)))` (Salimans et al. 2016): from 1 to the number of classes. And, of images
    that were asked for by class, `agreement`: the share that the classifier takes for that class.

    Args:
        data: images with two classes or more; the classifier is trained on them, or was by an earlier run.
        scaler: undone before the classifier looks.
        conditional: whether the images are made by class.
        say: told, in a line, that a classifier is trained.

    Raises:
        BadInput: if all images have one class.
    """
    raw, features = raw_images(data, scaler), features_of(data, say)

    def score(made, given, batch):
        weight = batch["weight"]
        seen, said = features.look(raw(made))
        sums = {f"_features_{name}": value for name, value in _moments(seen, weight).items()}
        sums |= {f"_real_{name}": value for name, value in _moments(features.look(raw(batch["x"]))[0], weight).items()}
        sure = jnp.sum(said * jnp.log(jnp.maximum(said, 1e-30)), axis=-1)
        sums |= {"_said": _total(said, weight), "_sure": _total(sure, weight)}
        if conditional:
            sums["agreement"] = _total((jnp.argmax(said, axis=-1) == batch["y"]).astype(jnp.float32), weight)
        return sums

    return SampleScore(score, _finish, "frechet", higher_is_better=False)


def features_of(data: Dataset, say: Callable[[str], None] = lambda text: None) -> Features:
    """The features by which images of this kind are judged; all that judge them here have the same."""
    return image_features(image_classifier(data, say), data.train.x[:_SOME])


def raw_images(data: Dataset, scaler: Scaler) -> Callable:
    """Makes the function from what a model makes to pixels as they are stored, none beyond those that there are."""
    low, high = float(data.train.x.min()), float(data.train.x.max())
    return lambda images: jnp.clip(scaler.invert(images), low, high)


def _moments(features: Any, weight: Any) -> dict:
    there = jnp.where(weight[:, None] > 0, features, 0)
    outer = jnp.matmul(there.T, there, precision="highest")
    return {"mean": _total(features, weight), "outer": (outer, jnp.sum(weight))}


def _total(values: Any, weight: Any) -> tuple[Any, Any]:
    there = (weight > 0).reshape(-1, *(1,) * (values.ndim - 1))
    return jnp.sum(jnp.where(there, values, 0), axis=0), jnp.sum(weight)


def _finish(means: dict) -> dict[str, float]:
    made, real = (
        (means[f"_{name}_mean"], covariance(means[f"_{name}_mean"], means[f"_{name}_outer"]))
        for name in ("features", "real")
    )
    shares = np.asarray(means["_said"], np.float64)
    unsure = np.sum(shares * np.log(np.maximum(shares, 1e-30)))
    told = {
        "frechet": frechet(*made, *real),
        "classifier_score": float(np.exp(max(float(means["_sure"]) - unsure, 0.0))),
    }
    return told | ({"agreement": float(means["agreement"])} if "agreement" in means else {})
