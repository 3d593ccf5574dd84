"""Flags for data of the user's own, short for a data set and its options: `--text FILE`, `--csv FILE`."""

import re
from collections.abc import Sequence
from itertools import pairwise

from zoo import _catalogue

from ..config.recipe import ModelRecipes, book
from ..data.sources.npy_folder import NPY_NAMES, npy_name
from ..data.sources.table import TABLE_NAMES, table_header, table_name
from ..errors import BadInput

__all__ = ["SHORTHANDS", "as_typed", "expand_shorthands"]

SHORTHANDS = {
    "--text": ("FILE", "text file in UTF-8, short for --dataset text --d.file FILE"),
    "--csv": (
        "FILE",
        "CSV file: with --target a table of examples, with --column a series to forecast, with neither a table without "
        "a target, for models that need none; short for --dataset table (or csv, table_rows) --d.file FILE",
    ),
    "--target": ("NAME", "column of the table to predict, or several, A,B; short for --d.target NAME"),
    "--weight": ("NAME", "column of the table with the weight of each row; short for --d.weight NAME"),
    "--test-csv": ("FILE", "CSV file with the test rows of the table, short for --d.test-file FILE"),
    "--images": ("DIR", "folder of images, short for --dataset images --d.folder DIR"),
    "--test-images": (
        "DIR",
        "folder of test images, in the same subfolders as those of --images; short for --d.test-folder DIR",
    ),
    "--npy": (
        "DIR",
        "folder of arrays x.npy and y.npy, short for --dataset npy_images (or npy_table, ...) --d.folder DIR",
    ),
    "--column": ("NAME", "column of the CSV file to forecast, short for --d.column NAME"),
    "--horizon": ("N", "forecast horizon in steps, short for --d.horizon N"),
}
"""Flags that are short for others."""

_OWN = {"--text": "--d.file", "--csv": "--d.file", "--images": "--d.folder", "--npy": "--d.folder"}
"""Those that also name a data set, with its option that takes the path."""

_SETS = {"--csv": ("csv", *TABLE_NAMES), "--npy": NPY_NAMES}
"""Data sets of which such a flag means one."""

_BESIDE = {
    "--test-csv": ("--csv", TABLE_NAMES), "--weight": ("--csv", TABLE_NAMES), "--test-images": ("--images", ("images",))
}  # fmt: skip
"""Flags that say nothing without another flag, or without the data sets that it means."""

_LONG = {"--test-csv": "--d.test-file", "--test-images": "--d.test-folder"}


def expand_shorthands(words: Sequence[str], trained_on: str = "") -> list[str]:
    """Replaces the flags that are short for others.

    Args:
        words: words of the command line.
        trained_on: data set of the model that the command line names; if the flag may mean it, it does.

    Raises:
        BadInput: if a file of one data set is given together with another data set.

    >>> expand_shorthands(["--model", "lstm", "--text", "my.txt"])
    ['--model', 'lstm', '--dataset', 'text', '--d.file', 'my.txt']
    """
    found = []
    for word, after in pairwise((*words, "")):
        name, equals, value = word.partition("=")
        if name in _BESIDE:
            _check_beside(name, words, trained_on)
        if name in _OWN:
            _check_own(name, words)
            if not _named(name, words):
                own = trained_on if trained_on in _SETS.get(name, ()) else ""
                found += ["--dataset", own or _own(name, value if equals else after, words)]
            found.append(_OWN[name])
        elif name in SHORTHANDS:
            found.append(_long(name))
        else:
            found.append(word)
            continue
        found += [value] * bool(equals)
    return found


def as_typed(message: str, words: Sequence[str]) -> str:
    """Returns a message that names the short flags of a command line where these were typed.

    >>> as_typed("--d.folder photos does not exist", ["--images", "photos"])
    '--images photos does not exist'
    """
    typed = {word.partition("=")[0] for word in words}
    for name in SHORTHANDS:
        if name in typed and _long(name) not in typed:
            message = re.sub(rf"{re.escape(_long(name))}(?![\w-])", name, message)
    return message


def _long(name: str) -> str:
    """Returns the option of the data set that a short flag stands for."""
    return _OWN.get(name) or _LONG.get(name, f"--d.{name[2:]}")


def _own(name: str, where: str, words: Sequence[str]) -> str:
    """Returns the data set that reads the files of such a flag."""
    task = next(iter(_given("--task", words)), "")
    if name == "--npy":
        return npy_name(where, task)
    return _table_or_series(where, words, task) if name == "--csv" else name[2:]


def _table_or_series(file: str, words: Sequence[str], task: str) -> str:
    """Returns the data set of a CSV file: --target makes it a table, --column a series, else the model decides.

    Raises:
        BadInput: if the model does not read it, or a flag is missing; the message names the flag to give.
    """
    targets = [*_given("--target", words), *_given("--d.target", words)]
    columns = [*_given("--column", words), *_given("--d.column", words)]
    model = next(iter(_given("--model", words)), "")
    encoding = next(iter(_given("--d.encoding", words)), "")
    kinds = _book(model).kinds
    if targets and columns:
        raise BadInput("--target makes the CSV file a table of examples, --column a series: leave one of them out")
    if columns or (not targets and ("series" in kinds or "table" not in kinds)):
        if columns and kinds and "series" not in kinds:
            raise BadInput(
                f"--column is for a series to forecast, {model} reads {' or '.join(kinds)} data: for a table of "
                "examples give --target NAME instead, or choose another model (lstm)"
            )
        return "csv"
    if kinds and "table" not in kinds:
        raise BadInput(
            f"--target is for a table of examples, {model} reads {' or '.join(kinds)} data: for a series to forecast "
            "give --column NAME instead, or choose another model (mlp)"
        )
    if targets:
        return table_name(file, targets[0], task, encoding)
    if _book(model).sets_task:
        return "table_rows"
    if {"-h", "--help"} & set(words):
        return TABLE_NAMES[0]
    raise BadInput(
        f"--csv {file} is a table of examples for {model}: add --target with the column to predict, one of "
        f"{', '.join(table_header(file, encoding))}"
    )


def _book(model: str) -> ModelRecipes:
    """Returns the recipes of a model, without any kinds of data if it is not known here."""
    unknown = ModelRecipes((), kinds=())
    try:
        return book(_catalogue.resolve(model)) if model else unknown
    except ValueError:  # the parser names the reason
        return unknown


def _given(flag: str, words: Sequence[str]) -> list[str]:
    """Returns the values of a flag on a command line."""
    return [
        *(after for before, after in pairwise((*words, "")) if before == flag),
        *(word.partition("=")[2] for word in words if word.startswith(f"{flag}=")),
    ]


def _named(name: str, words: Sequence[str]) -> bool:
    """Returns whether the data set that the flag means is named as well, which decides what the files hold."""
    return any(each in _SETS.get(name, ()) for each in _given("--dataset", words))


def _check_beside(name: str, words: Sequence[str], trained_on: str) -> None:
    """Raises BadInput if a flag is given without the data that it is a part of."""
    other, sets = _BESIDE[name]
    known = {trained_on, *_given("--dataset", words)} & {*sets}
    if not (known or _given(other, words) or _given("--config", words) or _given("--resume", words)):
        raise BadInput(f"{name} is for examples of {other}: add {other} {SHORTHANDS[other][0]}")


def _check_own(name: str, words: Sequence[str]) -> None:
    """Raises BadInput if the files and the data set of a command line contradict each other."""
    given = [each for each in _given("--dataset", words) if each not in _SETS.get(name, ())]
    given += [other[2:] for other in _OWN for word in words if word.partition("=")[0] == other]
    others = [each for each in given if each != name[2:]]
    if others:
        raise BadInput(
            f"{name} {SHORTHANDS[name][0]} is the data set {name[2:]} and cannot be combined with {others[0]}: "
            "leave one of them out"
        )
