"""Command `python -m zoo.train`."""

from collections.abc import Sequence

from .cli import run
from .cli.exit import end_process

__all__ = ["main"]


def main(words: Sequence[str] | None = None, prog: str = "python -m zoo.train") -> int:
    """Trains the model that the words of the command line describe.

    Args:
        words: words of the command line; None: those of this process.
        prog: the command as its help shows it.

    Returns:
        Exit code.
    """
    return run("train", words, prog)


if __name__ == "__main__":
    end_process(main())
