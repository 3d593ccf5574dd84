"""Command line of the package: `python -m zoo COMMAND ...`."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from ._words import did_you_mean
from .train import cli
from .train.cli.exit import end_process

__all__ = ["main", "script"]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command named by the first argument.

    Args:
        argv: command line arguments; None: `sys.argv[1:]`.

    Returns:
        Exit code of the command: 0 on success, 2 for an unknown command.
    """
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in cli.commands():
        return cli.run(name, arguments)
    if name in ("-h", "--help", "help"):
        print(_help())
        return 0
    if name == "--version":
        return cli.run("train", ["--version"])
    known = cli.commands()
    print(
        f"error: unknown command {name!r}{did_you_mean(name, known)} (choose from {', '.join(known)})", file=sys.stderr
    )
    return 2


def _help() -> str:
    width = max(map(len, cli.commands()))
    lines = [f"  {name:<{width}} {text}" for name, text in cli.commands().items()]
    hint = "python -m zoo COMMAND --help shows the options of a command"
    return "\n".join(["usage: python -m zoo COMMAND ...", "", *lines, "", hint])


def script() -> NoReturn:
    """Runs the command of the command line and ends the process with its exit code: the script `zoo`."""
    end_process(main())


if __name__ == "__main__":
    script()
