"""Suggests the nearest known name for a mistyped one."""

from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns `; did you mean x?` with the nearest of the known names, in any case, or an empty text.

    >>> did_you_mean("adm", ["sgd", "adam"])
    '; did you mean adam?'
    """
    from difflib import get_close_matches  # on first use: most commands never misspell a name

    lower = {each.lower(): each for each in known}
    near = get_close_matches(str(name).lower(), lower, n=1)
    return f"; did you mean {lower[near[0]]}?" if near else ""
