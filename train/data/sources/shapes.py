"""Geometric shapes in a landscape, drawn here: a small colour set whose colours can be told from what is seen.

Each kind of shape has its hue, above lies a blue sky, below green ground; how bright each is varies from image to
image. So a grey copy does not have the colours in it, and still they can be found: by what stands there, and where.
"""

from typing import TYPE_CHECKING

from ..dataset import Dataset, Place, Source, Split
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "shapes"]

_SIDE = 32
_TEST = 1000
# Each kind with its colour, red, green and blue in 0 to 1, at full brightness.
_KINDS = {
    "circle": (1.0, 0.25, 0.2),  # red
    "square": (0.35, 0.4, 1.0),  # blue
    "triangle": (1.0, 0.85, 0.1),  # yellow
    "star": (0.75, 0.25, 0.95),  # purple
    "ring": (1.0, 0.55, 0.1),  # orange
    "cross": (0.1, 0.85, 0.8),  # turquoise
}
_SKY, _GROUND = (0.45, 0.7, 1.0), (0.4, 0.75, 0.25)
_CHUNK = 500  # images at a time, so that the work stays in the processor's cache


def shapes(place: Place, *, examples: int = 4000, seed: int = 0) -> Dataset:
    """Images of one shape each, uint8 (N, 32, 32, 3) in red, green and blue; the class is the shape's kind.

    Args:
        place: not used, the images are drawn here.
        examples: images to learn from; 1,000 more are for testing.
        seed: draws other images.
    """
    import numpy as np

    within("examples", examples, 10, 100_000)
    within("seed", seed, 0, 2**32 - 1)
    rng, n = np.random.default_rng(seed), examples + _TEST
    y = rng.integers(0, len(_KINDS), n).astype(np.int32)
    x = np.concatenate([_drawn(rng, y[start : start + _CHUNK]) for start in range(0, n, _CHUNK)])
    return Dataset("shapes", "multiclass", Split(x[:examples], y[:examples]), Split(x[examples:], y[examples:]), _NAMES)


def _drawn(rng: "np.random.Generator", kinds: "np.ndarray") -> "np.ndarray":
    """One image for each kind (n,): the landscape, and the shape with a darker rim, so that it is seen in grey too."""
    import numpy as np

    inside = _inside(rng, kinds)
    bright = rng.uniform(0.55, 1, (len(kinds), 1, 1)) * (1 - 0.5 * np.clip(1.5 - inside, 0, 1))
    colour = np.array(list(_KINDS.values()), np.float32)[kinds]
    cover = np.clip(inside + 0.5, 0, 1)[..., None].astype(np.float32)
    shape = bright[..., None] * colour[:, None, None]
    image = _landscape(rng, len(kinds)) * (1 - cover) + shape * cover
    return np.round(255 * image).astype(np.uint8)


def _landscape(rng: "np.random.Generator", n: int) -> "np.ndarray":
    """Sky above a horizon and ground below it, both paler towards it: (n, side, 1, 3), all columns alike."""
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


def _inside(rng: "np.random.Generator", kinds: "np.ndarray") -> "np.ndarray":
    """How many pixels each pixel lies inside the shape, below 0 outside: (n, side, side)."""
    import numpy as np

    n = len(kinds)
    radius = rng.uniform(7, 11, n)
    centre = rng.uniform(radius + 1, _SIDE - 1 - radius, (2, n))
    turn = rng.uniform(-0.3, 0.3, n)  # radians
    at = (np.arange(_SIDE, dtype=np.float32) + 0.5)[:, None] - centre[:, None].astype(np.float32)
    y, x = at[0].T[:, :, None], at[1].T[:, None, :]
    cos, sin = (f(turn).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    x, y = cos * x + sin * y, cos * y - sin * x
    found = np.empty(x.shape, np.float32)
    for kind, name in enumerate(_NAMES):
        mine = kinds == kind
        found[mine] = _DEPTHS[name](x[mine], y[mine], radius[mine].astype(np.float32)[:, None, None])
    return found


def _circle(x, y, radius):
    import numpy as np

    return 0.9 * radius - np.hypot(x, y)


def _square(x, y, radius):
    import numpy as np

    return 0.8 * radius - np.maximum(np.abs(x), np.abs(y))


def _triangle(x, y, radius):
    """Three sides at half a radius from the centre; it stands on one of them."""
    import numpy as np

    slanted = np.sqrt(np.float32(0.75)) * np.abs(x) - 0.5 * y
    return 0.55 * radius - np.maximum(slanted, y)


def _star(x, y, radius):
    """Five points: in each tenth of the turn one straight side, from a point to the notch beside it."""
    import numpy as np

    tenth, notch = np.float32(np.pi / 5), 0.42
    angle = np.abs((np.arctan2(x, -y) + tenth) % (2 * tenth) - tenth)  # from the nearest point
    length = np.hypot(x, y)
    run, rise = 1 - notch * np.cos(tenth), notch * np.sin(tenth)
    along, aside = length * np.cos(angle), length * np.sin(angle)
    return ((radius - along) * rise - aside * run) / np.hypot(run, rise)


def _ring(x, y, radius):
    import numpy as np

    return 0.24 * radius - np.abs(np.hypot(x, y) - 0.72 * radius)


def _cross(x, y, radius):
    import numpy as np

    long, wide = (f(np.abs(x), np.abs(y)) for f in (np.maximum, np.minimum))
    return np.minimum(radius - long, 0.32 * radius - wide)


_NAMES = tuple(_KINDS)
_DEPTHS = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star, "ring": _ring, "cross": _cross,
}  # fmt: skip
SOURCES = (
    Source("shapes", "5,000 coloured shapes in a landscape, 32x32, drawn here", "image", "multiclass",
           (_SIDE, _SIDE, 3), len(_KINDS), shapes),
)  # fmt: skip
