"""Generated images of geometric shapes in a landscape: a small colour data set for image-to-image models.

Each shape has its own hue, the sky is blue, the ground green; their brightness varies from image to image. The colours
of a grey copy can therefore be inferred from its content, but not from its brightness.
"""

from typing import TYPE_CHECKING, Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from ._forms import depth

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "shapes"]

_SIDE = 32
_TEST = 1000
# Each shape, in the order of `FORMS`, with its colour at full brightness: red, green and blue from 0 to 1.
_KINDS = {
    "circle": (1.0, 0.25, 0.2),  # red
    "square": (0.35, 0.4, 1.0),  # blue
    "triangle": (1.0, 0.85, 0.1),  # yellow
    "star": (0.75, 0.25, 0.95),  # purple
    "ring": (1.0, 0.55, 0.1),  # orange
    "cross": (0.1, 0.85, 0.8),  # turquoise
}
_SKY, _GROUND = (0.45, 0.7, 1.0), (0.4, 0.75, 0.25)
_CHUNK = 500  # images at a time, which fit into the processor's cache


def shapes(place: Place, *, examples: Annotated[int, Bounds(10, 100_000)] = 4000, seed: Seed = 0) -> Dataset:
    """Generates RGB images of one shape each, uint8 (N, 32, 32, 3); the class is the shape.

    Args:
        place: not used; the images are generated.
        examples: number of training images; the test split has 1,000.
        seed: seed of the images.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    y = rng.integers(0, len(_KINDS), n).astype(np.int32)
    x = np.concatenate([_render(rng, y[start : start + _CHUNK]) for start in range(0, n, _CHUNK)])
    return Dataset("shapes", "multiclass", Split(x[:examples], y[:examples]), Split(x[examples:], y[examples:]), _NAMES)


def _render(rng: "np.random.Generator", kinds: "np.ndarray") -> "np.ndarray":
    """Renders one image per shape (n,): landscape and shape; a darker rim keeps the shape visible in grey."""
    import numpy as np

    inside = _depth(rng, kinds)
    bright = rng.uniform(0.55, 1, (len(kinds), 1, 1)) * (1 - 0.5 * np.clip(1.5 - inside, 0, 1))
    colour = np.array(list(_KINDS.values()), np.float32)[kinds]
    cover = np.clip(inside + 0.5, 0, 1)[..., None].astype(np.float32)
    shape = bright[..., None] * colour[:, None, None]
    image = _landscape(rng, len(kinds)) * (1 - cover) + shape * cover
    return np.round(255 * image).astype(np.uint8)


def _landscape(rng: "np.random.Generator", n: int) -> "np.ndarray":
    """Renders sky and ground, both paler towards the horizon, (n, side, 1, 3); all columns are equal."""
    import numpy as np

    row, horizon = np.arange(_SIDE) + 0.5, rng.uniform(0.45, 0.75, (n, 1)) * _SIDE
    above = np.clip(horizon - row + 0.5, 0, 1)[..., None]
    far = np.exp(-np.abs(row - horizon) / 8)[..., None]  # 1 at the horizon
    light = rng.uniform(0.5, 1, (2, n, 1, 1))
    sky, ground = (
        share * (np.array(colour) * (1 - 0.5 * far) + 0.5 * far)
        for share, colour in zip(light, (_SKY, _GROUND), strict=True)
    )
    return (above * sky + (1 - above) * ground)[:, :, None].astype(np.float32)


def _depth(rng: "np.random.Generator", kinds: "np.ndarray") -> "np.ndarray":
    """Returns the depth of each pixel inside the shape in pixels, below 0 outside, (n, side, side)."""
    n = len(kinds)
    radius = rng.uniform(7, 11, n)
    centre = rng.uniform(radius + 1, _SIDE - 1 - radius, (2, n))
    turn = rng.uniform(-0.3, 0.3, n)  # radians
    return depth(_SIDE, kinds, radius, centre, turn)


_NAMES = tuple(_KINDS)
SOURCES = (
    Source("shapes", "5,000 coloured shapes in a landscape, 32x32, generated", "image", "multiclass",
           (_SIDE, _SIDE, 3), len(_KINDS), shapes),
)  # fmt: skip
