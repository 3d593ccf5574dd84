"""How the commands that take a trained model read their words: `COMMAND RUN [PLACES ...] [--flag value ...]`."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..config.schema import Option
from ..errors import BadInput
from .parser import Parser

__all__ = ["HELP", "JSON", "ModelArgs", "note", "parse_model_args", "print_json"]

HELP = Option("help", bool, False, "print this page", "help", "-h")
JSON = Option("json", bool, False, "print JSON and nothing else", "what to print")
_RUN = (
    "RUN is the folder of a run (runs/...), a model file, or a pretrained model (python -m zoo list --pretrained).\n"
    "A folder or file of that name goes before a pretrained model."
)


class ModelArgs(NamedTuple):
    """What was asked for.

    Attributes:
        run: the model.
        places: the other words that belong to no flag.
        given: the value of every flag, by name.
        typed: the names of those that were typed.
    """

    run: str
    places: list[str]
    given: dict[str, Any]
    typed: frozenset[str]


def parse_model_args(
    words: Sequence[str], prog: str, flags: Sequence[Option], text: str, example: str, places: str = ""
) -> ModelArgs | None:
    """Reads the words of a command; prints its help if they ask for it, and then gives None.

    Args:
        words: the run first, then flags and places in any order.
        prog: the command.
        flags: all but `--help`.
        text: what the help says.
        example: what may follow the command, for whoever named no run.
        places: what the words beside the flags are called in the help; "" if there must be none.

    Raises:
        BadInput: if there is no run, or a flag is unknown or has no good value.
    """
    run, *rest = words if words and not words[0].startswith("-") else ("", *words)
    parser = Parser((*flags, HELP), prog, f"RUN {places} [--flag value ...]".replace("  ", " "), f"{text}\n\n{_RUN}")
    typed, found = parser.read_places(rest) if places else (parser.read(rest), [])
    if typed.get("help"):
        print(parser.format_help().rstrip())
        return None
    if not run:
        raise BadInput(f"which run? usage: {prog} RUN {example}, RUN being a folder runs/... or a pretrained model")
    return ModelArgs(run, found, {flag.name: flag.default for flag in flags} | typed, frozenset(typed))


def print_json(content: Any) -> None:
    """Prints plain values and arrays as JSON; what is no number (NaN) becomes null, as JSON has no word for it."""
    print(json.dumps(_plain(content), indent=1, allow_nan=False))


def note(notes: Iterable[str], most: int = 10) -> None:
    """Prints notes to stderr, so that stdout holds the answers alone."""
    notes = list(notes)
    for text in notes[:most]:
        print(f"note: {text}", file=sys.stderr)
    if len(notes) > most:
        print(f"note: ... and {len(notes) - most} more", file=sys.stderr)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return _plain(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
