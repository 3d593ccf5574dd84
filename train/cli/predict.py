"""The command `python -m zoo predict RUN FILES...`: what a saved model says of pictures, tables, arrays and texts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..config.schema import Option
from ..errors import BadInput, CheckpointUnusable
from .exit import run_command
from .model_args import JSON, ModelArgs, note, parse_model_args, print_json

__all__ = ["main"]

_FLAGS = (
    Option("invert", bool, False, "makes black white and white black in pictures", "how to read"),
    Option("column", str, None, "of a table, what a forecaster is to foretell; none takes that of the training",
         "how to read"),
    JSON,
    Option("out", Path, None, "a CSV file for the answers, with the probability of every class", "what to print"),
)  # fmt: skip
_TEXT = """\
Says what a trained model makes of files of yours, a line for each input.

pictures  .png, .jpg, folders of them: resized and made grey or coloured as the model wants it; black becomes the least
          value of the training pictures and white the largest (digits: 0 and 16, MNIST: 0 and 255). Both sets are white
          on black: give --invert for dark digits on white paper
arrays    .npy and IDX: one example or many, the numbers as they are, on the scale of the training data
tables    .csv, a line for each example; columns by name where the first line has the features' names, else by position
series    .csv, the oldest line first: the values that follow the last ones of a column
texts     for language models: how well they foretell it, in bits per character and perplexity"""


def main(words: Sequence[str], prog: str = "python -m zoo predict") -> int:
    """Prints what a model says of files; gives the exit code."""
    return run_command(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "FILE ... [--json] [--out FILE.csv]", "FILES ...")
    if asked is None:
        return 0
    if not asked.places:
        raise BadInput(f"which files? usage: {prog} {asked.run} FILE ...; --help says which kinds are read")
    from ..inference.inputs.batch import Wanted
    from ..inference.inputs.read import read_inputs
    from ..trained.locate import header, locate

    # All is read before jax is imported: a bad file is told at once, and nothing is half done.
    about = header(locate(asked.run))
    if about.get("task") == "generation":
        raise BadInput(f"{asked.run} answers nothing, it makes samples: python -m zoo sample {asked.run}")
    try:
        wanted = Wanted.of(about)
    except (KeyError, TypeError) as error:
        raise CheckpointUnusable(f"{asked.run} does not say what it reads: {error!r}") from error
    batches = read_inputs(asked.places, wanted, invert=asked.given["invert"], column=asked.given["column"] or "")
    notes = [each for batch in batches for each in batch.notes]
    note(notes)
    from ..inference.memory import explain_out_of_memory
    from ..inference.predict import predictions
    from ..trained.model import load

    def answers() -> list[dict[str, Any]]:
        trained = load(asked.run)
        return [each for batch in batches for each in predictions(trained, batch)]

    _tell(asked, explain_out_of_memory(asked.run, answers), notes)
    return 0


def _tell(asked: ModelArgs, said: list[dict[str, Any]], notes: list[str]) -> None:
    from ..files import write_output
    from ..inference.predict import in_a_line, to_csv

    if asked.given["out"] is not None:
        write_output(asked.given["out"], to_csv(said))
    if asked.given["json"]:
        print_json({"run": asked.run, "predictions": said, "notes": notes})
        return
    width = max(len(each["input"]) for each in said)
    for each in said:
        print(in_a_line(each, width))
