"""The command `python -m zoo list [PATTERN]`."""

from collections.abc import Sequence

from ..errors import BadInput
from .exit import run_command
from .help import model_table, pretrained_table

__all__ = ["main"]

_HELP = """\
usage: {prog} [PATTERN]
       {prog} --pretrained

Prints the models, or those whose name matches the pattern or contains it; with --pretrained the trained ones that come
with the zoo, which every command that takes a RUN takes by name."""
_NEXT = """
train one             python -m zoo train --model NAME        (--help: all that can be set)
look at its layers    python -m zoo summary NAME
trained ones          python -m zoo list --pretrained         (python -m zoo predict cnn-digits picture.png)"""


def main(words: Sequence[str], prog: str = "python -m zoo list") -> int:
    """Prints the models that match a pattern, or all; gives the exit code."""
    return run_command(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    if {"-h", "--help"} & set(words):
        print(_HELP.format(prog=prog))
        return 0
    if list(words) == ["--pretrained"]:
        print(pretrained_table())
        return 0
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise BadInput(f"usage: {prog} [PATTERN] or {prog} --pretrained; got {' '.join(words)}")
    print(model_table(*words))
    if not words:
        print(_NEXT)
    return 0
