"""Reads texts in UTF-8 or another encoding, with the place and the likely cause of what is none."""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import BadInput
from ...files import open_bytes

__all__ = ["check_encoding", "read_text", "text_parts"]

_PIECE = 1 << 24  # bytes
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OLD = "cp1252"  # of Windows in western Europe and America, as Excel writes it
_CURE = "Name its encoding with --d.encoding"
_OTHER = "if that is wrong, --d.encoding NAME"


def read_text(path: Path, where: str = "") -> str:
    r"""Reads the text of a file in UTF-8, with "\n" as the only line ending.

    Args:
        path: path of the file.
        where: name of the text in errors; "" takes the flag and the path.

    Raises:
        BadInput: as `text_parts`.
    """
    return "".join(text_parts(path.expanduser(), where or f"--d.file {path}"))


def check_encoding(name: str) -> None:
    """Raises BadInput if there is no encoding of texts with that name.

    >>> check_encoding("latin-1")
    """
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):  # ValueError of "undefined", and of a name with the character NUL
        raise BadInput(
            f"--d.encoding {name} is not known: give one of Python's, as utf-8, utf-16, cp1252, latin-1, gb18030"
        ) from None


def text_parts(
    path: Path,
    where: str = "",
    piece: int = _PIECE,
    encoding: str = "",
    note: Callable[[str], None] | None = None,
) -> Iterator[str]:
    r"""Yields the text of a file in parts, with "\n" as the only line ending.

    Args:
        path: path of the file.
        where: name of the text in errors; "" takes the path.
        piece: bytes to read at a time.
        encoding: encoding of the text; "" is UTF-8.
        note: called with a line on an encoding that is guessed: UTF-16 by the first bytes; Windows-1252 where the text
            is ASCII up to a byte that is not UTF-8. None guesses none.

    Raises:
        BadInput: if the file cannot be read, is not of the encoding or holds the character NUL; the message names byte
            and line.
    """
    where = where or str(path)
    if encoding:
        check_encoding(encoding)
    try:
        with open_bytes(path, where) as file:
            yield from _joined_endings(_decoded(file, where, piece, encoding, note))
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror or error}") from error


def _decoded(
    file: BinaryIO, where: str, piece: int, encoding: str, note: Callable[[str], None] | None
) -> Iterator[str]:
    """Yields the decoded pieces of a file; the last is the end of the text, mostly empty."""
    raw, done, lines, plain, begun = file.read(piece), 0, 1, True, False
    first = raw[:4]
    guessed = "" if encoding or note is None else _wide(raw)
    if guessed and note:
        note(f"{where} is read as {guessed}, by its first bytes; {_OTHER}")
    decoder = codecs.getincrementaldecoder(guessed or encoding or "utf-8-sig")()
    while True:
        pending = decoder.getstate()[0]
        at = done - len(pending)
        try:
            found = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            may_be_old = plain and not (guessed or encoding) and not first.startswith(codecs.BOM_UTF8)
            rest = pending + raw
            if note is None or not may_be_old or not rest[: error.start].isascii() or not _is_old(rest):
                raise BadInput(_undecodable(where, encoding or guessed, error, at, lines, first)) from error
            place = _place(at, lines, error)
            note(f"{where} is not UTF-8, {place}: read as Windows-1252 (cp1252); {_OTHER}")
            guessed, decoder = _OLD, codecs.getincrementaldecoder(_OLD)()
            found = decoder.decode(rest)
        except UnicodeError as error:  # UTF-16 without a mark of its order of bytes
            raise BadInput(f"{where} is not {encoding or guessed} text: {error}. {_CURE}") from error
        if not begun and found:  # the mark is no part of the text, whatever decoder was named
            found, begun = found.removeprefix("\ufeff"), True
        if "\0" in found:
            line = lines + found.count("\n", 0, found.index("\0"))
            raise BadInput(
                f"{where} holds the character NUL in line {line}, as UTF-16 and binary files do. Save the file as UTF-8"
            )
        plain = plain and found.isascii()
        done, lines = done + len(raw), lines + found.count("\n")
        yield found
        if not raw:
            return
        raw = file.read(piece)


def _joined_endings(parts: Iterator[str]) -> Iterator[str]:
    r"""Yields parts of a text with "\n" for "\r\n", also where the two are in different parts."""
    held = ""
    for part in parts:
        part = held + part
        held = "\r" if part.endswith("\r") else ""
        yield part.removesuffix(held).replace("\r\n", "\n")
    if held:
        yield held


def _wide(first: bytes) -> str:
    """Returns the encoding of a text that begins as UTF-16 or UTF-32; "" for others."""
    if first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if first.startswith(_WIDE):
        return "utf-16"
    head = first[:1000]
    for name, gaps, letters in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if gaps and gaps.count(0) > 0.5 * len(gaps) and 0 not in letters:
            return name
    return ""


def _is_old(raw: bytes) -> bool:
    try:
        raw.decode(_OLD)
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw


def _undecodable(where: str, encoding: str, error: UnicodeDecodeError, at: int, lines: int, first: bytes) -> str:
    cause = ", as in UTF-16" if not encoding and first.startswith(_WIDE) else ""
    cure = _CURE if encoding else "Save the file as UTF-8"
    return f"{where} is not {encoding or 'UTF-8'} text: {_place(at, lines, error)}{cause}. {cure}"


def _place(at: int, lines: int, error: UnicodeDecodeError) -> str:
    line, byte = lines + error.object.count(b"\n", 0, error.start), error.object[error.start]
    return f"byte {at + error.start} (line {line}) is 0x{byte:02x}"
