"""A text that does not fit in memory, as a file of numbers: one for each character, made once and memory-mapped."""

import codecs
import hashlib
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput, RunFailed
from ...user_cache import user_cache
from ..on_disk import MappedArray
from ..vocabulary import Vocabulary

if TYPE_CHECKING:
    pass

__all__ = ["characters_on_disk", "text_parts"]

_PIECE = 1 << 24  # bytes


def characters_on_disk(path: Path, where: str) -> tuple[Vocabulary, MappedArray]:
    """All characters of a text, in the order of Unicode, and the text in their numbers, which stay on the disk.

    The numbers are written once, into `zoo/texts` in the user's cache, a byte a character as a rule. They are made
    anew when the file has another size or time.

    Args:
        path: a text in UTF-8.
        where: what an error calls it.

    Raises:
        BadInput: if it cannot be read, or is no text in UTF-8; it says at which byte.
        RunFailed: if the cache has no room.
    """
    import numpy as np

    path = path.expanduser().resolve()
    try:
        facts = path.stat()
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror or error}") from error
    told = json.dumps([str(path), facts.st_size, facts.st_mtime_ns, 1])
    folder = user_cache() / "zoo" / "texts" / hashlib.sha256(told.encode()).hexdigest()[:16]
    if not folder.is_dir():
        try:
            _write(path, where, folder)
        except OSError as error:
            raise RunFailed(
                f"{folder} cannot be written: {error.strerror or error}; it takes {facts.st_size:,} bytes or more. "
                "XDG_CACHE_HOME names another place"
            ) from error
    tokens = json.loads((folder / "characters.json").read_text(encoding="utf-8"))
    return Vocabulary(tuple(tokens)), MappedArray(np.load(folder / "numbers.npy", mmap_mode="r"), dtype=np.int32)


def text_parts(path: Path, where: str = "", piece: int = _PIECE) -> Iterator[str]:
    r"""The text in a file, piece after piece, its line ends made "\n".

    Args:
        path: a text in UTF-8.
        where: what an error calls it.
        piece: bytes to read at a time.

    Raises:
        BadInput: as `characters_on_disk`.
    """
    decoder, done, lines, held = codecs.getincrementaldecoder("utf-8-sig")(), 0, 1, ""
    try:
        with path.open("rb") as file:
            raw = b" "
            while raw:
                raw, pending = file.read(piece), decoder.getstate()[0]
                try:
                    found = held + decoder.decode(raw, final=not raw)
                except UnicodeDecodeError as error:
                    at = done - len(pending) + error.start
                    line = lines + error.object.count(b"\n", 0, error.start)
                    raise BadInput(
                        f"{where or path} is no text in UTF-8: byte {at} (line {line}) is "
                        f"0x{error.object[error.start]:02x}. Save it as UTF-8 and try again"
                    ) from error
                done, lines = done + len(raw), lines + raw.count(b"\n")
                held = "\r" if found.endswith("\r") and raw else ""  # its "\n" may be the next piece's first sign
                yield found.removesuffix(held).replace("\r\n", "\n")
    except OSError as error:
        raise BadInput(f"{where or path} cannot be read: {error.strerror or error}") from error


def _write(path: Path, where: str, folder: Path) -> None:
    """Two passes: which characters there are and how many in all, then their numbers."""
    import numpy as np

    known, count = set(), 0
    for part in text_parts(path, where):
        known.update(part)
        count += len(part)
    tokens = sorted(known)
    points = np.array([ord(token) for token in tokens], np.uint32)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".tmp-{folder.name}-{secrets.token_hex(4)}")
    beside.mkdir()
    try:
        kind = np.min_scalar_type(max(len(tokens) - 1, 0))
        with (beside / "numbers.npy").open("wb") as file:
            header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (count,)}
            np.lib.format.write_array_header_1_0(file, header)
            for part in text_parts(path, where):
                signs = np.frombuffer(part.encode("utf-32-le", "surrogatepass"), np.uint32)
                file.write(np.searchsorted(points, signs).astype(kind).tobytes())
        (beside / "characters.json").write_text(json.dumps(tokens), encoding="utf-8")
        if not folder.is_dir():
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
