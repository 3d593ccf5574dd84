"""Downloads a data file once: from several mirrors, verified by SHA-256, written atomically.

The content stays in memory until it is verified, so an interruption leaves no partial file. A broken connection is
resumed where it broke (HTTP Range).
"""

import gzip
import hashlib
import io
import os
import socket
import ssl
import time
import zlib
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

from ...errors import DataUnavailable
from ...files import replace_file, user_cache
from ...units import format_duration
from ..dataset import Place
from .http import Malformed, NotAllowed, TooLarge, open_url

__all__ = ["data_folder", "fetch", "find"]

_DEADLINE = 3600.0  # seconds for a mirror, with all attempts
_WAITS = (0.5, 2.0)  # seconds before the second and third attempt at a mirror
_CHUNK = 1 << 16
_DIGITS = 18  # of a Content-Length


def fetch(
    name: str,
    urls: Sequence[str],
    sha256: str,
    place: Place,
    *,
    member: str,
    aliases: Sequence[str] = (),
    siblings: Sequence[str] = (),
    limit: int = 1 << 30,
) -> Path:
    """Returns the path of a data file, which is downloaded unless it exists.

    The file is searched in the subfolder `name` of the data folder and in the data folder; downloads go to the
    subfolder.

    Args:
        name: name of the data set.
        urls: https mirrors, tried in turn.
        sha256: digest of the file uncompressed, or as sent where only that is published.
        place: data folder, permission to use the network, and `print_fn`, which is called about once a second during
            the download; an exception from it ends the download.
        member: name of the file.
        aliases: other names of the file.
        siblings: names of the data set's other files, for the error message.
        limit: maximal size in bytes, as sent and uncompressed.

    Raises:
        DataUnavailable: if every mirror fails; the message lists the attempts and how to provide the file by hand.
    """
    folder = data_folder(place)
    found = find(folder, name, (member, *aliases))
    if found:
        return found
    faults: list[str] = []
    for url in () if place.offline else urls:
        body = _try_mirror(url, sha256, limit, place, faults)
        if body is not None:
            return _keep(body, folder / name / member)
    why = "is not on this machine, and --offline forbids downloads" if place.offline else "could not be downloaded"
    raise DataUnavailable(
        "\n  ".join([f"{member} of {name} {why}:", *faults]) + f"\n{_advice(folder, name, urls, (member, *siblings))}"
    )


def data_folder(place: Place) -> Path:
    """Returns the data folder: the one that the user named, else ZOO_DATA, else the user's cache.

    Raises:
        DataUnavailable: if neither is set and the user has no home folder.
    """
    named = place.data_dir or os.environ.get("ZOO_DATA")
    try:
        return Path(named).expanduser() if named else user_cache() / "zoo"
    except RuntimeError as error:
        raise DataUnavailable(f"no folder for data: {error}; set one with --data-dir or ZOO_DATA") from error


def find(folder: Path, name: str, members: Sequence[str]) -> Path | None:
    """Returns the first of these files that exists in `folder/name` or in `folder`, None if there is none."""
    for path in (base / member for base in (folder / name, folder) for member in members):
        if os.path.isfile(path):  # False for a folder without permission, where Path.is_file raises
            return path
    return None


def _advice(folder: Path, name: str, urls: Sequence[str], members: Sequence[str]) -> str:
    return (
        f"Put {', '.join(members)} into {folder / name}, or set the folder that holds them with --data-dir. "
        f"Source: {urls[0].rpartition('/')[0]}/"
    )


def _try_mirror(url: str, sha256: str, limit: int, place: Place, faults: list[str]) -> bytes | None:
    try:
        body = _get(url, limit, place)
    except (OSError, HTTPException) as error:
        faults.append(f"{url}: {error or type(error).__name__}")
        return None
    if _matches(body, sha256, limit):
        return body
    got = hashlib.sha256(body).hexdigest()
    faults.append(f"{url}: wrong content, {len(body):,} bytes of SHA-256 {got[:12]}...; expected {sha256[:12]}...")
    return None


def _get(url: str, limit: int, place: Place) -> bytes:
    body, deadline = bytearray(), time.monotonic() + _DEADLINE
    for wait in (*_WAITS, None):
        try:
            _receive(url, body, limit, place, deadline)
            return bytes(body)
        except (OSError, HTTPException) as error:
            if wait is None or not _is_temporary(error) or time.monotonic() + wait > deadline:
                raise
            place.print_fn(f"{error}; next attempt in {wait} s")
        time.sleep(wait)
    raise AssertionError("unreachable")


def _receive(url: str, body: bytearray, limit: int, place: Place, deadline: float) -> None:
    """Downloads the missing part of the body and appends it."""
    headers = {"User-Agent": "neural-network-zoo", "Accept-Encoding": "identity"}
    if body:
        headers["Range"] = f"bytes={len(body)}-"
    place.print_fn(f"downloading {url} (within {format_duration(deadline - time.monotonic())}, else the next mirror)")
    with open_url(url, headers) as response:
        response.pace.begin_body(deadline)
        resumed = response.headers.get("Content-Range", "").startswith(f"bytes {len(body)}-")
        if not (response.status == 206 and resumed):
            body.clear()
        length = _length(response.headers.get("Content-Length"))
        whole = None if length is None else len(body) + length
        _read(response, body, whole, limit, place)
    if whole is not None and len(body) < whole:
        raise ConnectionError(f"connection closed after {len(body):,} of {whole:,} bytes")


def _length(text: str | None) -> int | None:
    """Returns the bytes that a Content-Length states, None if there is none."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise Malformed(f"Content-Length is no number of bytes: {text[:20]!a}")
    return int(text)


def _read(response, body: bytearray, whole: int | None, limit: int, place: Place) -> None:
    reported = time.monotonic()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if max(len(body), whole or 0) > limit:
            raise TooLarge(f"larger than the limit of {limit:,} bytes")
        if time.monotonic() - reported > 1:
            reported = time.monotonic()
            place.print_fn(f"{len(body) / 1e6:.1f} of {whole / 1e6:.1f} MB" if whole else f"{len(body) / 1e6:.1f} MB")


def _is_temporary(error: Exception) -> bool:
    """Returns True if another attempt at the same mirror may succeed."""
    if isinstance(error, HTTPError):
        return error.code >= 500 or error.code in (408, 429)
    cause = getattr(error, "reason", error)  # wrapped by urllib
    return not isinstance(
        cause, (Malformed, NotAllowed, TooLarge, socket.gaierror, ConnectionRefusedError, ssl.SSLError)
    )


def _matches(body: bytes, sha256: str, limit: int) -> bool:
    if hashlib.sha256(body).hexdigest() == sha256:
        return True
    digest, size = hashlib.sha256(), 0
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                if size > limit:  # a decompression bomb
                    return False
    except (OSError, EOFError, zlib.error):
        return False
    return digest.hexdigest() == sha256


def _keep(body: bytes, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, body)
    except OSError as error:
        raise DataUnavailable(f"cannot write {path}: {error}; set another folder with --data-dir") from error
    return path
