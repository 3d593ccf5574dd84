"""Reconstructions by principal components, beside which those of an autoencoder with as many latents are scored."""

from typing import Any, NamedTuple

import numpy as np

from ..data.normalize import scaled
from ..data.on_disk import sample

__all__ = ["Principal", "principal_components", "projected"]

_MOST = 1024  # features, whose covariance takes seconds
_SCORED = 10_000  # test examples


class Principal(NamedTuple):
    """Principal components of some examples, in float64.

    Attributes:
        mean: mean of the examples (features,).
        axes: components (components, features), orthonormal, the largest variance first.
        variances: variances of all components (features,), the largest first.
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    @property
    def count(self) -> int:
        """Number of components."""
        return len(self.axes)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Projects examples (n, ...) to the components; returns them flat (n, features)."""
        centred = np.asarray(x, np.float64).reshape(len(x), -1) - self.mean
        return centred @ self.axes.T @ self.axes + self.mean


def principal_components(x: np.ndarray, count: int) -> Principal:
    """Computes principal components of examples (n, features) by the eigenvectors of their covariance.

    >>> found = principal_components(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0], [2.0, 1.0]]), 1)
    >>> abs(found.axes).round(3).tolist(), found.variances.round(3).tolist()
    ([[1.0, 0.0]], [1.0, 0.25])
    """
    x = np.asarray(x, np.float64)
    mean = x.mean(axis=0)
    centred = x - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(x))
    return Principal(mean, vectors[:, ::-1][:, :count].T, np.maximum(values[::-1], 0))


def projected(drawing: Any) -> Principal | None:
    """Returns as many principal components of the training examples as the model has latents, and adds their score.

    Errors are sums of squares over an example, after normalisation; None if there are too many features or latents.
    """
    model, features = drawing.model, int(np.prod(drawing.model.input_shape))
    train, test = (np.asarray(each) for each in (sample(drawing.data.train.x), drawing.data.test.x[:_SCORED]))
    count = model.transform(test[:1]).shape[1]
    if features > _MOST or count >= features or len(train) < 2:
        return None
    flat = scaled(model.scaler, train).reshape(len(train), -1)
    found = principal_components(flat, count)
    z = scaled(model.scaler, test).reshape(len(test), -1)
    own, other = _error(_rebuilt(model, test).reshape(z.shape), z), _error(found(z), z)
    learned, dropped = _error(_rebuilt(model, train).reshape(flat.shape), flat), float(found.variances[count:].sum())
    words = (
        f"squared error an example, after normalisation: {own:.4g}, of {count} principal components {other:.4g}; of "
        f"training examples {learned:.4g}, the eigenvalues that the components drop sum to {dropped:.4g}"
    )
    scores = {"components": count, "sse": own, "sse_pca": other, "sse_train": learned, "dropped": dropped}
    drawing.scores["pca"] = scores | {"summary": words}
    return found


def _rebuilt(trained: Any, x: np.ndarray) -> np.ndarray:
    """Computes the reconstructions of raw examples in the scale of the model, of the shape of the examples."""
    return trained.outputs(x) if trained.task.units == "example" else scaled(trained.scaler, trained.reconstruct(x))


def _error(made: np.ndarray, x: np.ndarray) -> float:
    return float(np.square(made - x.astype(np.float64)).sum(axis=1).mean())
