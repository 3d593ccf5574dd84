"""Command line of the package: `python -m zoo COMMAND ...`."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

__all__ = ["main"]


class _Command(NamedTuple):
    module: str  # defines `main(argv, prog) -> exit code`; imported only when the command runs
    help: str


_COMMANDS = {
    "train": _Command("zoo.train.cli.train", "train a model (same as python -m zoo.train)"),
    "list": _Command("zoo.train.cli.list", "list the models, or those that match a pattern"),
    "sweep": _Command("zoo.train.cli.sweep", "train a model with many settings and report the best"),
    "summary": _Command("zoo.train.cli.summary", "show the parameters of a model"),
    "evaluate": _Command("zoo.train.cli.evaluate", "score a trained model on test examples"),
    "predict": _Command("zoo.train.cli.predict", "predict with a trained model on images, tables or text files"),
    "export": _Command("zoo.train.cli.export", "export a trained model: StableHLO, safetensors, ONNX"),
    "sample": _Command("zoo.train.cli.sample", "generate text or images with a trained model"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command named by the first argument.

    Args:
        argv: command line arguments; None: `sys.argv[1:]`.

    Returns:
        Exit code of the command: 0 on success, 2 for an unknown command.
    """
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in _COMMANDS:
        run: Callable[[Sequence[str], str], int] = import_module(_COMMANDS[name].module).main
        return run(arguments, f"python -m zoo {name}")
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name == "--version":
        return main(["train", "--version"])
    print(_unknown(name), file=sys.stderr)
    return 2


def _help() -> str:
    lines = [f"  {name:<9} {command.help}" for name, command in _COMMANDS.items()]
    hint = "python -m zoo COMMAND --help shows the options of a command"
    return "\n".join(["usage: python -m zoo COMMAND ...", "", *lines, "", hint])


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, _COMMANDS, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"error: unknown command {name!r}; {hint}choose from {', '.join(_COMMANDS)}"


if __name__ == "__main__":
    sys.exit(main())
