"""A file that the user named for what a command gives: written whole, or an error that names it."""

from pathlib import Path

from .errors import BadInput
from .files import replace_file

__all__ = ["write_output"]


def write_output(path: Path, content: bytes, flag: str = "--out") -> None:
    """Writes a file that a flag names; what was there before stays until the new one is whole.

    Raises:
        BadInput: naming flag, file and reason, if it cannot be written.
    """
    path = path.expanduser()
    if path.is_dir():
        raise BadInput(f"{flag} {path} is a folder: name a file in it")
    try:
        replace_file(path, content)
    except OSError as error:
        raise BadInput(f"{flag} {path} cannot be written: {error.strerror or error}") from error
