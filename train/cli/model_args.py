"""Parses the command line of commands on a trained model: `COMMAND RUN [FILES ...] [--flag value ...]`."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple

from ..config.schema import Option
from ..errors import BadInput
from ..option_types import Bounds
from ..strict_json import strict
from .parser import Parser

__all__ = ["HELP", "JSON", "THRESHOLD", "ModelArgs", "note", "parse_model_args", "print_json"]

HELP = Option("help", bool, False, "print this page", "help", "-h")
JSON = Option("json", bool, False, "print only JSON", "output")
MODEL = Option(
    "model",
    str,
    None,
    "function that makes the model, if it is in a file or module of your own: ./mine.py:FUNCTION (default: as saved)",
    "model",
)
THRESHOLD = Option(
    "threshold",
    Annotated[float, Bounds(0, 1, open_low=True, open_high=True)],
    None,
    "probability above which the second of two classes, or a label, is predicted (default: that of the training)",
    "predictions",
)
_RUN = (
    "RUN is the folder of a run (runs/...), a model file, or a pretrained model (python -m zoo list --pretrained).\n"
    "A folder or file of that name takes precedence over a pretrained model."
)


class ModelArgs(NamedTuple):
    """Parsed command line.

    Attributes:
        run: folder of a run, model file or name of a pretrained model.
        places: the other words that belong to no flag.
        given: value of every flag, by name.
        typed: names of the flags that were given.
    """

    run: str
    places: list[str]
    given: dict[str, Any]
    typed: frozenset[str]

    def load(self) -> Any:
        """Loads the trained model, with the threshold that was given."""
        from ..trained.model import load

        trained = load(self.run, model=self.given["model"])
        if self.given.get("threshold") is None:
            return trained
        from ..trained.labels import with_threshold

        return with_threshold(trained, self.given["threshold"])


def parse_model_args(
    words: Sequence[str], prog: str, flags: Sequence[Option], text: str, example: str, places: str = ""
) -> ModelArgs | None:
    """Parses the words of a command; prints its help and returns None if they contain --help.

    Args:
        words: the run first, then flags and files in any order.
        prog: the command.
        flags: all flags except --model and --help.
        text: description for the help.
        example: words after the run, for the message if the run is missing.
        places: name of the other words in the help; "" if there must be none.

    Raises:
        BadInput: if the run is missing, or a flag is unknown or has a bad value.
    """
    run, *rest = words if words and not words[0].startswith("-") else ("", *words)
    flags = (*flags, MODEL)
    parser = Parser((*flags, HELP), prog, f"RUN {places} [--flag value ...]".replace("  ", " "), f"{text}\n\n{_RUN}")
    typed, found = parser.read_places(rest) if places else (parser.read(rest), [])
    if typed.get("help"):
        print(parser.format_help().rstrip())
        return None
    if not run:
        raise BadInput(f"no run given: usage: {prog} RUN {example}; RUN is a folder runs/... or a pretrained model")
    return ModelArgs(run, found, {flag.name: flag.default for flag in flags} | typed, frozenset(typed))


def print_json(content: Any) -> None:
    """Prints plain values and arrays as JSON; NaN and infinity, which JSON lacks, become null."""
    print(json.dumps(strict(content), indent=1, allow_nan=False))


def note(notes: Iterable[str], most: int = 10) -> None:
    """Prints notes to stderr, so that stdout holds only the results."""
    notes = list(notes)
    for text in notes[:most]:
        print(f"note: {text}", file=sys.stderr)
    if len(notes) > most:
        print(f"note: ... and {len(notes) - most} more", file=sys.stderr)
