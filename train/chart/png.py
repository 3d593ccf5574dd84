"""Writes a drawing as PNG by matplotlib, from the same shapes as the SVG."""

from pathlib import Path

from ..plots.style import picture as figure_of
from .shapes import Box, Circle, Line, Picture, Shape

__all__ = ["png"]

_SCALE = 1.6  # pictures are sharp on dense screens
_INCH, _POINT = _SCALE / 96, _SCALE * 0.75  # of a pixel of the drawing


def png(picture: Picture, path: Path | str) -> None:
    """Draws a picture and saves it.

    Args:
        picture: the drawing.
        path: PNG file to write.
    """
    with figure_of(path, picture.width * _INCH, picture.height * _INCH) as figure:
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, picture.width), ylim=(picture.height, 0), frame_on=False)
        axes.set_axis_off()
        for layer, shape in enumerate(shape for part in picture.parts for shape in part.shapes):
            _draw(axes, shape, layer)


def _draw(axes, shape: Shape, layer: int) -> None:
    from matplotlib import patches

    style = {"zorder": 2 + layer * 1e-3}  # later shapes lie above earlier ones
    if isinstance(shape, Circle):
        axes.add_patch(patches.Circle((shape.x, shape.y), shape.radius, color=shape.fill, linewidth=0, **style))
    elif isinstance(shape, Line):
        form = (0, (4, 3)) if shape.dashed else "-"
        axes.plot(*zip(*shape.points, strict=True), color=shape.colour, lw=shape.width * _POINT, ls=form, **style)
    elif isinstance(shape, Box):
        form = patches.BoxStyle("round", pad=0, rounding_size=6)
        frame = patches.FancyBboxPatch((shape.x, shape.y), shape.width, shape.height, form, linewidth=_POINT, **style)
        frame.set(facecolor=shape.fill, edgecolor=shape.edge, linestyle=(0, (4, 3)) if shape.dashed else "-")
        axes.add_patch(frame)
    else:
        weight = "bold" if shape.bold else "normal"
        words = {"fontsize": shape.size * _POINT, "color": shape.colour, "fontweight": weight}
        axes.text(
            shape.x, shape.y, shape.text, ha="left" if shape.starts else "center", va="baseline", **words, **style
        )
