"""Lists the models, or those that match a pattern; with --pretrained the trained ones."""

from collections.abc import Sequence

from ..errors import BadInput
from .help import chart_table, model_table, pretrained_table

__all__ = ["main"]

_HELP = """\
usage: {prog} [PATTERN]
       {prog} --pretrained

Lists the models and the rows of the Neural Network Zoo chart, or the models whose names match or contain the pattern;
with --pretrained the trained models that are part of the zoo: their names can be given wherever a command expects a
RUN."""
_NEXT = """
train a model         python -m zoo train --model NAME        (--help: all flags)
show its parameters   python -m zoo summary NAME
draw it               python -m zoo draw NAME                 (--chart: all of them)
pretrained models     python -m zoo list --pretrained         (python -m zoo predict cnn-digits picture.png)"""


def main(words: Sequence[str], prog: str = "python -m zoo list") -> int:
    """Prints the models that match a pattern, or all; returns the exit code."""
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
        print(f"\n{chart_table()}\n{_NEXT}")
    return 0
