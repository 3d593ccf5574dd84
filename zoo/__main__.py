"""`python -m zoo`: the commands of the zoo under one roof."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

__all__ = ["main"]


class _Command(NamedTuple):
    module: str  # with `main(words, prog) -> exit code`; imported when it is called for
    help: str


_COMMANDS = {
    "train": _Command("zoo.train.command", "train a model; the same as python -m zoo.train"),
    "list": _Command("zoo.train.command_list", "the models, or those that match a pattern"),
    "sweep": _Command("zoo.train.command_sweep", "train many settings of a model and find the best"),
    "summary": _Command("zoo.train.command_summary", "the parameters of a model"),
    "evaluate": _Command("zoo.train.command_evaluate", "score a trained model on test examples"),
    "predict": _Command("zoo.train.command_predict", "what a trained model says of pictures, tables, texts of yours"),
    "export": _Command("zoo.train.command_export", "a trained model for other programs: StableHLO, safetensors, ONNX"),
    "sample": _Command("zoo.train.command_sample", "let a trained language model write"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command that the first word names.

    Args:
        argv: the words; None takes those that python was started with.

    Returns:
        The exit code.
    """
    name, *words = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in _COMMANDS:
        run: Callable[[Sequence[str], str], int] = import_module(_COMMANDS[name].module).main
        return run(words, f"python -m zoo {name}")
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name == "--version":
        return main(["train", "--version"])
    print(_unknown(name), file=sys.stderr)
    return 2


def _help() -> str:
    lines = [f"  {name:<9} {command.help}" for name, command in _COMMANDS.items()]
    return "\n".join(
        ["usage: python -m zoo COMMAND ...", "", *lines, "", "python -m zoo COMMAND --help explains a command"]
    )


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, _COMMANDS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"error: unknown command {name!r}; {hint}there are {', '.join(_COMMANDS)}"


if __name__ == "__main__":
    sys.exit(main())
