"""Shows the parameters of a model, without creating any of them."""

from collections.abc import Sequence
from pathlib import Path

from zoo import _catalogue

from ..config.recipe import Recipe
from ..config.schema import Option
from ..data.dataset import source
from ..errors import BadInput
from ..trained.file import pretrained_names
from .model_args import parse_model_args
from .parser import Parser
from .train_args import CHOICE, resolve_recipe

__all__ = ["main"]

_HELP = Option("help", bool, False, "print this page", "help", "-h")


def main(words: Sequence[str], prog: str = "python -m zoo summary") -> int:
    """Prints the parameters of a model; returns the exit code."""
    if not words or words[0].startswith("-"):
        text = f"usage: {prog} MODEL [--dataset NAME] [--m.option value ...], or {prog} RUN"
        if {"-h", "--help"} & set(words):
            print(
                f"{text}\n\nPrints the parameters of a model, in the order in which data flows through them, or those "
                f"of a trained model, with its result.\n{prog} MODEL --help lists the options."
            )
            return 0
        raise BadInput(f"no model given: {text}")
    model, *rest = words
    if model not in _catalogue.names() and (model in pretrained_names() or Path(model).exists()):
        return _saved(words, prog)
    flags = [flag for flag in CHOICE if flag.name != "model"]
    first, _ = Parser([*flags, _HELP]).read_known(rest)
    chosen = resolve_recipe({**first, "model": model})
    flags += [flag for flag in chosen.flags if flag.name.startswith("m.")]
    parser = Parser([*flags, _HELP], prog, f"{model} [--flag value ...]", "Prints the parameters of a model.")
    if "help" in first:
        print(parser.format_help().rstrip())
        return 0
    recipe = chosen.recipe(parser.read(rest))
    from ..reporting.console_stream import terminal
    from ..reporting.tables import parameter_table
    from ..trained.summary import summary

    model, shape, made, dtype = _made(recipe)
    sizes, outputs = ("x".join(map(str, each)) for each in (shape, made))
    console = terminal()
    console.print(f"{recipe.model} on {recipe.dataset}: {sizes} in, {outputs} out", soft_wrap=True)
    console.print(parameter_table(summary(model, shape, dtype)))
    return 0


def _saved(words: Sequence[str], prog: str) -> int:
    """Prints the description of a trained model, and its parameters."""
    text = "Prints the parameters of a trained model, and its result."
    asked = parse_model_args(words, prog, (), text, "")
    if asked is None:
        return 0
    import numpy as np

    from ..reporting.console_stream import terminal
    from ..reporting.tables import parameter_table
    from ..trained.summary import summary

    trained = asked.load()
    options = " ".join(f"{name}={value}" for name, value in trained.about["options"].items())
    console = terminal()
    console.print(f"{asked.run}: {trained!r}", soft_wrap=True)
    console.print(f"options  {options or 'the defaults'}", soft_wrap=True)
    dtype = np.int32 if trained.scaler is None else np.float32
    console.print(parameter_table(summary(trained.model, trained.input_shape, dtype)))
    return 0


def _made(recipe: Recipe) -> tuple:
    """Returns the model, the shapes of its input and output, and the input type; loads data only if it has to."""
    import numpy as np

    from ..trained.build import ModelSpec, build
    from ..trained.generator_input import input_spec

    data = source(recipe.dataset)
    if data.kind in ("image", "table", "points") and data.shape:
        wanted = ModelSpec(data.outputs, shape=data.shape)
        model = build(recipe.model, wanted, recipe.m)
        if hasattr(model, "given"):
            return model, input_spec(model, wanted).shape, data.shape, np.float32
        return model, data.shape, (data.outputs,), np.float32
    from ..runs.setup import setup

    parts = setup(recipe, score_samples=False)
    return parts.model, parts.example.shape, (parts.made_for.outputs,), parts.example.dtype
