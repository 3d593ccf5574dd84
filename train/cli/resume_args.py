"""Expands `--resume` to the recipe and the options of the run that is resumed, as stored in its folder."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from ..config.run_options import RunOptions
from ..errors import BadInput
from ..option_types import coerce, parse, strip_optional
from ..runs.folder import is_run, locate_run, read_config

__all__ = ["options_of", "resumed_dataset", "with_recipe"]

# These decided how the run started, or describe one process; a resumed run does not inherit them.
_NOT_INHERITED = ("out", "overwrite", "resume", "init_from", "distributed", "processes", "process", "peer_timeout")


def with_recipe(words: Sequence[str]) -> tuple[list[str], Path | None]:
    """Adds the folder and the recipe of the run to resume to a command line.

    Paths of data that were given relative to another working directory are added as paths that hold from here.
    `--resume` without a value means the folder of `--out`; if that holds no run yet, the command line starts one.
    Without `--resume` nothing changes.

    Returns:
        The words, and the folder of the run; None if no run is resumed.

    Raises:
        BadInput: if no folder is given, or it holds no run.
    """
    words = list(words)
    at = next((i for i, each in enumerate(words) if each.partition("=")[0] == "--resume"), None)
    if at is None:
        return words, None
    named = words[at].partition("=")[2]
    if not named and at + 1 < len(words) and not words[at + 1].startswith("-"):
        named = words.pop(at + 1)
    path = named or _value(words, "--out")
    if not named and path and not is_run(Path(path)) and (_value(words, "--model") or _value(words, "--config")):
        return [*words[:at], *words[at + 1 :]], None
    if not path:
        raise BadInput("--resume needs the folder of a run, as in --resume runs/mine, or --out runs/mine --resume")
    words[at] = f"--resume={path}"
    run, _ = locate_run(Path(path))
    config = [] if _value(words, "--config") else ["--config", str(run)]
    return words + config + (_paths_from_here(words, run) if config else []), run


def resumed_dataset(words: Sequence[str]) -> str:
    """Returns the name of the data set of the run that a command line resumes; "" if it names none."""
    path = _value(words, "--resume")
    if not path or path.startswith("-"):
        path = _value(words, "--out") if any(each.partition("=")[0] == "--resume" for each in words) else ""
    with suppress(BadInput):
        recipe = read_config(locate_run(Path(path))[0]).get("recipe") if path else None
        return str(recipe.get("dataset", "")) if isinstance(recipe, dict) else ""
    return ""


def _paths_from_here(words: Sequence[str], run: Path) -> list[str]:
    """Returns the flags for data whose path the run was given relative to its own working directory."""
    stored = read_config(run)
    recipe, started_in = stored.get("recipe", {}), stored.get("cwd")
    options = recipe.get("d") if isinstance(recipe, dict) else None
    if (
        not isinstance(options, dict)
        or not isinstance(started_in, str)
        or not started_in
        or Path(started_in) == Path.cwd()
    ):
        return []
    found = []
    for name in ("folder", "file", "test_file", "test_folder"):
        value, flag = options.get(name), f"--d.{name.replace('_', '-')}"
        if not isinstance(value, str) or not value or value.startswith("~") or _value(words, flag):
            continue
        if (Path(started_in) / value).exists():
            found += [flag, str(Path(started_in) / value)]
    return found


def options_of(run: Path) -> dict[str, Any]:
    """Reads the options that a run was started with and that a resumed run inherits; what cannot be read is left out.

    Values are JSON values. Older versions wrote all of them as text: "True", "500".
    """
    stored = read_config(run).get("options", {})
    kinds = get_type_hints(RunOptions)
    found = {}
    for each in fields(RunOptions):
        value = stored.get(each.name)
        if value is not None and each.name not in _NOT_INHERITED:
            with suppress(ValueError):  # of another version
                found[each.name] = coerce(kinds[each.name], _from_text(kinds[each.name], value), each.name)
    return found


def _from_text(kind: Any, value: Any) -> Any:
    """Parses a value that an older version wrote as text."""
    if not isinstance(value, str):
        return value
    return value == "True" if strip_optional(kind)[0] is bool else parse(kind, value)


def _value(words: Sequence[str], flag: str) -> str:
    for i, each in enumerate(words):
        name, equals, value = each.partition("=")
        if name == flag:
            return value if equals else next(iter(words[i + 1 : i + 2]), "")
    return ""
