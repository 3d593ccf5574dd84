"""Writes predictions that have the form of an image, such as recalled patterns, as PNG files."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadInput
from ..files import PICTURE_MARK, replace_file

__all__ = ["is_pictures", "picture_paths", "write_pictures"]


def is_pictures(found: Sequence[Mapping[str, Any]], shape: Sequence[int]) -> bool:
    """Returns whether predictions are images: patterns of +1 and -1, as many as images of 1 or 3 channels have values.

    Args:
        found: predictions, as `predictions` yields them.
        shape: shape of an input of the model.
    """
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return False
    values = [each.get("values", ()) for each in found]
    return all(len(each) == math.prod(shape) and {*each} <= {-1.0, 1.0} for each in values)


def write_pictures(found: Sequence[Mapping[str, Any]], shape: Sequence[int], folder: Path) -> list[Path]:
    """Writes patterns from -1, black, to 1, white, as PNG files, as `picture_paths` names them; returns the paths.

    Raises:
        BadInput: if a file cannot be written.

    >>> import tempfile
    >>> made = [{"input": "some/a.png", "values": [1, -1]}]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print([path.name for path in write_pictures(made, (1, 2, 1), Path(folder))])
    ['a.png.png']
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    mark, paths = PngInfo(), picture_paths([each["input"] for each in found], folder, set())
    mark.add_text("Software", PICTURE_MARK)
    try:
        for each, path in zip(found, paths, strict=True):
            grey = np.rint((np.asarray(each["values"]).reshape(shape) + 1) * 127.5).astype(np.uint8)
            content = io.BytesIO()
            Image.fromarray(grey[..., 0] if shape[-1] == 1 else grey).save(content, "PNG", pnginfo=mark)
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, content.getvalue())
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be written: {error.strerror or error}") from error
    return paths


def picture_paths(names: Sequence[str], folder: Path, taken: set[Path]) -> list[Path]:
    """Returns the picture of each example in a folder: by its name in the folder that was read, else that of its file.

    Args:
        names: names of the examples.
        folder: folder of the pictures.
        taken: pictures of other examples, to which these are added.
    """
    paths = []
    for name in names:
        place = Path(name)
        inside = place if not place.is_absolute() and ".." not in place.parts else Path(place.name)
        path = first = folder / f"{inside}.png"
        number = 2
        while path in taken:
            path, number = first.with_name(f"{inside.name}-{number}.png"), number + 1
        taken.add(path)
        paths.append(path)
    return paths
