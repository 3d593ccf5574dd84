"""One picture file to one array of bytes, or an error that names the file and what is wrong with it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

__all__ = ["ENDINGS", "open_picture", "read_picture"]

ENDINGS = (".png", ".jpg", ".jpeg")


def read_picture(path: Path, size: int = 0, grey: bool = False) -> "np.ndarray":
    """Reads a PNG or JPEG file, uint8 (height, width, 3), or (height, width, 1) in grey.

    A photograph is turned as its camera says it was held; of one with transparent parts the colours are taken.

    Args:
        path: the file.
        size: cut to the largest square in the middle and scaled to so many pixels a side; 0 leaves it as it is.
        grey: the luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).

    Raises:
        BadInput: if the file cannot be read, is no whole picture, has more than 8 bits a channel or more pixels than
            pillow thinks safe to unpack.
    """
    import numpy as np
    from PIL import Image

    picture = open_picture(path).convert("L" if grey else "RGB")
    if size:
        picture = _middle(picture).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(picture).reshape(picture.height, picture.width, -1)


def open_picture(path: Path) -> "Image.Image":
    """The picture in a PNG or JPEG file, turned upright and unpacked, in whatever colours it has.

    Raises:
        BadInput: as `read_picture`.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # Above its first limit pillow only warns; it raises at twice as many pixels.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # By its bytes, whatever its name says, and by these two readers alone.
            with Image.open(path, formats=("PNG", "JPEG")) as opened:
                _check_depth(path, opened)
                picture = ImageOps.exif_transpose(opened)
                picture.load()
                return picture
    except BadInput:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: too many pixels to unpack safely ({error}); make it smaller first") from error
    except Image.UnidentifiedImageError as error:
        raise BadInput(
            f"{path} is no PNG or JPEG picture, whatever its name says: take it out of the folder"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:  # pillow raises all three at damaged files
        raise BadInput(f"{path} cannot be read, it is damaged or cut off: {error}") from error


def _check_depth(path: Path, picture: "Image.Image") -> None:
    if picture.mode.startswith(("I", "F")):
        raise BadInput(f"{path} has more than 8 bits a channel (mode {picture.mode}): save it with 8")


def _middle(picture: "Image.Image") -> "Image.Image":
    """The largest square in the middle."""
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    return picture.crop((left, top, left + side, top + side))
