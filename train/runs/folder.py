"""The folder of a run: made, found, cleared of an earlier run, and its JSON files read."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._catalogue import names, short_name

from ..config.recipe import Recipe
from ..errors import BadInput
from ..files import MODEL_FILE
from .lock import check_free

if TYPE_CHECKING:
    from ..config.run_options import RunOptions

__all__ = [
    "CONFIG_FILE",
    "RESULT_FILE",
    "check_folder",
    "is_run",
    "locate_run",
    "prepare_folder",
    "read_config",
    "read_result",
]

CONFIG_FILE, RESULT_FILE = "config.json", "result.json"

# Names of a run, in the order of removal. The configuration comes last: while it exists, the rest belongs to a run.
_WRITTEN = ("metrics.jsonl", MODEL_FILE, RESULT_FILE, "plots", "checkpoints", "samples", "tensorboard", "profile")
_WRITTEN += (CONFIG_FILE,)
_KEYS = {"recipe", "options", "origin", "versions", "argv", "devices", "git", "time", "step", "earlier", "cwd"}
_FIELDS = {each.name for each in fields(Recipe)}
# Of a file that was being written when the process was killed, as `files.atomic` names it.
_LEFTOVER = re.compile(r"\.tmp-(config\.json|result\.json|model\.safetensors)-\d+")


def check_folder(options: "RunOptions") -> None:
    """Checks that the options name a folder that a run may use; changes nothing.

    Raises:
        BadInput: If the path is a file or below one, the folder is not empty or holds no run to resume, or another
            process runs in it.
    """
    if options.resume is not None:
        check_free(_resumed(options))
        return
    if options.out is None:
        return
    folder = options.out.expanduser()
    try:
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise BadInput(f"--out {folder}: {place} is a file, not a folder")
        check_free(folder)
        if folder.exists() and any(path.name != ".lock" and not is_leftover(path) for path in folder.iterdir()):
            _check_replaceable(folder, options.overwrite)
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be used: {error.strerror or error}") from error


def prepare_folder(recipe: Recipe, options: "RunOptions") -> Path:
    """Makes the folder of a new run, or returns that of the run to resume.

    Of an earlier run that is overwritten it removes the files that runs write, and nothing else.

    Raises:
        BadInput: If the folder is not empty and may not be overwritten, or cannot be written.
    """
    check_folder(options)
    if options.resume is not None:
        return _swept(_resumed(options))
    folder = options.out.expanduser() if options.out else Path("runs")
    try:
        folder = _existing(folder) if options.out else _new(folder, recipe)
        with tempfile.TemporaryFile(dir=folder):  # permissions alone do not show it
            pass
        _clear(folder, _WRITTEN if options.overwrite else ())
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be written: {error.strerror or error}") from error
    return folder


def is_run(folder: Path) -> bool:
    """Returns whether a folder holds a run: its config.json has the keys of a run alone, and a model that is known.

    Other programs write files named config.json as well, and the folder of a run may be emptied.
    """
    config = read_config(folder.expanduser())
    recipe = config.get("recipe")
    if not isinstance(recipe, dict) or not set(config) <= _KEYS or not set(recipe) <= _FIELDS:
        return False
    model = recipe.get("model")
    if not isinstance(model, str):
        return False
    # A model of the user's own file is named `module:function`; one of a package that is not installed has an origin.
    own = all(part.isidentifier() for part in re.split("[.:]", model)) and ":" in model
    return model in names() or own or bool(config.get("origin"))


def is_leftover(path: Path) -> bool:
    """Returns whether a path is a file of a run that a killed process left incomplete.

    >>> is_leftover(Path(".tmp-config.json-17"))
    False
    """
    return bool(_LEFTOVER.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def read_config(folder: Path) -> dict[str, Any]:
    """Reads `config.json` of a run: `recipe`, `options` and the environment; empty if there is none to read."""
    found = _read_json(folder / CONFIG_FILE)
    return found if isinstance(found.get("options", {}), dict) else {}


def read_result(folder: Path) -> dict[str, Any]:
    """Reads `result.json` of a run; empty if there is none to read."""
    return _read_json(folder / RESULT_FILE)


def locate_run(path: Path) -> tuple[Path, int | None]:
    """Returns the folder of the run that a path names, and the step if it names a checkpoint.

    Raises:
        BadInput: If it names neither a run nor a checkpoint of a run.
    """
    path = path.expanduser()
    if is_run(path):
        return path, None
    if (path / "manifest.json").exists():
        whole = path.absolute()
        if whole.parent.name == "checkpoints" and whole.name.isdigit() and is_run(whole.parent.parent):
            return whole.parent.parent, int(whole.name)
        raise BadInput(
            f"--resume {path}: this checkpoint is not in the folder of a run; --init-from loads its weights alone"
        )
    what = "holds no run" if path.exists() else "does not exist"
    raise BadInput(f"--resume {path} {what}: name the folder of a run (runs/...) or one of its checkpoints")


def _resumed(options: "RunOptions") -> Path:
    assert options.resume is not None
    folder, _ = locate_run(options.resume)
    if options.out is not None and options.out.expanduser().absolute() != folder.absolute():
        raise BadInput(f"--out {options.out}: a run is resumed in its own folder, {folder}; omit --out")
    return folder


def _check_replaceable(folder: Path, overwrite: bool) -> None:
    if not is_run(folder):
        raise BadInput(f"--out {folder} is not empty and holds no run: name a new or an empty folder")
    if not overwrite:
        raise BadInput(
            f"--out {folder} holds a run already: give --overwrite to replace it, --resume to continue it, "
            "or name another folder"
        )


def _existing(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _new(runs: Path, recipe: Recipe) -> Path:
    """Makes a folder named after the time; a second run in the same second gets a number."""
    name = f"{short_name(recipe.model)}-{recipe.dataset}-{time.strftime('%Y%m%d-%H%M%S')}"
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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _swept(folder: Path) -> Path:
    try:
        _clear(folder, ())
    except OSError as error:
        raise BadInput(f"--resume {folder} cannot be written: {error.strerror or error}") from error
    return folder


def _clear(folder: Path, written: Iterable[str]) -> None:
    """Removes incomplete files, and what an earlier run wrote under these names."""
    for path in [*filter(is_leftover, folder.iterdir()), *(folder / name for name in written)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
