"""Reads examples from CSV files: rows of a table, the last values of a series, the steps of a sequence."""

from pathlib import Path

import numpy as np

from ...data.formats.csv import Row, read_rows
from ...data.formats.csv_column import read_column
from ...data.tables.encoder import TableEncoder
from ...data.tables.read import read_table
from ...data.tables.texts import is_number, number_in
from ...errors import BadInput
from .batch import Batch, InputSpec

__all__ = ["SUFFIXES", "from_rows", "from_series", "from_steps"]

SUFFIXES = (".csv", ".tsv", ".txt")


def from_rows(path: Path, spec: InputSpec) -> Batch:
    """Reads each line of a CSV file as an example.

    Columns are found by name if the first line has the names of the features, else by position; those of a model with
    an encoder by name, as in its training.

    Raises:
        BadInput: if a value cannot be read; the message names file, line and column.
    """
    if spec.encoder:
        return _encoded(path, spec.encoder, spec.encoding)
    lines, x, notes = _numbers(path, spec)
    return Batch([f"{path}:{line}" for line in lines], x, notes)


def _encoded(path: Path, encoder: TableEncoder, encoding: str) -> Batch:
    table = read_table(path, encoder.blanks, encoding)
    used = [column.name for column in encoder.columns]
    more = [name for name in table.columns if name not in used and name not in encoder.ignored]
    notes = [*table.notes, *([f"{path}: columns that the model does not read: {', '.join(more)}"] if more else [])]
    try:
        x = encoder.transform(table.columns, table.where, lambda line: notes.append(f"{path}, {line}"))
    except BadInput as error:
        raise BadInput(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    own = {name: list(table.columns[name]) for name in encoder.identifiers if name in table.columns}
    identifiers = tuple({name: cells[i] for name, cells in own.items()} for i in range(len(x))) if own else ()
    return Batch([f"{path}:{line}" for line in table.lines], x, tuple(notes), identifiers)


def from_steps(path: Path, spec: InputSpec) -> Batch:
    """Reads all lines of a CSV file as the steps of one sequence; columns as in `from_rows`."""
    _, x, notes = _numbers(path, spec)
    return Batch([str(path)], x[None], notes)


def from_series(path: Path, spec: InputSpec, column: str = "") -> Batch:
    """Reads the last values of a column, as many as the model's window, or all; the oldest line is the first.

    Args:
        path: CSV file; its first line holds the column names.
        spec: input of the forecaster.
        column: name of the column; "" takes that of the training data, or the only one.

    Raises:
        BadInput: if there is no such column, or it is too short.
    """
    notes = []
    name, values = read_column(path, column or _known_column(path, spec), notes.append, spec.encoding)
    window = len(values) if spec.free else spec.shape[0]
    if len(values) < window:
        raise BadInput(f"{path}, column {name!r} has {len(values)} values, and the model's window is {window}")
    note = (
        f"{path}, column {name!r}: forecast from {'all' if spec.free else f'the last {window} of'} {len(values)} values"
    )
    return Batch([f"{path}:{name}"], values[-window:].reshape(1, window, 1), (note, *notes))


def _known_column(path: Path, spec: InputSpec) -> str:
    rows, _ = read_rows(path, spec.encoding)
    header = rows[0][1] if rows else []
    return next((name for name in spec.features if name in header), "")


def _numbers(path: Path, spec: InputSpec) -> tuple[list[int], np.ndarray, tuple[str, ...]]:
    """Reads line numbers, values float64 (rows, width), and notes."""
    features, width = spec.features, spec.shape[-1]
    rows, assumed = read_rows(path, spec.encoding)
    if not rows:
        raise BadInput(f"{path} is empty: expected lines of {_expected(features, width)}")
    first = rows[0]
    # A name may look like a number (2020); a line with some numeric cells is not a header otherwise.
    named = set(features) <= set(first[1]) if features else False
    named = named or not any(is_number(cell) for cell in first[1])
    places, notes = _places(path, first, features, width) if named else (_by_position(path, first, features, width), ())
    lines, values = [], []
    for line, cells in rows[named:]:
        if len(cells) != len(first[1]):
            raise BadInput(f"{path}, line {line}: {len(cells)} cells, but the first line has {len(first[1])}")
        lines.append(line)
        values.append([_cell(path, line, cells, place, first[1] if named else ()) for place in places])
    if not values:
        raise BadInput(f"{path} has no values below its header")
    return lines, np.array(values, np.float64), (*assumed, *notes)


def _cell(path: Path, line: int, cells: list[str], place: int, header: tuple[str, ...] | list[str]) -> float:
    return number_in(f"{path}, line {line}, column {header[place] if header else place + 1!r}", cells[place])


def _places(path: Path, first: Row, features: tuple[str, ...], width: int) -> tuple[list[int], tuple[str, ...]]:
    """Returns the columns of the features; a header without any of them is ignored, and the order counts."""
    line, header = first
    missing = [name for name in features if name not in header]
    if features and not missing:
        twice = [name for name in features if header.count(name) > 1]
        if twice:
            raise BadInput(f"{path}, line {line}: {header.count(twice[0])} columns have the name {twice[0]!r}")
        return [header.index(name) for name in features], ()
    if len(missing) < len(features):
        raise BadInput(f"{path}, line {line}: there is no column {missing[0]!r}; expected {_expected(features, width)}")
    note = (
        f"{path}: its columns ({', '.join(header[:4])}, ...) are read in their order, as {_expected(features, width)}"
    )
    return _by_position(path, first, features, width), (note,)


def _by_position(path: Path, first: Row, features: tuple[str, ...], width: int) -> list[int]:
    line, cells = first
    if len(cells) != width:
        raise BadInput(f"{path}, line {line}: {len(cells)} columns, expected {_expected(features, width)}")
    return list(range(width))


def _expected(features: tuple[str, ...], width: int) -> str:
    names = ", ".join(features[:6]) + ", ..." * (len(features) > 6)
    return f"{width} column{'s' * (width != 1)}" + (f": {names}" if features else "")
