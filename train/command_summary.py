"""The command `python -m zoo summary MODEL`: what its parameters are, without making any of them."""

from collections.abc import Sequence

from .command_line import CHOICE, choose
from .data.source import source
from .errors import BadInput
from .exits import guarded
from .flags import Flag
from .parser import Parser
from .recipe import Recipe

__all__ = ["main"]

_HELP = Flag("help", bool, False, "print this page", "help", "-h")


def main(words: Sequence[str], prog: str = "python -m zoo summary") -> int:
    """Prints the parameters of a model; gives the exit code."""
    return guarded(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    if not words or words[0].startswith("-"):
        text = f"usage: {prog} MODEL [--dataset NAME] [--m.option value ...]"
        if {"-h", "--help"} & set(words):
            print(f"{text}\n\nPrints the parameters of a model. {prog} MODEL --help lists its options.")
            return 0
        raise BadInput(f"which model? {text}")
    model, *rest = words
    flags = [flag for flag in CHOICE if flag.name != "model"]
    first, _ = Parser([*flags, _HELP]).read_known(rest)
    chosen = choose({**first, "model": model})
    flags += [flag for flag in chosen.flags if flag.name.startswith("m.")]
    parser = Parser([*flags, _HELP], prog, f"{model} [--flag value ...]", "The parameters of a model.")
    if "help" in first:
        print(parser.format_help().rstrip())
        return 0
    recipe = chosen.recipe(parser.read(rest))
    from .progress import terminal
    from .report import parameter_table
    from .summary import summary

    model, shape, outputs, dtype = _made(recipe)
    sizes = "x".join(map(str, shape))
    rows = summary(model, shape, dtype)
    console = terminal()
    console.print(f"{recipe.model} on {recipe.dataset}: {sizes} in, {outputs} out", soft_wrap=True)
    console.print(parameter_table(rows))
    return 0


def _made(recipe: Recipe) -> tuple:
    """The model, and what goes in and out; the data is loaded only where nothing else tells."""
    import numpy as np

    from .made_for import MadeFor, make_model

    data = source(recipe.dataset)
    if data.kind in ("image", "table", "points"):
        return make_model(recipe.model, MadeFor(data.outputs), recipe.m), data.shape, data.outputs, np.float32
    from .setup import setup

    parts = setup(recipe)
    return parts.model, parts.example.shape, parts.made_for.outputs, parts.example.dtype
