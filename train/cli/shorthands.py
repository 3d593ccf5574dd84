"""Flags for data of the user's own, short for a data set and its options: `--text FILE`, `--csv FILE`."""

import re
from collections.abc import Sequence
from itertools import pairwise

from ..data.sources.npy_folder import NPY_NAMES, npy_name
from ..errors import BadInput

__all__ = ["SHORTHANDS", "as_typed", "expand_shorthands"]

SHORTHANDS = {
    "--text": ("FILE", "text file in UTF-8, short for --dataset text --d.file FILE"),
    "--csv": ("FILE", "table, short for --dataset csv --d.file FILE"),
    "--images": ("DIR", "folder of images, short for --dataset images --d.folder DIR"),
    "--npy": (
        "DIR",
        "folder of arrays x.npy and y.npy, short for --dataset npy_images (or npy_table, ...) --d.folder DIR",
    ),
    "--column": ("NAME", "column of the table to predict, short for --d.column NAME"),
    "--horizon": ("N", "forecast horizon in steps, short for --d.horizon N"),
}
"""Flags that are short for others."""

_OWN = {"--text": "--d.file", "--csv": "--d.file", "--images": "--d.folder", "--npy": "--d.folder"}
"""Those that also name a data set, with its option that takes the path."""


def expand_shorthands(words: Sequence[str], trained_on: str = "") -> list[str]:
    """Replaces the flags that are short for others.

    Args:
        words: words of the command line.
        trained_on: data set of the model that the command line names; one of arrays decides what other arrays hold.

    Raises:
        BadInput: if a file of one data set is given together with another data set.

    >>> expand_shorthands(["--model", "lstm", "--text", "my.txt"])
    ['--model', 'lstm', '--dataset', 'text', '--d.file', 'my.txt']
    """
    found = []
    for word, after in pairwise((*words, "")):
        name, equals, value = word.partition("=")
        if name in _OWN:
            _check_own(name, words)
            if not _named_arrays(name, words):
                own = trained_on if name == "--npy" and trained_on in NPY_NAMES else ""
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
    return _OWN.get(name, f"--d.{name[2:]}")


def _own(name: str, where: str, words: Sequence[str]) -> str:
    """Returns the data set that reads the files of such a flag."""
    return npy_name(where, next(iter(_given("--task", words)), "")) if name == "--npy" else name[2:]


def _given(flag: str, words: Sequence[str]) -> list[str]:
    """Returns the values of a flag on a command line."""
    return [
        *(after for before, after in pairwise((*words, "")) if before == flag),
        *(word.partition("=")[2] for word in words if word.startswith(f"{flag}=")),
    ]


def _named_arrays(name: str, words: Sequence[str]) -> bool:
    """Returns whether the data set of arrays is named as well, which decides what they hold."""
    return name == "--npy" and any(each in NPY_NAMES for each in _given("--dataset", words))


def _check_own(name: str, words: Sequence[str]) -> None:
    """Raises BadInput if the files and the data set of a command line contradict each other."""
    given = _given("--dataset", words)
    if _named_arrays(name, words):
        given = [each for each in given if each not in NPY_NAMES]
    given += [other[2:] for other in _OWN for word in words if word.partition("=")[0] == other]
    others = [each for each in given if each != name[2:]]
    if others:
        raise BadInput(
            f"{name} {SHORTHANDS[name][0]} is the data set {name[2:]} and cannot be combined with {others[0]}: "
            "leave one of them out"
        )
