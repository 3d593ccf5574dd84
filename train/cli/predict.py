"""Predicts with a trained model on images, tables, arrays or text files."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import Any, Literal

from ..config.schema import Option
from ..data.targets import CLASSES
from ..errors import BadInput, CheckpointUnusable
from .model_args import JSON, THRESHOLD, ModelArgs, note, parse_model_args, print_json

__all__ = ["main"]

_FLAGS = (
    Option("invert", bool, False, "inverted brightness of images", "input"),
    Option("column", str, None, "column of a table to forecast (default: that of the training)", "input"),
    Option(
        "unreadable",
        Literal["refuse", "skip"],
        None,
        "reaction to images that cannot be read: end with their names, or leave them out (default: as in the training)",
        "input",
    ),
    THRESHOLD,
    JSON,
    Option(
        "out",
        Path,
        None,
        "CSV file for the predictions, with the probability of every class; of recalled images a folder for PNG "
        "files, if the path does not end in .csv (default: none)",
        "output",
    ),
    Option(
        "explain",
        Path,
        None,
        "folder for a picture of each image, with the parts that its prediction rests on, or its reconstruction and "
        "the error of each pixel (default: none)",
        "output",
    ),
)
_TEXT = """\
Prints the predictions of a trained model for files, one line for each input.

images    .png, .jpg, .webp, .gif, .bmp, .tif, .avif and others that pillow reads, or folders of them at any depth, in
          the order of their names. A model of a folder of images (--images) reads them as its training did. Models of
          other data sets: resized, converted to grey or color; black becomes the smallest value of the training images
          and white the largest (digits: 0 and 16, MNIST: 0 and 255). Both data sets are white on black: use --invert
          for dark digits on white paper. Transparent pixels are blended onto white
arrays    .npy and IDX: one example or many, on the scale of the training data
tables    .csv, one line for each example. A model of a table (--target) reads raw rows, its columns by name in any
          order; --out adds the rows' identifiers. Others: columns by name if the first line has the names of the
          features, else by position
series    .csv, the oldest line first: a forecast of the next values of a column
texts     for language models: bits per character and perplexity of the text"""
_PICTURED = (*CLASSES, "reconstruct")  # tasks whose predictions for images have pictures
_SHOWN = 10  # images that cannot be read, in a line
_AHEAD = 64 << 20  # bytes that are read before jax is imported
_QUIET_SECONDS, _LINE_SECONDS = 2.0, 10.0  # before the first line of progress, and between two lines in a log file


def main(words: Sequence[str], prog: str = "python -m zoo predict") -> int:
    """Prints predictions for files; returns the exit code."""
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "FILE ... [--json] [--out FILE.csv]", "FILES ...")
    if asked is None:
        return 0
    if not asked.places:
        raise BadInput(f"no files given: usage: {prog} {asked.run} FILE ...; --help lists the kinds of files")
    skipped: list[str] = []
    spec, batches = _batches(asked, skipped)
    batches = _read_ahead(batches)
    from ..inference.memory import explain_out_of_memory
    from ..inference.predict import predictions

    notes: list[str] = []
    draw = _explaining(asked.given["explain"])

    def answers() -> list[dict[str, Any]]:
        trained, found = asked.load(), []
        for batch in batches:
            new = list(predictions(trained, batch))
            draw(trained, batch, new)
            notes.extend(batch.notes)
            found += new
        return found

    found = explain_out_of_memory(asked.run, answers)
    if skipped:
        shown = ", ".join(skipped[:_SHOWN]) + f" and {len(skipped) - _SHOWN:,} more" * (len(skipped) > _SHOWN)
        notes.append(f"{len(skipped):,} images that cannot be read are left out: {shown}")
    note(notes)
    _print(asked, found, notes, spec.shape)
    return 0


def _batches(asked: ModelArgs, skipped: list[str]) -> tuple[Any, Iterator[Any]]:
    """Returns the inputs that the model accepts, and those given in batches of a limited size.

    Args:
        asked: the command line.
        skipped: names of images that cannot be read and are left out, to which they are appended.
    """
    from ..inference.inputs.batch import InputSpec
    from ..inference.inputs.read import stream_inputs
    from ..trained.file import header, locate

    about = header(locate(asked.run))
    if about.get("task") == "generation":
        raise BadInput(
            f"{asked.run} is a generator without inputs to predict on: python -m zoo sample {quote(asked.run)}"
        )
    if asked.given["explain"] is not None and (about.get("kind") != "image" or about.get("task") not in _PICTURED):
        raise BadInput(
            f"--explain is for a model that predicts one class for each image or reconstructs images; {about['model']} "
            f"on {about['dataset']} has the task {about['task']} and {about['kind']} data: leave it out"
        )
    try:
        spec = InputSpec.of(about)
    except (KeyError, TypeError) as error:
        raise CheckpointUnusable(f"{asked.run} does not describe its inputs: {error!r}") from error
    column, invert = asked.given["column"] or "", asked.given["invert"]
    unreadable = asked.given["unreadable"] or about.get("recipe", {}).get("d", {}).get("unreadable")
    on_skip = skipped.append if unreadable == "skip" else None
    return spec, stream_inputs(asked.places, spec, invert=invert, column=column, progress=_progress(), on_skip=on_skip)


def _explaining(folder: Path | None) -> Callable[[Any, Any, list[dict[str, Any]]], None]:
    """Returns the function that draws what the predictions for a batch rest on."""
    if folder is None:
        return lambda trained, batch, predictions: None
    place, taken = folder.expanduser(), set()
    if place.exists() and not place.is_dir():
        raise BadInput(f"--explain {folder} is a file, not a folder")

    def draw(trained: Any, batch: Any, predictions: list[dict[str, Any]]) -> None:
        from ..inference.explain import draw_explanations
        from ..inference.pictures import picture_paths

        draw_explanations(trained, batch, predictions, picture_paths(batch.names, place, taken))

    return draw


def _read_ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """Returns the batches, of which the first are read now, before jax is imported: an error in one is quick."""
    ahead, size = [], 0
    for batch in batches:
        ahead.append(batch)
        size += batch.x.nbytes
        if size >= _AHEAD:
            break
    return chain(ahead, batches)


def _progress() -> Callable[[int, int], None]:
    """Returns a function that shows on stderr how many files were read, if that takes more than two seconds."""
    began = time.monotonic()
    live, last = sys.stderr.isatty(), began + _QUIET_SECONDS - _LINE_SECONDS

    def show(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - began < _QUIET_SECONDS or not (live or now - last >= _LINE_SECONDS):
            return
        last, line = now, f"{done:,} of {total:,} files"
        end = "\n" if not live or done == total else ""
        print(f"\r{line}" if live else line, end=end, file=sys.stderr, flush=True)

    return show


def _print(asked: ModelArgs, found: list[dict[str, Any]], notes: list[str], shape: tuple[int, ...]) -> None:
    from ..files import write_output
    from ..inference.pictures import is_pictures, write_pictures
    from ..inference.predict import in_a_line, to_csv

    out = asked.given["out"]
    if out is not None and out.suffix.lower() != ".csv" and is_pictures(found, shape):
        write_pictures(found, shape, out.expanduser())
    elif out is not None:
        write_output(out, to_csv(found))
    if asked.given["json"]:
        print_json({"run": asked.run, "predictions": found, "notes": notes})
        return
    width = max(len(each["input"]) for each in found)
    for each in found:
        print(in_a_line(each, width))
