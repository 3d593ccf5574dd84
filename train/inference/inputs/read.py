"""Reads the files that a user names as raw examples for a model."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ...data.formats.csv import near_file
from ...data.formats.image import ENDINGS, files_below
from ...errors import BadInput
from . import tables
from .arrays import from_idx, from_npy
from .batch import Batch, InputSpec
from .pictures import from_picture
from .tables import from_rows, from_series, from_steps
from .texts import from_lines, from_text

__all__ = ["FORMS", "read_inputs"]

FORMS = {
    "image": "images (.png, .jpg, .webp, ...), folders of images, .npy, IDX",
    "table": "tables (.csv), .npy",
    "points": "tables (.csv), .npy",
    "series": "tables (.csv), .npy",
    "sequence": "tables (.csv, one step per line), token sequences (.txt, one per line), .npy",
    "text": "texts",
}
"""Formats accepted for each kind of data."""


def read_inputs(places: Sequence[str], spec: InputSpec, *, invert: bool = False, column: str = "") -> list[Batch]:
    """Reads files as batches; consecutive examples of one shape form a batch.

    Args:
        places: paths of files and of folders of images.
        spec: input of the model.
        invert: exchanges black and white in images.
        column: column of a table to forecast.

    Raises:
        BadInput: if any file cannot be read; the message names file, place and expectation.
    """
    batches = []
    for path in _files(places, spec):
        batches += _read(path, spec, invert, column)
    grouped = [list(some) for _, some in groupby(batches, lambda batch: (batch.x.shape[1:], batch.x.dtype))]
    return [_joined(some) for some in grouped]


def _files(places: Sequence[str], spec: InputSpec) -> list[Path]:
    files = []
    for place in places:
        path = Path(place).expanduser()
        if not path.exists():
            raise BadInput(f"cannot read {path}: no such file{near_file(path)}")
        if not path.is_dir():
            files.append(path)
            continue
        if spec.kind != "image":
            raise BadInput(f"{path} is a folder; the model accepts {FORMS[spec.kind]}")
        found = files_below(path)[0]
        if not found:
            raise BadInput(f"{path} has no images ({', '.join(ENDINGS)})")
        files += found
    return files


def _read(path: Path, spec: InputSpec, invert: bool, column: str) -> list[Batch]:
    suffix = path.suffix.lower()
    if spec.kind == "text":
        return [from_text(path, spec)]
    if suffix == ".npy":
        return [from_npy(path, spec)]
    if spec.kind == "image" and suffix in ENDINGS:
        return [from_picture(path, spec, invert=invert)]
    if spec.kind == "image" and (suffix in (".idx", ".gz") or "idx" in path.name):
        return [from_idx(path, spec)]
    if spec.vocabulary and suffix == ".txt":
        return from_lines(path, spec)
    if suffix in tables.SUFFIXES and spec.kind in ("table", "points"):
        return [from_rows(path, spec)]
    if suffix in tables.SUFFIXES and spec.kind == "series":
        return [from_series(path, spec, column)]
    if suffix in tables.SUFFIXES and spec.kind == "sequence" and not spec.vocabulary:
        return [from_steps(path, spec)]
    raise BadInput(f"{path}: unsupported file type {suffix or '(none)'}; the model accepts {FORMS[spec.kind]}")


def _joined(some: list[Batch]) -> Batch:
    names = [name for batch in some for name in batch.names]
    identifiers = sum((batch.identifiers for batch in some), ())
    x, notes = np.concatenate([batch.x for batch in some]), sum((batch.notes for batch in some), ())
    return Batch(names, x, notes, identifiers if len(identifiers) == len(names) else ())
