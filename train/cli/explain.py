"""Draws the parts of images that excite a unit of a trained model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from ..config.schema import Option
from ..errors import BadInput
from ..option_types import Bounds
from .model_args import ModelArgs, parse_model_args

__all__ = ["main"]

_FLAGS = (
    Option("layer", str | None, None, "path of the layer, such as stage1 or stage1/0", "unit"),
    Option("unit", Annotated[int, Bounds(0)], 0, "number of the unit, from 0; of feature maps the channel", "unit"),
    Option("number", Annotated[int, Bounds(1, 100)], 10, "number of images", "images", "-n"),
    Option(
        "data_dir",
        Path | None,
        None,
        "folder with data files (default: ZOO_DATA, else the user's cache)",
        "images",
    ),
    Option("offline", bool, False, "no network access", "images"),
    Option("out", Path | None, None, "PNG file (default: in the folder of the run)", "output"),
)
_TEXT = """\
Draws the training images that excite a unit of a model most, and below each the pattern that excites it: the activation
at its largest place, passed back through the layers to the pixels (Zeiler & Fergus 2013). Without --layer the layers
are listed. What a prediction for an image rests on is drawn by python -m zoo predict RUN FILES --explain FOLDER."""


def main(words: Sequence[str], prog: str = "python -m zoo explain") -> int:
    """Draws what excites a unit of a trained model; returns the exit code."""
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "--layer stage1 --unit 5")
    if asked is None:
        return 0
    from ..inference.memory import explain_out_of_memory

    explain_out_of_memory(asked.run, lambda: _explain(asked))
    return 0


def _explain(asked: ModelArgs) -> None:
    from ..inference.sample import picture_path
    from ..inference.units import draw_unit, listed

    trained, given = asked.load(), asked.given
    if trained.about["kind"] != "image" or not hasattr(trained.model, "map_parts"):
        raise BadInput(
            f"{asked.run} holds {trained.about['model']}, on {trained.about['kind']} data: explain draws units of "
            "models of images that consist of layers, such as a cnn"
        )
    if given["layer"] is None:
        print("\n".join(f"{path}  {units} units" for path, units in listed(trained)))
        return
    name = f"{given['layer'].replace('/', '-')}-{given['unit']}"
    path = picture_path(Path(asked.run), given["out"], name)
    print(draw_unit(trained, given, path))
