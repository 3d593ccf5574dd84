"""The folder of a run: a new one, an empty one, or the place of an earlier run that may go."""

import json
import shutil
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.recipe import Recipe
from ..errors import BadInput
from .lock import check_free

if TYPE_CHECKING:
    from ..config.run_options import RunOptions

__all__ = ["check_folder", "is_run", "locate_run", "prepare_folder"]

# What a run writes. The configuration comes last: as long as it is there, the rest is known to be a run's.
_WRITTEN = ("metrics.jsonl", "model.*", "result.json", "plots", "checkpoints", "samples", "tensorboard", "profile")
_WRITTEN += (".tmp-*", "config.json")


def check_folder(options: "RunOptions") -> None:
    """Looks whether a run may be written where the options say; touches nothing.

    Raises:
        BadInput: if the place is a file or below one, holds something already, or no run to resume; or if a run is
            under way there.
    """
    if options.resume is not None:
        check_free(_resumed(options))
        return
    if options.out is None:
        return
    folder = options.out.expanduser()
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise BadInput(f"--out {folder}: {place} is a file, not a folder")
    check_free(folder)
    if folder.exists() and any(path.name != ".lock" for path in folder.iterdir()):
        _check_replaceable(folder, options.overwrite)


def prepare_folder(recipe: Recipe, options: "RunOptions") -> Path:
    """Makes the folder of a run, or gives that of the run to resume.

    Of an earlier run that may be overwritten it removes what a run writes, and nothing else.

    Raises:
        BadInput: if the folder holds something and may not be overwritten, or cannot be written.
    """
    check_folder(options)
    if options.resume is not None:
        return _resumed(options)
    folder = options.out.expanduser() if options.out else Path("runs")
    try:
        folder = _existing(folder) if options.out else _new(folder, recipe)
        with tempfile.TemporaryFile(dir=folder):  # asked of the system: permissions alone do not tell
            pass
        if options.overwrite:
            _clear(folder)
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be written: {error.strerror or error}") from error
    return folder


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run; other programs call files config.json as well."""
    try:
        found = json.loads((folder.expanduser() / "config.json").read_text(encoding="utf-8"))
        return "model" in found["recipe"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def locate_run(path: Path) -> tuple[Path, int | None]:
    """The folder of the run that a path names, and the step of its checkpoint if it names one.

    Raises:
        BadInput: if it names neither a run nor a checkpoint in one.
    """
    path = path.expanduser()
    if is_run(path):
        return path, None
    if (path / "manifest.json").exists():
        whole = path.absolute()
        if whole.parent.name == "checkpoints" and whole.name.isdigit() and is_run(whole.parent.parent):
            return whole.parent.parent, int(whole.name)
        raise BadInput(f"--resume {path}: this checkpoint lies in no run; --init-from takes its weights alone")
    what = "holds no run" if path.exists() else "is not there"
    raise BadInput(f"--resume {path} {what}: name the folder of a run (runs/...) or one of its checkpoints")


def _resumed(options: "RunOptions") -> Path:
    assert options.resume is not None
    folder, _ = locate_run(options.resume)
    if options.out is not None and options.out.expanduser().absolute() != folder.absolute():
        raise BadInput(f"--out {options.out}: a run is resumed in its own folder, {folder}; leave --out away")
    return folder


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    if not is_run(folder):
        raise BadInput(f"--out {folder} is not empty and holds no run: name a new or an empty folder")
    if not overwrite:
        raise BadInput(
            f"--out {folder} holds a run already: give --overwrite to replace it, --resume to go on "
            "with it, or name another folder"
        )


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _new(runs: Path, recipe: Recipe) -> Path:
    """Two runs that begin in the same second get two folders."""
    name = f"{recipe.model}-{recipe.dataset}-{time.strftime('%Y%m%d-%H%M%S')}"
    for number in count(1):
        folder = runs / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not runs.is_dir():
                raise
        else:
            break
    return folder


def _clear(folder: Path) -> None:
    for pattern in _WRITTEN:
        for path in folder.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
