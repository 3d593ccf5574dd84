"""Predicts with a trained model on images, tables, arrays or text files."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from ..config.schema import Option
from ..errors import BadInput, CheckpointUnusable
from .model_args import JSON, ModelArgs, note, parse_model_args, print_json

__all__ = ["main"]

_FLAGS = (
    Option("invert", bool, False, "inverted brightness of images", "input"),
    Option("column", str, None, "column of a table to forecast (default: that of the training)", "input"),
    JSON,
    Option(
        "out", Path, None, "CSV file for the predictions, with the probability of every class (default: none)", "output"
    ),
)
_TEXT = """\
Prints the predictions of a trained model for files, one line for each input.

images    .png, .jpg, .webp, .gif, .bmp, .tif or folders of them. A model of a folder of images (--images) reads them as
          its training did. Models of other data sets: resized, converted to grey or color; black becomes the smallest
          value of the training images and white the largest (digits: 0 and 16, MNIST: 0 and 255). Both data sets are
          white on black: use --invert for dark digits on white paper. Transparent pixels are blended onto white
arrays    .npy and IDX: one example or many, on the scale of the training data
tables    .csv, one line for each example. A model of a table (--target) reads raw rows, its columns by name in any
          order; --out adds the rows' identifiers. Others: columns by name if the first line has the names of the
          features, else by position
series    .csv, the oldest line first: a forecast of the next values of a column
texts     for language models: bits per character and perplexity of the text"""


def main(words: Sequence[str], prog: str = "python -m zoo predict") -> int:
    """Prints predictions for files; returns the exit code."""
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "FILE ... [--json] [--out FILE.csv]", "FILES ...")
    if asked is None:
        return 0
    if not asked.places:
        raise BadInput(f"no files given: usage: {prog} {asked.run} FILE ...; --help lists the kinds of files")
    from ..inference.inputs.batch import InputSpec
    from ..inference.inputs.read import read_inputs
    from ..trained.file import header, locate

    # All files are read before jax is imported: an error in one is reported at once.
    about = header(locate(asked.run))
    if about.get("task") == "generation":
        raise BadInput(
            f"{asked.run} is a generator without inputs to predict on: python -m zoo sample {quote(asked.run)}"
        )
    try:
        spec = InputSpec.of(about)
    except (KeyError, TypeError) as error:
        raise CheckpointUnusable(f"{asked.run} does not describe its inputs: {error!r}") from error
    batches = read_inputs(asked.places, spec, invert=asked.given["invert"], column=asked.given["column"] or "")
    notes = [each for batch in batches for each in batch.notes]
    note(notes)
    from ..inference.memory import explain_out_of_memory
    from ..inference.predict import predictions

    def answers() -> list[dict[str, Any]]:
        trained = asked.load()
        return [each for batch in batches for each in predictions(trained, batch)]

    _print(asked, explain_out_of_memory(asked.run, answers), notes)
    return 0


def _print(asked: ModelArgs, found: list[dict[str, Any]], notes: list[str]) -> None:
    from ..files import write_output
    from ..inference.predict import in_a_line, to_csv

    if asked.given["out"] is not None:
        write_output(asked.given["out"], to_csv(found))
    if asked.given["json"]:
        print_json({"run": asked.run, "predictions": found, "notes": notes})
        return
    width = max(len(each["input"]) for each in found)
    for each in found:
        print(in_a_line(each, width))
