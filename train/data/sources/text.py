"""Texts for language models: any file in UTF-8, Python's standard library, Shakespeare.

Bits per character compare models of characters and of words: the bits of all tokens divided by the number of their
characters, white space included, plus the bits that spell the unknown words.

The first 90 % are the training split, the last 10 % the test split, in which each token is predicted once. The sources
of the standard library are on every machine; they, and the results, differ a little between versions of Python.

tinyshakespeare: 1,115,394 characters of Shakespeare's plays, compiled by Karpathy, "The unreasonable effectiveness of
recurrent neural networks", 2015.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from ...errors import BadInput, DataUnavailable
from ...option_types import Bounds
from ...units import format_bytes
from ..dataset import Dataset, Place, Source, Split
from ..formats.utf8 import read_text
from ..vocabulary import Level, Vocabulary, characters_of, words_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "text", "tinyshakespeare"]

# Modules in plain Python, of all kinds, and in every version from 3.11 on.
_MODULES = (
    "calendar", "codecs", "configparser", "contextlib", "csv", "dataclasses", "fractions", "functools", "gettext",
    "heapq", "plistlib", "pprint", "random", "shutil", "socketserver", "statistics", "tempfile", "textwrap",
    "threading", "traceback", "weakref",
)  # fmt: skip
_SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
_MIRRORS = ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",)
_TEST_SHARE = 10  # the test split is one tenth
_EACH = 8  # bytes of memory per byte of the file, as tokens and as their targets
_Words = Annotated[int, Bounds(2, 1_000_000)]
_Window = Annotated[int, Bounds(0, 1_000_000)]


def text(
    place: Place,
    *,
    file: str = "",
    level: Level = "characters",
    words: _Words = 5000,
    characters: Annotated[int, Bounds(0, 10_000_000)] = 500_000,
    window: _Window = 128,
) -> Dataset:
    """Reads a text file or, by default, sources of Python's standard library as token numbers (N,).

    Args:
        place: limit of the memory; a larger file stays on the disk and is read during the run.
        file: path of a text in UTF-8; empty: the standard library.
        level: unit of a token; words, with punctuation and white space as tokens of their own.
        words: vocabulary size for words; the others become one unknown token, and bits per character count them
            spelled out.
        characters: number of characters from the beginning of the standard library; 0 takes all. A file is read whole.
        window: length of a training sequence in tokens, over which gradients flow; 0 takes the whole text.
    """
    if file:
        path, where = Path(file).expanduser(), f"--d.file {file}"
        if path.is_file() and _EACH * path.stat().st_size > place.in_memory:
            return _large(path, where, level, window)
        return _dataset("text", read_text(path, where), where, level, words, window)
    whole = _standard_library()
    return _dataset("text", whole[: characters or None], "--d.characters", level, words, window)


def tinyshakespeare(
    place: Place, *, level: Level = "characters", words: _Words = 5000, window: _Window = 128
) -> Dataset:
    """Loads plays of Shakespeare as token numbers (N,).

    Args:
        place: where the file is searched and kept.
        level: unit of a token; words, with punctuation and white space as tokens of their own.
        words: vocabulary size for words; the others become one unknown token, and bits per character count them
            spelled out.
        window: length of a training sequence in tokens, over which gradients flow; 0 takes the whole text.
    """
    import hashlib

    from ..formats.download import fetch  # urllib takes a while to import

    member = "tinyshakespeare.txt"
    path = fetch("tinyshakespeare", _MIRRORS, _SHAKESPEARE, place, member=member, limit=10_000_000)
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHAKESPEARE:
        raise DataUnavailable(
            f"{path} does not have the SHA-256 of tinyshakespeare: remove the file, and it is downloaded again"
        )
    return _dataset("tinyshakespeare", read_text(path), str(path), level, words, window)


def _dataset(name: str, whole: str, where: str, level: Level, words: int, window: int) -> Dataset:
    if not whole.strip():
        raise BadInput(f"{where}: the text is empty; a text needs some thousand characters")
    vocabulary = _several(_vocabulary(whole, level, words), where)
    numbers = vocabulary.encode(whole)
    train, test = _split(numbers, where, level, window)
    cut, held = len(train.x) + 1, len(test.x)
    scored = vocabulary.split(whole)[cut:]
    return Dataset(
        name,
        "language",
        train,
        test,
        vocabulary=vocabulary.tokens,
        window=window,
        characters=sum(map(len, scored)) / held,
        spelling=vocabulary.spelling(scored, len(set(whole))) / held,
    )


def _large(path: Path, where: str, level: Level, window: int) -> Dataset:
    """Builds the data set of a text that stays on the disk."""
    from ..formats.tokens import characters_on_disk

    option = "--d.level words" if level == "words" else "--d.window 0" if not window else ""
    if option:
        raise BadInput(
            f"{where} is read from the disk during the run, in windows of characters; {option} needs all of it in "
            f"memory, {format_bytes(_EACH * path.stat().st_size)}: raise --in-memory, or omit the option"
        )
    vocabulary, numbers = characters_on_disk(path, where)
    _several(vocabulary, where)
    train, test = _split(cast("np.ndarray", numbers), where, level, window)
    return Dataset("text", "language", train, test, vocabulary=vocabulary.tokens, window=window)


def _split(numbers: "np.ndarray", where: str, level: Level, window: int) -> tuple[Split, Split]:
    """Splits tokens into the first nine tenths and the last, each token with the next one as its target."""
    from ..on_disk import take  # thread pools take a while to import

    count = len(numbers)
    cut = count - count // _TEST_SHARE
    if cut == count or cut - 1 < max(window, 1):
        raise BadInput(
            f"{where}: the text has {count} {level}; nine tenths of it must be longer than a window of {window} "
            "(--d.window): use a longer text or a shorter window"
        )

    def part(first: int, end: int) -> Split:
        return Split(take(numbers, slice(first, end - 1)), take(numbers, slice(first + 1, end)))

    return part(0, cut), part(cut - 1, count)


def _vocabulary(whole: str, level: Level, words: int) -> Vocabulary:
    """Returns all characters of the text, so that the test split has no unknown one, or the words of training."""
    if level == "characters":
        return characters_of(whole)
    return words_of(whole[: len(whole) - len(whole) // _TEST_SHARE], words)


def _several(vocabulary: Vocabulary, where: str) -> Vocabulary:
    """Raises BadInput if a text repeats one character, which leaves nothing to predict."""
    if len(vocabulary.tokens) < 2:
        raise BadInput(
            f"{where}: the text consists of {''.join(vocabulary.tokens)!r} alone: expected different characters"
        )
    return vocabulary


def _standard_library() -> str:
    import sysconfig

    folder = Path(sysconfig.get_path("stdlib"))
    try:
        return "\n".join(read_text(folder / f"{module}.py") for module in _MODULES)
    except BadInput as error:
        raise DataUnavailable(
            f"this Python has no sources of its standard library ({error}); give a text: --text FILE"
        ) from error


def _source(name: str, about: str, load) -> Source:
    return Source(name, about, "text", "language", (), 0, load)


SOURCES = (
    _source("text", "sources of Python's standard library, or a text file (--text FILE)", text),
    _source(
        "tinyshakespeare",
        "1.1 million characters of Shakespeare's plays (Karpathy 2015); 1 MB to download",
        tinyshakespeare,
    ),
)
