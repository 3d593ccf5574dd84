"""Extension of griffe for the documentation site: shows the doctests of a docstring as its examples."""

import re
import textwrap
from typing import Any

import griffe  # pyright: ignore[reportMissingImports]

__all__ = ["Examples", "with_examples"]

_DOCTEST = re.compile(r"^(?:>>> .*)(?:\n.+)*", re.MULTILINE)  # up to the next empty line


def with_examples(text: str) -> str:
    r"""Puts each doctest below a heading `Examples:`, as the Google style has it.

    >>> with_examples("Adds.\n\n>>> 1 + 1\n2").splitlines()[2:]
    ['Examples:', '    >>> 1 + 1', '    2']
    """
    return _DOCTEST.sub(lambda found: "Examples:\n" + textwrap.indent(found[0], "    "), text)


class Examples(griffe.Extension):
    """Changes docstrings as they are read."""

    def on_instance(self, *, obj: Any, **others: Any) -> None:
        """Changes the docstring of a module, class or function."""
        if obj.docstring is not None:
            obj.docstring.value = with_examples(obj.docstring.value)
