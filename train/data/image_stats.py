"""Statistics of the raw training images, by which other images are brought to their scale."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["edge_of", "image_stats", "picture_rule"]


def image_stats(kind: str, x: "np.ndarray") -> dict[str, Any]:
    """Computes the statistics of training images that a model file holds.

    Args:
        kind: kind of the data set; only images have statistics.
        x: training inputs as stored, (examples, height, width, channels).

    Returns:
        `input_range`, the smallest and the largest value, and `input_edge`, the mean of the outermost pixels, 0 at the
        smallest value and 1 at the largest; empty for other kinds.

    >>> import numpy as np
    >>> image_stats("image", np.array([[[[0], [0]], [[0], [16]]]], np.uint8))
    {'input_range': [0.0, 16.0], 'input_edge': 0.25}
    """
    if kind != "image":
        return {}
    low, high = float(x.min()), float(x.max())
    return {"input_range": [low, high], "input_edge": (edge_of(x) - low) / ((high - low) or 1)}


def picture_rule(size: int, resize: str, *, grey: bool) -> dict[str, Any]:
    """Returns how the pictures of a folder were read, for the model file.

    Args:
        size: side of the square that they were scaled to; 0: they were kept.
        resize: what became the square.
        grey: whether they were converted to greyscale.

    >>> picture_rule(64, "pad", grey=False)["resize"], picture_rule(0, "crop", grey=True)["resize"]
    ('pad', 'none')
    """
    rule = resize if size else "none"
    return {"size": size, "resize": rule, "grey": grey, "alpha": "onto white", "values": [0, 255]}


def edge_of(x: "np.ndarray") -> float:
    """Computes the mean of the outermost pixels of images (..., height, width, channels)."""
    sides = (x[..., 0, :, :], x[..., -1, :, :], x[..., 1:-1, 0, :], x[..., 1:-1, -1, :])
    return float(sum(side.sum(dtype="float64") for side in sides) / sum(side.size for side in sides))
