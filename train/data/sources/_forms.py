"""Forms of generated shapes: how deep each pixel of an image lies inside a form."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FORMS", "TURNED", "depth"]


def depth(
    side: int, kinds: "np.ndarray", radius: "np.ndarray", centre: "np.ndarray", turn: "np.ndarray"
) -> "np.ndarray":
    """Computes the depth of each pixel inside a form in pixels, below 0 outside, float32 (n, side, side).

    Args:
        side: side of the images in pixels.
        kinds: index of each form in `(*FORMS, *TURNED)` (n,).
        radius: radius of each in pixels (n,).
        centre: row and column of each centre in pixels (2, n).
        turn: angle by which each is turned, in radians (n,).
    """
    import numpy as np

    at = (np.arange(side, dtype=np.float32) + 0.5)[:, None] - centre[:, None].astype(np.float32)
    y, x = at[0].T[:, :, None], at[1].T[:, None, :]
    cos, sin = (f(turn).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    x, y = cos * x + sin * y, cos * y - sin * x
    found = np.empty(x.shape, np.float32)
    for kind, form in enumerate((_OF_SHAPES | _TURNED).values()):
        of_kind = kinds == kind
        found[of_kind] = form(x[of_kind], y[of_kind], radius[of_kind].astype(np.float32)[:, None, None])
    return found


def _circle(x, y, radius):
    import numpy as np

    return 0.9 * radius - np.hypot(x, y)


def _square(x, y, radius):
    import numpy as np

    return 0.8 * radius - np.maximum(np.abs(x), np.abs(y))


def _triangle(x, y, radius):
    """Equilateral; one side is horizontal."""
    import numpy as np

    slanted = np.sqrt(np.float32(0.75)) * np.abs(x) - 0.5 * y
    return 0.55 * radius - np.maximum(slanted, y)


def _star(x, y, radius):
    """Five points; each tenth of a turn holds one straight side, from a point to the next notch."""
    import numpy as np

    tenth, notch = np.float32(np.pi / 5), 0.42
    angle = np.abs((np.arctan2(x, -y) + tenth) % (2 * tenth) - tenth)  # measured from the nearest point
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


def _bar(x, y, radius):
    import numpy as np

    return np.minimum(radius - np.abs(x), 0.35 * radius - np.abs(y))


def _hook(x, y, radius):
    """Two bars that meet at a right angle, about their centre of mass."""
    import numpy as np

    def bar(along, aside):
        return np.minimum(0.75 * radius - np.abs(along), 0.24 * radius - np.abs(aside + 0.51 * radius))

    x, y = x - 0.2064 * radius, y + 0.2064 * radius
    return np.maximum(bar(x, -y), bar(y, x))


def _tee(x, y, radius):
    """A bar and a second one below its middle, about their centre of mass."""
    import numpy as np

    y = y + 0.3393 * radius
    beam = np.minimum(0.85 * radius - np.abs(x), 0.22 * radius - np.abs(y))
    return np.maximum(beam, np.minimum(0.22 * radius - np.abs(x), 0.6 * radius - np.abs(y - 0.82 * radius)))


_OF_SHAPES = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star, "ring": _ring, "cross": _cross,
}  # fmt: skip
_TURNED = {"bar": _bar, "hook": _hook, "tee": _tee}
FORMS = tuple(_OF_SHAPES)
"""Names of the forms of coloured shapes."""
TURNED = tuple(_TURNED)
"""Names of forms that look different after any turn of less than half a circle."""
