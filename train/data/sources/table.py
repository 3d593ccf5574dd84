"""A table of the user's own: rows of a CSV file are examples, one or several of its columns the target.

Four data sets differ by what the target holds: classes, numbers to predict, labels that are yes or no, or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from ...errors import BadInput
from ...option_types import Bounds, Seed, did_you_mean
from ..dataset import Dataset, Place, Source, Split
from ..formats.csv import stream_rows
from ..tables.decimals import pointed
from ..tables.encoder import MOST, RARE, TableEncoder, fit
from ..tables.kinds import IGNORE, Found, given_kinds
from ..tables.parse import Parsed
from ..tables.read import RawTable, checked_header, column_named, names_in, read_table
from ..tables.rows import Asked, Rows, rows_of
from ..tables.summary import TARGET, table_notes
from ..tables.target import MEANINGS, Target, guess, task_and_outputs

__all__ = ["SOURCES", "TABLE_NAMES", "table_header", "table_name"]

_PEEK = 2000  # rows by which the target is taken for classes or numbers

TABLE_NAMES = tuple(MEANINGS)
"""Names of the data sets."""


def table_name(file: str, target: str, task: str = "", encoding: str = "") -> str:
    """Returns the name of the data set that a file and its target form: by the task, else by the first rows.

    Args:
        file: CSV file.
        target: names of the target columns.
        task: task that the user gave; "" for none.
        encoding: encoding of the file; "": UTF-8, or as guessed.

    Raises:
        BadInput: if the file cannot be read or has no such column.
    """
    path = Path(file).expanduser()
    found, delimiter = stream_rows(path, encoding)
    rows = [[cell.strip() for cell in cells] for _, cells in islice(found, _PEEK)]
    names = checked_header(path, rows[0] if rows else [])
    places = [names.index(each) for each in names_in(target, names, "--d.target", str(path))]
    read = str if delimiter == "," else pointed
    columns = {names[i]: [read(row[i]) for row in rows[1:] if i < len(row)] for i in places}
    meaning = guess(columns, task)
    return next(name for name, each in MEANINGS.items() if each == meaning)


def table_header(file: str, encoding: str = "") -> list[str]:
    """Returns the names of a table's columns.

    Raises:
        BadInput: if the file cannot be read, or its first line holds no names.
    """
    path = Path(file).expanduser()
    return checked_header(path, [cell.strip() for cell in next(stream_rows(path, encoding)[0], (0, []))[1]])


@dataclass(frozen=True)
class _Table:
    """Holds what a data set is encoded from, once its training rows are known."""

    name: str
    path: Path
    train: Rows
    test: Rows
    kinds: Mapping[str, Found]
    target: Target
    names: Sequence[str]  # of the target columns
    weight: str  # name of the column of weights; "": there is none
    most: tuple[int, int]  # rare, categories
    blanks: tuple[str, ...]
    notes: tuple[str, ...]

    def fitted(self, rows: Any = None) -> Dataset:
        """Returns the data set, with the statistics of some of the training rows alone; None: of all."""
        some = self.train if rows is None else self.train.take(rows)
        table = {name: some.columns.get(name, ()) for name in self.kinds}
        encoder = fit(table, self.kinds, weight=some.weight, rare=self.most[0], most=self.most[1])
        ignored = {**encoder.ignored, **dict.fromkeys(self.names, TARGET)}
        ignored |= {self.weight: "the weights"} if self.weight else {}
        data = self.encoded(replace(encoder, ignored=ignored, blanks=self.blanks))
        return replace(data, fitted_to=self.fitted, split_anew=self.split_anew)

    def split_anew(self, train: Any, test: Any) -> Dataset:
        """Returns the data set of other training and test rows, by their places among all rows."""
        whole = self.train.joined(self.test)
        return replace(self, train=whole.take(train), test=whole.take(test)).fitted()

    def encoded(self, encoder: TableEncoder) -> Dataset:
        """Returns the data set by an encoder."""
        x, x_test = (encoder.transform(part.columns) for part in (self.train, self.test))
        task, outputs = task_and_outputs(self.target, MEANINGS[self.name])
        return Dataset(
            self.name, task, Split(x, self.train.y, weight=self.train.weight),
            Split(x_test, self.test.y, weight=self.test.weight), self.target.classes, encoder.features,
            ", ".join(self.names), outputs=outputs, notes=(*self.notes, *self._told(encoder)), encoder=encoder,
        )  # fmt: skip

    def _told(self, encoder: TableEncoder) -> list[str]:
        parts = (self.train.columns, self.test.columns)
        missing = {each: sum(map(_missing, (part[each] for part in parts))) for each in self.train.columns}
        told = {name: found.why for name, found in self.kinds.items()}
        return table_notes(str(self.path), encoder.columns, encoder.ignored, missing, told)


def _load(
    place: Place,
    name: str,
    *,
    file: str,
    target: str,
    columns: str,
    weight: str,
    missing: str,
    rare: int,
    categories: int,
    test_file: str,
    test_share: float,
    seed: int,
    encoding: str,
) -> Dataset:
    """Reads a table from a CSV file: each line below the first is an example.

    Args:
        place: description of a model whose encoder and classes are used, if there is one.
        name: name of the data set, which decides what the target holds.
        file: path of the CSV file; its first line holds the column names.
        target: column to predict, or several with commas between them.
        columns: kinds of columns, as in age=number,job=category,id=ignore (default: as found).
        weight: column with the weight of each row in loss, scores, baseline and the statistics of the columns, a number
            from 0 up (default: none).
        missing: further texts that stand for a missing value, with commas between them (default: none).
        rare: training rows that a category needs for a feature of its own; one in a hundred, if that is fewer.
        categories: most categories of a column that have a feature of their own.
        test_file: path of a CSV file with the test rows, its columns in any order (default: a fraction of the rows).
        test_share: fraction of the rows for testing, above 0 and below 1; unused with a test file.
        seed: seed of the random split, which keeps the shares of the classes.
        encoding: encoding of the files, as cp1252 or utf-16 (default: UTF-8, or as guessed, which is printed).
    """
    blanks = tuple(each.strip() for each in missing.split(",") if each.strip())
    raw, about = read_table(_path(file), blanks, encoding), place.about or {}
    asked = _asked(raw, name, target, weight)
    encoder = TableEncoder.from_json(about["table"]) if "table" in about else None
    kinds = given_kinds(columns, [each for each in raw.columns if each not in (*asked.targets, asked.weight)])
    if encoder:
        kinds = {**dict.fromkeys(encoder.ignored, Found(IGNORE)), **_kinds_of(encoder)}
        _check_columns(raw, _kinds_of(encoder))
    rows, kinds, goal, note = rows_of(raw, asked, kinds, about["classes"] if encoder else ())
    notes = [
        *raw.notes,
        f"{raw.path}: {len(rows.y):,} rows; target {', '.join(asked.targets) + ': ' * bool(asked.targets)}{goal.note}",
        *note,
    ]
    if test_file:
        given = read_table(_path(test_file), blanks, encoding)
        test, more = _test_rows(given, rows, asked, kinds, goal.classes)
        train, notes = rows, [*notes, *more]
    else:
        train, test = _split(raw.path, rows, test_share, seed)
    most, read = (rare, categories), (asked.targets, asked.weight)
    table = _Table(name, raw.path, train, test, kinds, goal, *read, most, blanks, tuple(notes))
    return table.encoded(encoder) if encoder else table.fitted()


def _asked(raw: RawTable, name: str, target: str, weight: str) -> Asked:
    """Finds the columns of targets and weights by the names that the user gave."""
    names = list(raw.columns)
    targets = names_in(target, names, "--d.target", str(raw.path))
    if not targets and name != "table_rows":
        raise BadInput(f"--d.target NAME is missing: name the column of {raw.path} to predict ({', '.join(names)})")
    if targets and name == "table_rows":
        raise BadInput(f"--d.target {target}: {name} has no target; take --dataset table, or omit it")
    weight = column_named(weight, names, "--d.weight", str(raw.path)) if weight else ""
    if weight in targets:
        raise BadInput(f"--d.weight {weight} is the target of the table as well: name another column")
    return Asked(targets, MEANINGS[name], weight)


def _test_rows(
    raw: RawTable,
    train: Rows,
    asked: Asked,
    kinds: Mapping[str, Found],
    classes: Sequence[str],
) -> tuple[Rows, list[str]]:
    """Reads the rows of a test file by the kinds and classes of the training rows; returns lines for the user, too."""
    _check_columns(raw, [*train.columns, *asked.targets, *([asked.weight] if asked.weight else [])])
    kinds = {**dict.fromkeys(raw.columns, Found(IGNORE)), **kinds}
    test, _, _, note = rows_of(raw, asked, kinds, classes)
    return test, [*raw.notes, f"{raw.path}: {len(test.y):,} test rows", *note]


def _split(path: Path, rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    import numpy as np

    from ..split import train_val_split

    if len(rows.y) < 2:
        raise BadInput(f"{path} has a single row: add others, or a file of test rows: --d.test-file FILE")
    train, test = train_val_split(Split(np.arange(len(rows.y)), rows.y), share, seed)
    return rows.take(train.x), rows.take(test.x)


def _path(file: str) -> Path:
    if not file:
        raise BadInput("the file of the table is missing: add --csv FILE --target NAME")
    return Path(file).expanduser()


def _kinds_of(encoder: TableEncoder) -> dict[str, Found]:
    return {column.name: Found(column.kind, column.form) for column in encoder.columns}


def _check_columns(table: RawTable, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise BadInput(
            f"{table.path}, line 1: there is no column {missing[0]!r}{did_you_mean(missing[0], table.columns)} "
            f"(it has: {', '.join(table.columns)})"
        )


def _missing(parsed: Parsed) -> int:
    import numpy as np

    return int((parsed.values < 0).sum() if parsed.kind == "category" else np.isnan(parsed.values).sum())


def _source(name: str, task: str, about: str) -> Source:
    def load(
        place: Place,
        *,
        file: str = "",
        target: str = "",
        columns: str = "",
        weight: str = "",
        missing: str = "",
        rare: Annotated[int, Bounds(1)] = RARE,
        categories: Annotated[int, Bounds(1, 10_000)] = MOST,
        test_file: str = "",
        test_share: Annotated[float, Bounds(0.001, 0.999)] = 0.2,
        seed: Seed = 0,
        encoding: str = "",
    ) -> Dataset:
        return _load(
            place, name, file=file, target=target, columns=columns, weight=weight, missing=missing, rare=rare,
            categories=categories, test_file=test_file, test_share=test_share, seed=seed, encoding=encoding,
        )  # fmt: skip

    load.__doc__ = _load.__doc__
    return Source(name, about, "table", task, (), 0, load)


SOURCES = (
    _source("table", "multiclass", "table of a CSV file, to predict a class (--csv FILE --target NAME)"),
    _source("table_values", "regression", "table of a CSV file, to predict numbers (--csv FILE --target NAME)"),
    _source(
        "table_labels", "multilabel", "table of a CSV file, to predict several yes or no (--csv FILE --target A,B)"
    ),
    _source("table_rows", "generation", "table of a CSV file, all columns, to learn without a target (--csv FILE)"),
)
