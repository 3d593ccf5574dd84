"""Reads records of a fixed length from files in a tar archive, the binary form of CIFAR.

The archive is read as a stream, compressed or not. Nothing is unpacked: files are found by their names, read only if
they have the expected size, and neither links nor folders of the archive are followed.
"""

import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...errors import DataUnavailable
from ...files import check_regular

if TYPE_CHECKING:
    import numpy as np

__all__ = ["read_records"]


class _Damaged(Exception):
    pass


def read_records(path: Path, counts: Mapping[str, int], length: int) -> "Iterator[tuple[str, np.ndarray]]":
    """Reads files of an archive, each once, in the order of the archive.

    Args:
        path: path of the archive.
        counts: number of records of each file, by the name of the file without its folders.
        length: bytes of a record.

    Yields:
        The name of a file and its records, uint8 (count, length).

    Raises:
        DataUnavailable: if the archive cannot be read, or a file is missing or has another size.
    """
    check_regular(path)
    try:
        with tarfile.open(path, "r|*") as archive:
            yield from _files(archive, dict(counts), length)
    except (OSError, EOFError, zlib.error, tarfile.TarError, _Damaged) as error:
        advice = "Replace the file; or delete it, and it is downloaded again unless --offline is set"
        raise DataUnavailable(f"{path} is not a valid archive: {error}. {advice}") from error


def _files(archive: tarfile.TarFile, counts: dict[str, int], length: int) -> "Iterator[tuple[str, np.ndarray]]":
    import numpy as np

    for member in archive:
        name = PurePosixPath(member.name).name
        if not member.isreg() or name not in counts:
            continue
        count = counts.pop(name)
        if member.size != count * length:
            raise _Damaged(
                f"expected {count * length:,} bytes of {name} ({count:,} records of {length:,}), found {member.size:,}"
            )
        stream = archive.extractfile(member)
        body = b"" if stream is None else stream.read()
        if len(body) != member.size:
            raise _Damaged(f"{name} ends after {len(body):,} of {member.size:,} bytes")
        yield name, np.frombuffer(body, np.uint8).reshape(count, length)
        if not counts:
            return
    raise _Damaged(f"expected the files {', '.join(counts)} in it, which it does not have")
