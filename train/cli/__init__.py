"""Command line: every file of this folder that defines `main(words, prog)` is the subcommand of its name.

The first line of its docstring is the help of the command. Listing the commands imports none of them.
"""

import ast
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

__all__ = ["commands", "run"]

_FOLDER = Path(__file__).parent


@cache
def commands() -> Mapping[str, str]:
    """Returns the help of each subcommand by its name, in alphabetical order.

    >>> "train" in commands(), "parser" in commands()
    (True, False)
    """
    found = {}
    for path in sorted(_FOLDER.glob("[!_]*.py")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^def main\(", text, re.MULTILINE):
            title = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
            found[path.stem] = title.rstrip(".")
    return found


def run(name: str, words: Sequence[str] | None = None, prog: str = "") -> int:
    """Runs a subcommand and turns every error into a message and an exit code.

    Args:
        name: one of `commands()`.
        words: words of the command line after the name; None: those of this process.
        prog: the command as its help shows it; "": `python -m zoo NAME`.

    Returns:
        Exit code: see `cli/exit.py`.
    """
    from ..runtime.jax_settings import override_jax_settings
    from ..runtime.signals import exit_within
    from .exit import run_command
    from .shorthands import as_typed

    words = [*(sys.argv[1:] if words is None else words)]  # the subcommand `list` hides the builtin here
    override_jax_settings()

    def command() -> int:
        with exit_within():
            return import_module(f".{name}", __name__).main(words, prog or f"python -m zoo {name}")

    code = run_command(command, reworded=lambda text: as_typed(text, words))
    if f"{__name__.rpartition('.')[0]}.distributed.initialize" in sys.modules:
        from ..distributed.initialize import exit_process

        return exit_process(code)
    return code
