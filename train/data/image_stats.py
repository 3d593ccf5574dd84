"""What the raw training inputs were like, so that a picture from elsewhere can be brought to their scale."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["edge_of", "image_stats"]


def image_stats(kind: str, x: "np.ndarray") -> dict[str, Any]:
    """The facts that a model file keeps of its training inputs, as stored.

    Args:
        kind: of the data set; only pictures have facts.
        x: (examples, height, width, channels).

    Returns:
        `input_range`, the least and the largest value; `input_edge`, how bright the outermost pixels are on average,
        0 at the least value and 1 at the largest.

    >>> import numpy as np
    >>> image_stats("image", np.array([[[[0], [0]], [[0], [16]]]], np.uint8))
    {'input_range': [0.0, 16.0], 'input_edge': 0.25}
    """
    if kind != "image":
        return {}
    low, high = float(x.min()), float(x.max())
    return {"input_range": [low, high], "input_edge": (edge_of(x) - low) / ((high - low) or 1)}


def edge_of(x: "np.ndarray") -> float:
    """The mean of the outermost pixels of pictures (..., height, width, channels)."""
    sides = (x[..., 0, :, :], x[..., -1, :, :], x[..., 1:-1, 0, :], x[..., 1:-1, -1, :])
    return float(sum(side.sum(dtype="float64") for side in sides) / sum(side.size for side in sides))
