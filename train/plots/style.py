"""Common style of all plots: sizes, colours, and the same bytes from the same data.

Plots are matplotlib `Figure` objects drawn by Agg; pyplot and its global state are not used.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ..files import PICTURE_MARK, atomic

__all__ = ["BLUE", "FAINT", "GREEN", "GREY", "INK", "PALETTE", "RED", "WIDTH", "class_names", "colour", "empty"]
__all__ += ["picture", "save", "short", "tint"]

# Okabe and Ito (2008), distinguishable with colour blindness; without yellow, which is too pale for lines.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F5AA8", "#8C6D46")
BLUE, RED, GREEN = PALETTE[:3]
INK, GREY, FAINT = "#24292F", "#6E7781", "#E4E8EC"
WIDTH = 8.0  # inches: 960 pixels, the width of a README

_HOUSE = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so that every machine draws the same
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # class names may contain "$"
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titley": 1.0,  # else matplotlib repeats the layout to find a free position for the title
    "axes.labelcolor": GREY,
    "axes.edgecolor": "#AFB8C1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": "#AFB8C1",
    "ytick.color": "#AFB8C1",
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
    "figure.dpi": 120,
    "savefig.dpi": 120,
}


@contextmanager
def picture(path: Path | str, width: float = WIDTH, height: float = 3.4) -> Iterator[Figure]:
    """Context of a figure in the common style, saved to a PNG file when the block ends without an error.

    Args:
        path: PNG file to write.
        width: width in inches.
        height: height in inches.
    """
    with matplotlib.style.context([_HOUSE], after_reset=True):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        for axes in figure.axes:
            axes.yaxis.get_offset_text().set(x=-0.02, ha="right")  # keeps a power of ten clear of the title
        save(figure, path)


def save(figure: Figure, path: Path | str) -> None:
    """Writes a PNG file atomically, without time and version: the same figure gives the same bytes.

    Raises:
        OSError: if the file cannot be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as file, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # class names may use any script
        FigureCanvasAgg(figure).print_png(file, metadata={"Software": PICTURE_MARK})


def colour(index: int) -> str:
    """Returns the colour of class `index`; colours repeat after the eighth."""
    return PALETTE[index % len(PALETTE)]


def tint(base: str, strength: np.ndarray) -> np.ndarray:
    """Blends white (strength 0) with a colour (strength 1): maps strength (...) to RGB (..., 3)."""
    strength = np.clip(np.asarray(strength, np.float64), 0, 1)[..., None]
    return 1 - strength * (1 - np.array(to_rgb(base)))


def class_names(classes: Sequence[str], count: int) -> list[str]:
    """Returns the names of `count` classes; a class without a name is shown by its number.

    >>> class_names(["cat"], 3)
    ['cat', '1', '2']
    """
    return [str(classes[i]) if i < len(classes) else str(i) for i in range(count)]


def short(name: str, length: int = 14) -> str:
    """Shortens a long name.

    >>> short("Brachiosaurus altithorax")
    'Brachiosaurus…'
    """
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"


def empty(axes: Axes, text: str) -> None:
    """Writes a text on axes without data."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, size=11)
