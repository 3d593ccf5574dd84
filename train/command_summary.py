"""The command `python -m zoo summary MODEL`: what its parameters are, without making any of them."""

from collections.abc import Sequence

from .command_line import CHOICE, choose
from .data.source import source
from .errors import BadInput
from .exits import guarded
from .flags import Flag
from .parser import Parser

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
    from .setup import make_model
    from .summary import summary

    data = source(recipe.dataset)
    shape = "x".join(map(str, data.shape))
    rows = summary(make_model(recipe.model, data, recipe.m), data.shape)
    console = terminal()
    console.print(f"{recipe.model} on {recipe.dataset}: {shape} in, {data.outputs} out", soft_wrap=True)
    console.print(parameter_table(rows))
    return 0
