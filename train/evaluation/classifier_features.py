"""What a classifier sees in images: the features by which made ones are compared with real ones."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..data.normalize import scaled
from ..runtime.compile import jit
from ..trained.model import Trained

__all__ = ["Features", "image_features"]

_CHUNK = 1000  # images that are looked at in one call


class Features(NamedTuple):
    """A classifier's look at images.

    Attributes:
        look: raw images (batch, height, width, channels) to features (batch, n) and probabilities (batch, classes), a
            compiled function. The features are what the last layer reads, moved and scaled so that over given images
            their mean is 0 and their variances add up to 1.
        classes: their names.
        accuracy: of the classifier on the test images.
    """

    look: Callable
    classes: tuple[str, ...]
    accuracy: float

    def of(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and probabilities of any number of raw images, on the host."""
        return _in_chunks(self.look, images)


def image_features(classifier: Trained, images: np.ndarray) -> Features:
    """The features of a classifier that ends with a dense `head`.

    Args:
        classifier: a `cnn`, with its preprocessing.
        images: raw, (images, height, width, channels), that decide where 0 lies and what 1 is: the training images.
    """
    model, state, scale = classifier.model, classifier.state, partial(scaled, classifier.scaler)
    head = classifier.params["head"]
    width = head["w"].shape[0]
    # The head's kernel with the identity beside it: one pass gives what the last layer reads and what it says.
    wide = {"w": jnp.concatenate([jnp.eye(width), head["w"]], 1), "b": jnp.concatenate([jnp.zeros(width), head["b"]])}
    params = {**classifier.params, "head": wide}

    def seen(images):
        both, _ = model.apply(params, state, scale(images))
        return both[:, :width], jax.nn.softmax(both[:, width:])

    features, _ = _in_chunks(seen, images)
    middle = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = float(np.sqrt(features.var(axis=0, dtype=np.float64).sum()))

    def look(images):
        features, said = seen(images)
        return (features - middle) / spread, said

    return Features(look, classifier.classes, classifier.about["metrics"]["accuracy"])


def _in_chunks(look: Callable, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All batches have one size, so that one program serves them; the last one is filled up with its last image."""
    size, look = min(_CHUNK, len(images)), jit(look)
    parts = []
    for start in range(0, len(images), size):
        chosen = np.minimum(np.arange(start, start + size), len(images) - 1)
        parts.append(jax.device_get(look(jnp.asarray(images[chosen]))))
    features, said = (np.concatenate(each)[: len(images)] for each in zip(*parts, strict=True))
    return features, said
