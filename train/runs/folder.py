"""The folder of a run: made, found, cleared of an earlier run, and its JSON files read."""

import json
import re
import tempfile
import time
from contextlib import suppress
from dataclasses import fields
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo._catalogue import names, short_name

from ..checkpoints.listing import FOLDER as CHECKPOINTS
from ..checkpoints.listing import prune
from ..config.recipe import Recipe
from ..errors import BadInput, warn
from ..files import PICTURE_MARK, irregular
from .lock import check_free

if TYPE_CHECKING:
    from ..config.run_options import RunOptions

__all__ = [
    "CONFIG_FILE",
    "RESULT_FILE",
    "check_folder",
    "is_run",
    "locate_run",
    "needs_folder",
    "prepare_folder",
    "read_config",
    "read_result",
]

CONFIG_FILE, RESULT_FILE = "config.json", "result.json"

# What runs write, in the order of removal: the names of the files in each folder. People keep files of their own
# beside them. Pictures are told by a mark; the names here are those of earlier versions, which set none. config.json is
# not removed but replaced: while it is there, the rest belongs to a run.
_PLOTS = "before_after clusters confusion curves filters forecast interpolation lags mistakes nearest recalled"
_PLOTS = f"{_PLOTS} reconstructions regression samples surface".replace(" ", "|")
_OWN = {
    "": re.compile(r"metrics\.jsonl|model\.safetensors|result\.json"),
    "plots": re.compile(rf"({_PLOTS})\.png"),
    "samples": re.compile(r"step-\d{6,}\.png|training\.gif"),
    "tensorboard": re.compile(r"events\.out\.tfevents\..+"),
    "profile": re.compile(r"perfetto_trace\.json\.gz|.+\.(xplane\.pb|trace\.json\.gz)"),
}
# Of a file that was being written when the process was killed, as `files.atomic` names it, and of a file system that
# several processes try together.
_LEFTOVER = re.compile(r"\.tmp-(config\.json|result\.json|model\.safetensors)-\d+|\.seen-by-all-[0-9a-f]{8}")
_PICTURE_LEFTOVER = re.compile(r"\.tmp-.+\.(png|gif)-\d+")
_LARGEST = 64 << 20  # bytes of a JSON file of a run
_KEYS = {"recipe", "options", "origin", "versions", "argv", "devices", "git", "time", "step", "earlier", "cwd"}
_FIELDS = {each.name for each in fields(Recipe)}


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
        _check_weights(folder, options)
        for place in (folder, *folder.parents):
            if place.exists() and not place.is_dir():
                raise BadInput(f"--out {folder}: {place} is a file, not a folder")
        check_free(folder)
        if folder.exists() and any(path.name != ".lock" and not is_leftover(path) for path in folder.iterdir()):
            _check_replaceable(folder, options.overwrite)
    except OSError as error:
        raise BadInput(f"--out {folder} cannot be used: {error.strerror or error}") from error


def needs_folder(options: "RunOptions", in_memory: bool) -> bool:
    """Returns whether a run writes a folder: on data in memory only if one is named.

    Raises:
        BadInput: If an option needs a folder and none is named.
    """
    if not in_memory or options.out is not None or options.resume is not None:
        return True
    for name in ("overwrite", "tensorboard", "profile", "ckpt_every"):
        if getattr(options, name) not in (None, False, "off"):
            flag = f"--{name.replace('_', '-')}"
            raise BadInput(f"{flag} needs a folder, which a run on data in memory has only if one is named: give --out")
    return False


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
        _sweep(folder)
        if options.overwrite:
            _clear(folder)
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


def _check_weights(folder: Path, options: "RunOptions") -> None:
    """Refuses to overwrite the run whose weights the new one starts from: they are read after it is emptied."""
    if options.overwrite and options.init_from is not None:
        weights = Path(options.init_from).expanduser()
        if weights.exists() and weights.resolve().is_relative_to(folder.resolve()):
            raise BadInput(
                f"--init-from {options.init_from} lies in --out {folder}, which --overwrite empties: name another "
                "folder with --out"
            )


def _existing(folder: Path) -> Path:
    """Makes a folder and those above it; if one of them cannot be made, none is left behind."""
    made = []
    try:
        for place in (*reversed(folder.parents), folder):
            if not place.exists():
                place.mkdir(exist_ok=True)
                made.append(place)
    except OSError:
        for place in reversed(made):
            with suppress(OSError):
                place.rmdir()
        raise
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
        if irregular(path) or path.stat().st_size > _LARGEST:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _swept(folder: Path) -> Path:
    try:
        _sweep(folder)
    except OSError as error:
        raise BadInput(f"--resume {folder} cannot be written: {error.strerror or error}") from error
    return folder


def _sweep(folder: Path) -> None:
    """Removes incomplete files, everywhere in the folder of a run; those of checkpoints go with `prune`."""
    found = filter(is_leftover, folder.iterdir())
    for name in ("", "plots", "samples"):
        if not (folder / name).is_symlink() and (folder / name).is_dir():
            found = chain(found, (each for each in (folder / name).iterdir() if _PICTURE_LEFTOVER.fullmatch(each.name)))
    for path in [*found]:
        path.unlink(missing_ok=True)


def _is_picture(path: Path) -> bool:
    """Returns whether a file is a picture that a run drew, whatever its name."""
    if path.suffix != ".png" or path.parent.name != "plots" or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return PICTURE_MARK.encode() in file.read(1 << 10)


def _clear(folder: Path) -> None:
    """Removes what an earlier run wrote, by names and marks; a folder with other files stays, with a warning."""
    for place in (folder / name for name in (CHECKPOINTS, *_OWN) if name):
        if place.is_symlink():
            place.unlink()
    for name, own in _OWN.items():
        for path in (folder / name).glob("plugins/profile/*/*" if name == "profile" else "*"):
            if (own.fullmatch(path.name) or _is_picture(path)) and (path.is_symlink() or not path.is_dir()):
                path.unlink()
    prune(folder, 0)
    traces = [*(folder / "profile").glob("plugins/profile/*"), folder / "profile/plugins/profile"]
    for place in (*traces, folder / "profile/plugins", *(folder / name for name in (CHECKPOINTS, *_OWN) if name)):
        with suppress(OSError):  # not empty, or not there
            place.rmdir()
    for place in (folder / name for name in (CHECKPOINTS, *_OWN) if name):
        left = sorted(path.name for path in place.iterdir()) if place.is_dir() else []
        if left:
            names = f"{', '.join(left[:3])}{', ...' * (len(left) > 3)}"
            warn(f"{place} stays, as it holds what no run has written: {names}")
