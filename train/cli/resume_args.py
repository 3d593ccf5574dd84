"""What `--resume` stands for on a command line: the run's own recipe and options, as its folder remembers them."""

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from ..config.run_options import RunOptions
from ..errors import BadInput
from ..option_types import parse, strip_optional
from ..runs.folder import is_run, locate_run

__all__ = ["options_of", "with_recipe"]

# These made the run, or say who ran it; they do not go on with it.
_NOT_AGAIN = ("out", "overwrite", "resume", "init_from", "distributed", "processes", "process", "peer_timeout")


def with_recipe(words: Sequence[str]) -> tuple[list[str], Path | None]:
    """The words with the folder spelled out and the run's recipe as their configuration, and the run's folder.

    A bare `--resume` means the folder of `--out`; where that holds no run yet, the words that say what to train begin
    it. Without `--resume` nothing changes.

    Raises:
        BadInput: if no folder is named, or it holds no run.
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
        raise BadInput("--resume: which run? Name its folder, as in --resume runs/mine, or --out runs/mine --resume")
    words[at] = f"--resume={path}"
    run, _ = locate_run(Path(path))
    config = [] if _value(words, "--config") else ["--config", str(run)]
    return words + config, run


def options_of(run: Path) -> dict[str, Any]:
    """The options that a run was begun with, but for those that only began it; what cannot be read is left out."""
    try:
        told = json.loads((run / "config.json").read_text(encoding="utf-8"))["options"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    kinds = get_type_hints(RunOptions)
    found = {}
    for each in fields(RunOptions):
        text = told.get(each.name) if isinstance(told, dict) else None
        if isinstance(text, str | list) and each.name not in _NOT_AGAIN:
            kind, _ = strip_optional(kinds[each.name])
            try:
                if isinstance(text, list):
                    found[each.name] = tuple(parse(kind, one) for one in text)
                else:
                    found[each.name] = text == "True" if kind is bool else parse(kind, text)
            except ValueError:  # of another version
                continue
    return found


def _value(words: Sequence[str], flag: str) -> str:
    for i, each in enumerate(words):
        name, equals, value = each.partition("=")
        if name == flag:
            return value if equals else next(iter(words[i + 1 : i + 2]), "")
    return ""
