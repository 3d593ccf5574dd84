"""Lines for the user on what a table was taken for, printed before the training."""

from collections.abc import Mapping, Sequence

from .columns import Column, features
from .parse import KINDS

__all__ = ["TARGET", "table_notes"]

TARGET = "the target"
"""Reason for which a target is left out of the columns to predict from."""

_SHOWN = 12  # columns of a kind


def table_notes(
    path: str,
    columns: Sequence[Column],
    ignored: Mapping[str, str],
    missing: Mapping[str, int],
    told: Mapping[str, str],
) -> list[str]:
    """Describes the columns of a table: their kinds, those that are left out, missing values, the order of dates.

    Args:
        path: the file.
        columns: its columns, fitted to the training rows.
        ignored: reason by name of those that are left out.
        missing: number of missing cells by column.
        told: assumption by column, of dates.
    """
    kinds = {kind: [each for each in columns if each.kind == kind] for kind in KINDS}
    parts = [f"{kind}: {_listed([_called(each) for each in some])}" for kind, some in kinds.items() if some]
    lines = [f"{path}: {'; '.join(parts)}; {sum(len(features(each)) for each in columns)} features"]
    left = [f"{name} ({why})" for name, why in ignored.items() if why != TARGET]
    if left:
        lines.append(f"{path}: left out: {_listed(left)}")
    lines[-1] += "; other kinds: --d.columns NAME=KIND,NAME=KIND"
    filled = [f"{each.name} ({missing[each.name]:,})" for each in columns if missing.get(each.name)]
    if filled:
        lines.append(f"{path}: missing values are filled with the median or the most frequent: {_listed(filled)}")
    rare = [f"{each.name} ({each.rare:,} rows)" for each in columns if each.rare]
    if rare:
        lines.append(f"{path}: rare categories are joined to (other), fewer of them with --d.rare 2: {_listed(rare)}")
    lines += [f"{path}, column {each.name!r}: {told[each.name]}" for each in columns if told.get(each.name)]
    return lines


def _called(column: Column) -> str:
    return f"{column.name} ({len(column.categories)})" if column.kind == "category" else column.name


def _listed(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + f" and {len(words) - _SHOWN} more" * (len(words) > _SHOWN)
