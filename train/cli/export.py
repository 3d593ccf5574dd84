"""The command `python -m zoo export RUN --format stablehlo --out F`: a saved model for programs without the zoo."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from ..config.schema import Option
from ..errors import BadInput
from .exit import run_command
from .model_args import parse_model_args

__all__ = ["main"]

Format = Literal["stablehlo", "safetensors", "onnx"]
_FLAGS = (
    Option("format", Format, "stablehlo", "of the file", "what to write"),
    Option("out", Path, None, "the file; none takes <model>-<data set> here", "what to write"),
)
_TEXT = """\
Writes a trained model to a file that needs no zoo to be used: raw inputs in, probabilities or values out, the
preprocessing inside. docs/export.md shows how each is loaded.

stablehlo    a program for jax on CPU, GPU and TPU, and for whatever else reads StableHLO; any batch size
onnx         for onnxruntime and its like (extra `onnx`); checked against onnxruntime before it is written
safetensors  the arrays alone, with the description in the header; zoo.load reads it too

Beside a program goes FILE.json: shape and type of the input, the classes' names, what the model is."""
# By format: the ending, the module beside this one with a function of the format's name, what stands beside.
_FORMATS = {
    "stablehlo": (".stablehlo", "inference.export.stablehlo", "stablehlo", True),
    "onnx": (".onnx", "inference.export.onnx", "onnx", True),
    "safetensors": (".safetensors", "inference.export.weights", "weights", False),
}


def main(words: Sequence[str], prog: str = "python -m zoo export") -> int:
    """Writes a model for other programs; gives the exit code."""
    return run_command(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    asked = parse_model_args(words, prog, _FLAGS, _TEXT, "--format stablehlo [--out FILE]")
    if asked is None:
        return 0
    from ..files import write_output
    from ..inference.export.answer import description
    from ..trained.model import load

    trained = load(asked.run)
    ending, module, name, beside = _FORMATS[asked.given["format"]]
    out = asked.given["out"] or Path(f"{trained.about['model']}-{trained.about['dataset']}{ending}")
    if not out.expanduser().parent.is_dir():
        raise BadInput(f"--out {out}: there is no folder {out.parent}")
    content: bytes = getattr(import_module(f"..{module}", __package__), name)(trained)
    if beside:
        text = json.dumps(description(trained), indent=1) + "\n"
        write_output(out.with_name(out.name + ".json"), text.encode())
    write_output(out, content)
    print(_told(out, content, trained, beside))
    return 0


def _told(out: Path, content: bytes, trained: Any, beside: bool) -> str:
    about = f", described in {out}.json" if beside else ""
    return f"{out}: {trained.about['model']} trained on {trained.about['dataset']}, {len(content):,} bytes{about}"
