"""The command `python -m zoo list [PATTERN]`."""

from collections.abc import Sequence

from .errors import BadInput
from .exits import guarded
from .pages import model_table

__all__ = ["main"]


def main(words: Sequence[str], prog: str = "python -m zoo list") -> int:
    """Prints the models that match a pattern, or all; gives the exit code."""
    return guarded(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    if {"-h", "--help"} & set(words):
        print(f"usage: {prog} [PATTERN]\n\nPrints the models, or those whose name matches the pattern or contains it.")
        return 0
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise BadInput(f"usage: {prog} [PATTERN]; got {' '.join(words)}")
    print(model_table(*words))
    return 0
