"""Generated images of shapes with the factors that they were rendered from: to render them, or to find the factors.

`shape_attributes` has the attributes as inputs and the images as targets. Some pairs of form and colour are test
examples alone, so that a model must combine what it learned of each. `shape_factors` has grey images as inputs and
their factors as targets: place, angle, light and form.
"""

from typing import TYPE_CHECKING, Annotated

from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split
from ._forms import FORMS, TURNED, depth

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "shape_attributes", "shape_factors"]

_SIDE, _TEST = 32, 1000
_COLOURS = {
    "red": (0.9, 0.2, 0.2), "yellow": (0.9, 0.85, 0.2), "green": (0.2, 0.8, 0.3),
    "turquoise": (0.2, 0.8, 0.8), "blue": (0.25, 0.35, 0.95), "purple": (0.75, 0.3, 0.9),
}  # fmt: skip
_GROUND = 0.1  # brightness
_ATTRIBUTES = (*FORMS, *_COLOURS, "size", "row", "column", "angle")
_FACTORS = ("row", "column", "angle", "light", *TURNED)
_IN_SET = (7, 7, 7, 7, len(TURNED))  # images of a set in which row, column, angle, light or form varies
_LOW, _HIGH = (11.0, 11.0, -45.0, 0.4), (21.0, 21.0, 45.0, 1.0)
_RADIUS = 9.0


def shape_attributes(place: Place, *, examples: Annotated[int, Bounds(100, 100_000)] = 5000, seed: Seed = 0) -> Dataset:
    """Generates attributes, float32 (N, 16), and the images that they describe, float32 (N, 3072) from 0 to 1.

    Form and colour are 0 or 1 each, in columns of their names; size is the radius in pixels, row and column are the
    centre in pixels, angle is in degrees. The images are 32x32 pixels of three channels, in rows of numbers. The test
    examples are all of the pairs of form and colour that no training example has, a sixth of the pairs.

    Args:
        place: not used; the images are generated.
        examples: number of training images; the test split has 1,000.
        seed: seed of the images.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    parts = []
    for count, unseen in ((examples, False), (_TEST, True)):
        pairs = [(form, colour) for form in range(6) for colour in range(6) if (form == colour) == unseen]
        form, colour = np.array(pairs)[rng.integers(0, len(pairs), count)].T
        radius = rng.uniform(6, 11, count)
        centre, angle = rng.uniform(12, _SIDE - 12, (2, count)), rng.uniform(-30, 30, count)
        x = np.concatenate([np.eye(6)[form], np.eye(6)[colour], np.stack([radius, *centre, angle], 1)], axis=1)
        hues = np.array(list(_COLOURS.values()), np.float32)[colour]
        cover = _cover(form, radius, centre, np.radians(angle))[..., None]
        y = _GROUND + cover * (hues[:, None, None] - _GROUND)
        parts.append(Split(x.astype(np.float32), y.reshape(count, -1).astype(np.float32)))
    return Dataset("shape_attributes", "generation", *parts, features=_ATTRIBUTES, target="image")


def shape_factors(place: Place, *, sets: Annotated[int, Bounds(1, 10_000)] = 300, seed: Seed = 0) -> Dataset:
    """Generates grey images, uint8 (N, 32, 32, 1), and the factors that they were rendered from, float32 (N, 7).

    Row and column are the centre in pixels, angle is in degrees, light is the brightness, and the last three columns
    are 1 for a bar, a hook or a T. The training images are sets in which one factor alone varies, 7 images
    with random values of it or one of each form; the other factors are random, equal in a set. Sets of the five factors
    follow each other in turn. The factors of the 1,000 test images are all random.

    Args:
        place: not used; the images are generated.
        sets: number of training sets of each factor, 31 images together.
        seed: seed of the images.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    train = np.concatenate([_varied(rng, factor) for _ in range(sets) for factor in range(len(_IN_SET))])
    splits = _factored(train), _factored(_drawn(rng, _TEST))
    return Dataset("shape_factors", "regression", *splits, target=", ".join(_FACTORS))


def _varied(rng: "np.random.Generator", factor: int) -> "np.ndarray":
    """Returns row, column, angle, light and form of a set of images in which one of them varies (images, 5)."""
    import numpy as np

    size = _IN_SET[factor]
    rows = np.repeat(_drawn(rng, 1), size, axis=0)
    form = factor == len(_IN_SET) - 1
    rows[:, factor] = np.arange(size) if form else _drawn(rng, size)[:, factor]
    return rows


def _drawn(rng: "np.random.Generator", count: int) -> "np.ndarray":
    """Draws row, column, angle, light and form (count, 5)."""
    import numpy as np

    numbers = (rng.uniform(*ends, count) for ends in zip(_LOW, _HIGH, strict=True))
    return np.stack([*numbers, rng.integers(0, len(TURNED), count)], axis=1)


def _factored(factors: "np.ndarray") -> Split:
    """Renders images of row, column, angle, light and form (n, 5)."""
    import numpy as np

    row, column, angle, light, form = factors.T
    forms = len(FORMS) + form.astype(int)  # those that show their angle come after the others
    cover = _cover(forms, np.full(len(factors), _RADIUS), np.stack([row, column]), np.radians(angle))
    images = np.round(255 * light[:, None, None] * cover).astype(np.uint8)[..., None]
    y = np.concatenate([factors[:, :4], np.eye(3)[form.astype(int)]], axis=1).astype(np.float32)
    return Split(images, y)


def _cover(form: "np.ndarray", radius: "np.ndarray", centre: "np.ndarray", turn: "np.ndarray") -> "np.ndarray":
    """Returns the share of each pixel that a form covers (n, side, side); arguments as of `depth`."""
    import numpy as np

    return np.clip(depth(_SIDE, form, radius, centre, turn) + 0.5, 0, 1)


SOURCES = (
    Source("shape_attributes", "6,000 attributes of shapes with their images, 32x32, generated", "table", "generation",
           (len(_ATTRIBUTES),), 3 * _SIDE * _SIDE, shape_attributes),
    Source("shape_factors", "10,300 grey shapes with place, angle, light and form, 32x32, generated", "image",
           "regression", (_SIDE, _SIDE, 1), len(_FACTORS), shape_factors),
)  # fmt: skip
