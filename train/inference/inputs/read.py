"""Reads the files that a user names as raw examples for a model."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...data.formats.csv import near_file
from ...data.formats.image import ENDINGS, files_below
from ...data.formats.image import FORMS as IMAGES
from ...data.formats.image_rows import damaged
from ...data.prefetch import prefetched
from ...errors import BadInput
from . import tables
from .arrays import from_idx, from_npy
from .batch import Batch, InputSpec
from .pictures import from_picture
from .tables import from_rows, from_series, from_steps
from .texts import from_lines, from_text

__all__ = ["FORMS", "read_inputs", "stream_inputs"]

_MOST = 64 << 20  # bytes of a batch
_FEW = 16  # files that one thread reads

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
    """Reads all files as batches; arguments and errors as in `stream_inputs`."""
    return list(stream_inputs(places, spec, invert=invert, column=column))


def stream_inputs(
    places: Sequence[str],
    spec: InputSpec,
    *,
    invert: bool = False,
    column: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
    on_skip: Callable[[str], None] | None = None,
) -> Iterator[Batch]:
    """Reads files as batches; consecutive examples of one shape form a batch, up to 64 MiB of them.

    Args:
        places: paths of files and of folders of images, which are searched at any depth. The examples of a single
            folder are named by their paths in it.
        spec: input of the model.
        invert: exchanges black and white in images.
        column: column of a table to forecast.
        progress: called after each file with the numbers of files that were read and of all.
        on_skip: called with the name of each image that cannot be read, which is left out; None: it is an error.

    Raises:
        BadInput: if any file cannot be read, or no image of several; the message names file, place and expectation.
    """
    files = _files(places, spec)
    several = len(files) > _FEW  # threads decode the images of a folder

    def read(i: int) -> list[Batch]:
        path, name = files[i]
        try:
            batches = _read(path, spec, invert, column)
        except BadInput as error:
            if spec.kind != "image" or path.suffix.lower() not in ENDINGS or not damaged([path]):
                raise
            if on_skip is None:
                raise BadInput(f"{error}; to leave it out: --unreadable skip") from error
            on_skip(name or str(path))
            return []
        return [batches[0]._replace(names=[name])] if name else batches

    some: list[Batch] = []
    size = found = 0
    for i, batches in enumerate(prefetched(read, len(files)) if several else map(read, range(len(files)))):
        for batch in batches:
            if some and (_form(batch) != _form(some[0]) or size >= _MOST):
                yield _joined(some)
                some, size = [], 0
            some.append(batch)
            size, found = size + batch.x.nbytes, found + 1
        progress(i + 1, len(files))
    if not found:
        raise BadInput(f"none of the {len(files):,} images can be read, the first is {files[0][0]}")
    if some:
        yield _joined(some)


def _form(batch: Batch) -> tuple:
    return batch.x.shape[1:], batch.x.dtype


def _files(places: Sequence[str], spec: InputSpec) -> list[tuple[Path, str]]:
    """Returns the files, each with the name of its example if it is in a folder that is the only place."""
    files: list[tuple[Path, str]] = []
    for place in places:
        path = Path(place).expanduser()
        if not path.exists():
            raise BadInput(f"cannot read {path}: no such file{near_file(path)}")
        if not path.is_dir():
            files.append((path, ""))
            continue
        if spec.kind != "image":
            raise BadInput(f"{path} is a folder; the model accepts {FORMS[spec.kind]}")
        found = files_below(path)[0]
        if not found:
            raise BadInput(f"{path} has no images ({IMAGES})")
        files += [(each, each.relative_to(path).as_posix() if len(places) == 1 else "") for each in found]
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
    identifiers = tuple(each for batch in some for each in batch.identifiers)
    notes = tuple(note for batch in some for note in batch.notes)
    x = np.concatenate([batch.x for batch in some])
    return Batch(names, x, notes, identifiers if len(identifiers) == len(names) else ())
