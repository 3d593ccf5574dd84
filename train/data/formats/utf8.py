"""Reads texts in UTF-8, with the place and the likely cause of what is none."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from ...errors import BadInput
from ...files import open_bytes

__all__ = ["read_text", "text_parts"]

_PIECE = 1 << 24  # bytes
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, where: str = "") -> str:
    r"""Reads the text of a file, with "\n" as the only line ending.

    Args:
        path: path of the file.
        where: name of the text in errors; "" takes the flag and the path.

    Raises:
        BadInput: as `text_parts`.
    """
    return "".join(text_parts(path.expanduser(), where or f"--d.file {path}"))


def text_parts(path: Path, where: str = "", piece: int = _PIECE) -> Iterator[str]:
    r"""Yields the text of a file in parts, with "\n" as the only line ending.

    Args:
        path: a text in UTF-8.
        where: name of the text in errors; "" takes the path.
        piece: bytes to read at a time.

    Raises:
        BadInput: if the file cannot be read, is not UTF-8 or holds the character NUL; the message names byte and line.
    """
    where = where or str(path)
    decoder, done, lines, held = codecs.getincrementaldecoder("utf-8-sig")(), 0, 1, ""
    try:
        with open_bytes(path, where) as file:
            raw = b" "
            while raw:
                raw, pending = file.read(piece), decoder.getstate()[0]
                try:
                    found = held + decoder.decode(raw, final=not raw)
                except UnicodeDecodeError as error:
                    at = done - len(pending) + error.start
                    raise BadInput(_not_utf8(where, error, at, lines, raw if not done else b"")) from error
                if b"\0" in raw:
                    line = lines + raw.count(b"\n", 0, raw.index(b"\0"))
                    raise BadInput(
                        f"{where} holds the character NUL in line {line}, as UTF-16 and binary files do. Save the file "
                        "as UTF-8"
                    )
                done, lines = done + len(raw), lines + raw.count(b"\n")
                held = "\r" if found.endswith("\r") and raw else ""  # its "\n" may begin the next piece
                yield found.removesuffix(held).replace("\r\n", "\n")
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror or error}") from error


def _not_utf8(where: str, error: UnicodeDecodeError, at: int, lines: int, first: bytes) -> str:
    line, byte = lines + error.object.count(b"\n", 0, error.start), error.object[error.start]
    cause = ", as in UTF-16" if first.startswith(_WIDE) else ""
    return f"{where} is not UTF-8 text: byte {at} (line {line}) is 0x{byte:02x}{cause}. Save the file as UTF-8"
