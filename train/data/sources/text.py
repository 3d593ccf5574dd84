"""Texts for language models: any file in UTF-8, Python's own standard library, Shakespeare.

Bits per character are the same measure for models of characters and of words: the bits of all tokens by the
characters that these stand for, white space too, plus what it takes to spell the words that are unknown.

The first 90 % are to learn from, the last 10 % to be scored on: each of their tokens is foretold once, the first of
them from the last one before. The standard library's sources lie on every machine; they differ a little from one
version of Python to the next, and so do the results.

tinyshakespeare: 1,115,394 characters of his plays, put together by Karpathy, "The unreasonable effectiveness of
recurrent neural networks", 2015.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ...errors import BadInput, DataUnavailable
from ...units import format_bytes
from ..dataset import Dataset, Place, Source, Split
from ..on_disk import take
from ..options import within
from ..vocabulary import Level, Vocabulary, characters_of, words_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "text", "tinyshakespeare"]

# All of plain Python, of all kinds, and in every version from 3.11 on; the last ones are in reserve.
_MODULES = (
    "calendar", "codecs", "configparser", "contextlib", "csv", "dataclasses", "fractions", "functools", "gettext",
    "heapq", "plistlib", "pprint", "random", "shutil", "socketserver", "statistics", "tempfile", "textwrap",
    "threading", "traceback", "weakref",
)  # fmt: skip
_SHAKESPEARE = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
_MIRRORS = ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",)
_TEST_SHARE = 10  # one in ten
_EACH = 8  # bytes of memory that a byte of the file takes, as tokens and as what follows them


def text(
    place: Place,
    *,
    file: str = "",
    level: Level = "characters",
    words: int = 5000,
    characters: int = 500_000,
    window: int = 128,
) -> Dataset:
    """A text of your own or, if none is named, sources of Python's standard library, as whole numbers (N,).

    Args:
        place: says how much memory it may take; a larger file is read from the disk while the run goes.
        file: a text in UTF-8; none takes the standard library.
        level: what a token is; words come with punctuation and white space as tokens of their own.
        words: size of the vocabulary of words; all others are one and the same, unknown, and bits per character count
            them spelled out.
        characters: take so many at most, from the beginning of the standard library; 0 takes all. A file is read whole.
        window: tokens that a step reads, and the gradient looks back; 0 takes all at once.
    """
    if file:
        path, where = Path(file).expanduser(), f"--d.file {file}"
        if path.is_file() and _EACH * path.stat().st_size > place.in_memory:
            return _large(path, where, level, window)
        return _dataset("text", read_text(path, where), where, level, words, window)
    within("characters", characters, 0, 10_000_000)
    whole = _standard_library()
    return _dataset("text", whole[: characters or None], "--d.characters", level, words, window)


def tinyshakespeare(place: Place, *, level: Level = "characters", words: int = 5000, window: int = 128) -> Dataset:
    """Shakespeare, as whole numbers (N,).

    Args:
        place: where the file is looked for and kept.
        level: what a token is; words come with punctuation and white space as tokens of their own.
        words: size of the vocabulary of words; all others are one and the same, unknown, and bits per character count
            them spelled out.
        window: tokens that a step reads, and the gradient looks back; 0 takes all at once.
    """
    from ..formats.download import fetch  # urllib takes a while to import

    member = "tinyshakespeare.txt"
    path = fetch("tinyshakespeare", _MIRRORS, _SHAKESPEARE, place, member=member, limit=10_000_000)
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHAKESPEARE:
        raise DataUnavailable(f"{path} is not the file that is known as tinyshakespeare (SHA-256): remove it")
    return _dataset("tinyshakespeare", read_text(path), str(path), level, words, window)


def read_text(path: Path, where: str = "") -> str:
    r"""The text in a file, its line ends made "\n".

    Args:
        path: the file.
        where: what an error calls it; the flag that named it otherwise.

    Raises:
        BadInput: if there is no such file, or it is no text in UTF-8; it says at which byte.
    """
    where = where or f"--d.file {path}"
    try:
        raw = path.expanduser().read_bytes()
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror or error}") from error
    try:
        found = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{where} is no text in UTF-8: byte {error.start} (line {line}) is 0x{raw[error.start]:02x}. "
            "Save it as UTF-8 and try again"
        ) from error
    return found.replace("\r\n", "\n")


def _dataset(name: str, whole: str, where: str, level: Level, words: int, window: int) -> Dataset:
    within("words", words, 2, 1_000_000)
    within("window", window, 0, 1_000_000)
    if not whole.strip():
        raise BadInput(f"{where}: the text is empty; take one of some thousand characters or more")
    vocabulary = _vocabulary(whole, level, words)
    numbers = vocabulary.encode(whole)
    train, test = _parted(numbers, where, level, window)
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
    """A text that stays on the disk."""
    from ..formats.tokens import characters_on_disk

    within("window", window, 0, 1_000_000)
    wanted = "--d.level words" if level == "words" else "--d.window 0" if not window else ""
    if wanted:
        raise BadInput(
            f"{where} is read from the disk while the run goes, in windows of characters; {wanted} wants all of it "
            f"in memory, {format_bytes(_EACH * path.stat().st_size)}: give --in-memory as much, or leave it out"
        )
    vocabulary, numbers = characters_on_disk(path, where)
    train, test = _parted(cast("np.ndarray", numbers), where, level, window)
    return Dataset("text", "language", train, test, vocabulary=vocabulary.tokens, window=window)


def _parted(numbers: "np.ndarray", where: str, level: Level, window: int) -> tuple[Split, Split]:
    """The first nine tenths to learn from and the last to be scored, each token with the one after it."""
    count = len(numbers)
    cut = count - count // _TEST_SHARE
    if cut == count or cut - 1 < max(window, 1):
        raise BadInput(
            f"{where}: the text has {count} {level}; nine tenths of it must be longer than a window of {window} "
            "(--d.window), take a longer text or a shorter window"
        )

    def part(first: int, end: int) -> Split:
        return Split(take(numbers, slice(first, end - 1)), take(numbers, slice(first + 1, end)))

    return part(0, cut), part(cut - 1, count)


def _vocabulary(whole: str, level: Level, words: int) -> Vocabulary:
    """All characters of the text, so that none that is scored is unknown; the words of what is learned from."""
    if level == "characters":
        return characters_of(whole)
    return words_of(whole[: len(whole) - len(whole) // _TEST_SHARE], words)


def _standard_library() -> str:
    import sysconfig

    folder = Path(sysconfig.get_path("stdlib"))
    try:
        return "\n".join(read_text(folder / f"{module}.py") for module in _MODULES)
    except BadInput as error:
        raise DataUnavailable(f"this Python comes without its sources ({error}); name a text: --text FILE") from error


def _source(name: str, about: str, load) -> Source:
    return Source(name, about, "text", "language", (), 0, load)


SOURCES = (
    _source("text", "the sources of Python's standard library, or a file of yours (--text FILE)", text),
    _source("tinyshakespeare", "1.1 million characters of Shakespeare's plays", tinyshakespeare),
)
