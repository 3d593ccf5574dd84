"""Exports a trained model: StableHLO, safetensors, ONNX."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from zoo._catalogue import short_name

from ..config.schema import Option
from ..errors import BadInput
from .model_args import parse_model_args

__all__ = ["main"]

Format = Literal["stablehlo", "safetensors", "onnx"]
_FLAGS = (
    Option("format", Format, "stablehlo", "file format", "output"),
    Option("out", Path, None, "file (default: <model>-<dataset> in the current folder)", "output"),
)
_TEXT = """\
Writes a trained model to a file that is used without the zoo: raw inputs in, probabilities or values out, preprocessing
included. docs/export.md shows how to load each format.

stablehlo    program for jax on CPU, GPU and TPU, and for other readers of StableHLO; any batch size
onnx         for onnxruntime and compatible runtimes (extra `onnx`); checked against onnxruntime before it is written
safetensors  only the arrays, with the description in the header; zoo.load reads it too

A program is accompanied by FILE.json: shape and type of the input, class names, description of the model."""
# By format: file ending, module, its function, whether FILE.json accompanies it.
_FORMATS = {
    "stablehlo": (".stablehlo", "inference.export.stablehlo", "stablehlo", True),
    "onnx": (".onnx", "inference.export.onnx", "onnx", True),
    "safetensors": (".safetensors", "inference.export.weights", "weights", False),
}


def main(words: Sequence[str], prog: str = "python -m zoo export") -> int:
    """Writes a trained model for other programs; returns the exit code."""
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "--format stablehlo [--out FILE]")
    if asked is None:
        return 0
    from ..files import write_output
    from ..inference.export.answer import description

    trained = asked.load()
    ending, module, name, beside = _FORMATS[asked.given["format"]]
    out = asked.given["out"] or Path(f"{short_name(trained.about['model'])}-{trained.about['dataset']}{ending}")
    if not out.expanduser().parent.is_dir():
        raise BadInput(f"--out {out}: the folder {out.parent} does not exist")
    content: bytes = getattr(import_module(f"..{module}", __package__), name)(trained)
    if beside:
        text = json.dumps(description(trained), indent=1) + "\n"
        write_output(out.with_name(out.name + ".json"), text.encode())
    write_output(out, content)
    print(_summary(out, content, trained, beside))
    return 0


def _summary(out: Path, content: bytes, trained: Any, beside: bool) -> str:
    about = f", described in {out}.json" if beside else ""
    return f"{out}: {trained.about['model']} trained on {trained.about['dataset']}, {len(content):,} bytes{about}"
