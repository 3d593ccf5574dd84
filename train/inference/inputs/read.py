"""From the files that a user names to raw examples that a model can read."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ...data.formats.csv import near_file
from ...data.formats.image import ENDINGS
from ...errors import BadInput
from . import tables
from .arrays import from_idx, from_npy
from .batch import Batch, Wanted
from .pictures import from_picture
from .tables import from_rows, from_series, from_steps
from .texts import from_lines, from_text

__all__ = ["FORMS", "read_inputs"]

FORMS = {
    "image": "pictures (.png, .jpg), folders of them, .npy, IDX",
    "table": "tables (.csv), .npy",
    "points": "tables (.csv), .npy",
    "series": "tables (.csv), .npy",
    "sequence": "tables (.csv, a step a line), token sequences (.txt, one a line), .npy",
    "text": "texts",
}
"""What can be read for each kind of data."""


def read_inputs(places: Sequence[str], wanted: Wanted, *, invert: bool = False, column: str = "") -> list[Batch]:
    """Reads all files, or none: examples of one shape that follow each other are one batch.

    Args:
        places: files, and folders of pictures.
        wanted: what the model reads.
        invert: makes black white in pictures.
        column: of a table that a forecaster is to foretell.

    Raises:
        BadInput: naming the file, the place in it and what was expected.
    """
    batches = []
    for path in _files(places, wanted):
        batches += _read(path, wanted, invert, column)
    grouped = [list(some) for _, some in groupby(batches, lambda batch: (batch.x.shape[1:], batch.x.dtype))]
    return [_joined(some) for some in grouped]


def _files(places: Sequence[str], wanted: Wanted) -> list[Path]:
    files = []
    for place in places:
        path = Path(place).expanduser()
        if not path.exists():
            raise BadInput(f"cannot read {path}: there is no such file{near_file(path)}")
        if not path.is_dir():
            files.append(path)
            continue
        if wanted.kind != "image":
            raise BadInput(f"{path} is a folder; the model reads {FORMS[wanted.kind]}")
        found = sorted(each for each in path.iterdir() if each.suffix.lower() in ENDINGS)
        if not found:
            raise BadInput(f"{path} holds no pictures ({', '.join(ENDINGS)})")
        files += found
    return files


def _read(path: Path, wanted: Wanted, invert: bool, column: str) -> list[Batch]:
    suffix = path.suffix.lower()
    if wanted.kind == "text":
        return [from_text(path, wanted)]
    if suffix == ".npy":
        return [from_npy(path, wanted)]
    if wanted.kind == "image" and suffix in ENDINGS:
        return [from_picture(path, wanted, invert=invert)]
    if wanted.kind == "image" and (suffix in (".idx", ".gz") or "idx" in path.name):
        return [from_idx(path, wanted)]
    if wanted.vocabulary and suffix == ".txt":
        return from_lines(path, wanted)
    if suffix in tables.SUFFIXES and wanted.kind in ("table", "points"):
        return [from_rows(path, wanted)]
    if suffix in tables.SUFFIXES and wanted.kind == "series":
        return [from_series(path, wanted, column)]
    if suffix in tables.SUFFIXES and wanted.kind == "sequence" and not wanted.vocabulary:
        return [from_steps(path, wanted)]
    raise BadInput(f"{path}: files ending in {suffix or 'nothing'} are not read here; expected {FORMS[wanted.kind]}")


def _joined(some: list[Batch]) -> Batch:
    names = [name for batch in some for name in batch.names]
    return Batch(names, np.concatenate([batch.x for batch in some]), sum((batch.notes for batch in some), ()))
