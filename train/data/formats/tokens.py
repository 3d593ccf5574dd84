"""Texts that do not fit in memory: encoded once as a file of character numbers, then memory-mapped."""

import hashlib
import json
from pathlib import Path

from ...errors import BadInput, RunFailed
from ...files import atomic, replace_file, user_cache
from ..on_disk import MappedArray
from ..vocabulary import Vocabulary
from .utf8 import text_parts

__all__ = ["characters_on_disk"]

_NUMBERS, _CHARACTERS = "numbers.npy", "characters.json"


def characters_on_disk(path: Path, where: str) -> tuple[Vocabulary, MappedArray]:
    """Encodes a text as character numbers on the disk, and returns its characters and the mapped numbers.

    The numbers are written once to `zoo/texts` in the user's cache, as a rule one byte per character. They are
    written again when the size or the modification time of the text changes.

    Args:
        path: a text in UTF-8.
        where: name of the text in errors.

    Returns:
        The characters of the text in the order of Unicode, and the text as their numbers.

    Raises:
        BadInput: if the text cannot be read or is not UTF-8; the message names the byte.
        RunFailed: if the cache cannot be written.
    """
    import numpy as np

    path = path.expanduser().resolve()
    try:
        facts = path.stat()
    except OSError as error:
        raise BadInput(f"{where} cannot be read: {error.strerror or error}") from error
    identity = json.dumps([str(path), facts.st_size, facts.st_mtime_ns, 1])
    folder = user_cache() / "zoo" / "texts" / hashlib.sha256(identity.encode()).hexdigest()[:16]
    if not (folder / _CHARACTERS).is_file():
        try:
            _write(path, where, folder)
        except OSError as error:
            raise RunFailed(
                f"{folder} cannot be written: {error.strerror or error}; it takes at least {facts.st_size:,} bytes. "
                "Set XDG_CACHE_HOME to another folder"
            ) from error
    tokens = json.loads((folder / _CHARACTERS).read_text(encoding="utf-8"))
    return Vocabulary(tuple(tokens)), MappedArray(np.load(folder / _NUMBERS, mmap_mode="r"), dtype=np.int32)


def _write(path: Path, where: str, folder: Path) -> None:
    """Encodes a text in two passes: its characters and their count, then their numbers."""
    import numpy as np

    known, count = set(), 0
    for part in text_parts(path, where):
        known.update(part)
        count += len(part)
    tokens = sorted(known)
    points = np.array([ord(token) for token in tokens], np.uint32)
    kind = np.min_scalar_type(max(len(tokens) - 1, 0))
    folder.mkdir(parents=True, exist_ok=True)
    with atomic(folder / _NUMBERS) as file:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (count,)}
        np.lib.format.write_array_header_1_0(file, header)
        for part in text_parts(path, where):
            characters = np.frombuffer(part.encode("utf-32-le", "surrogatepass"), np.uint32)
            file.write(np.searchsorted(points, characters).astype(kind).tobytes())
    # The file that is looked for comes last.
    replace_file(folder / _CHARACTERS, json.dumps(tokens).encode())
