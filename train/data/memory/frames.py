"""Frames whose columns are not all numbers: their rows are encoded by what was fitted to the training rows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..dataset import Dataset, Split
from ..split import joined, taken
from ..tables.encoder import TableEncoder, fit

if TYPE_CHECKING:
    import numpy as np

__all__ = ["encoded"]


def encoded(data: Dataset, tables: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> Dataset:
    """Returns a data set of rows as numbers.

    Args:
        data: data set whose inputs (examples, 1) are the places of rows: those for training in the first table, those
            for testing and validation in it or in tables of their own.
        tables: columns by name for each part of the data.
        kinds: kinds of columns by name, which overrule those that are found.

    Raises:
        BadInput: if a column cannot be encoded.
    """
    import numpy as np

    parts = [part for part in (data.train, data.test, data.val) if part is not None]
    held = len(tables) == len(parts)  # test examples are of a table of their own
    starts = np.cumsum([0, *(len(next(iter(table.values()))) for table in tables)])
    table = {name: [cell for each in tables for cell in each[name]] for name in tables[0]}
    places = [0, *range(int(held), int(held) + len(parts) - 1)]
    splits = [part._replace(x=part.x + starts[i]) for i, part in zip(places, parts, strict=True)]
    data = replace(data, train=splits[0], test=splits[1], val=splits[2] if data.val is not None else None)
    return _fitted(data, table, kinds, slice(None))


def _fitted(data: Dataset, table: Mapping[str, Any], kinds: Mapping[str, str], kept: Any) -> Dataset:
    """Returns a data set of places of rows as one of numbers, with the statistics of some training rows."""
    weight = None if data.train.weight is None else data.train.weight[kept]
    encoder = fit(_taken(table, data.train.x[kept, 0]), kinds, weight=weight)
    return replace(
        data,
        train=_encoded(encoder, table, data.train),
        test=_encoded(encoder, table, data.test),
        val=None if data.val is None else _encoded(encoder, table, data.val),
        features=encoder.features,
        encoder=encoder,
        fitted_to=partial(_fitted, data, table, kinds),
        split_anew=partial(_split_anew, data, table, kinds),
        notes=(_note(encoder), *data.notes[1:]),
    )


def _split_anew(data: Dataset, table: Mapping[str, Any], kinds: Mapping[str, str], train: Any, test: Any) -> Dataset:
    whole = joined(data.train, data.test)
    parts = {name: taken(whole, rows) for name, rows in (("train", train), ("test", test))}
    return _fitted(replace(data, **parts, held_out=True), table, kinds, slice(None))


def _taken(table: Mapping[str, Any], rows: "np.ndarray") -> dict[str, Any]:
    return {name: [cells[i] for i in rows.tolist()] for name, cells in table.items()}


def _encoded(encoder: TableEncoder, table: Mapping[str, Any], part: Split) -> Split:
    return part._replace(x=encoder.transform(_taken(table, part.x[:, 0])))


def _note(encoder: TableEncoder) -> str:
    kinds = ", ".join(f"{column.name} {column.kind}" for column in encoder.columns)
    left = "".join(f"; {name} is left out ({why})" for name, why in encoder.ignored.items())
    return f"X: a table of the columns {kinds}{left}; column_kinds={{NAME: KIND}} decides instead"
