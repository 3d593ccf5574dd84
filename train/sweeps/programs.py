"""Finds the settings of a sweep that share compiled programs, and trains them with these.

The numbers that vary in a sweep are arguments of its programs where they can be (`trainers/numbers.py`), so that a grid
over learning rates, weight decays and the like compiles once.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import jax

from ..callback import Callback
from ..config.recipe import Recipe
from ..config.run_options import RunOptions
from ..errors import RunFailed
from ..runs.lock import FolderLost
from ..runs.run import run
from ..runs.setup import Setup
from ..trainers import traits
from ..trainers.numbers import arguments
from .results import Setting, Stopped, failed, finished, identity

__all__ = ["Programs", "numbers_of", "parts_of_equal_size", "program_of", "same_programs"]

_KEPT, _BYTES = 8, 1 << 28  # programs that are kept, and their data
_T = TypeVar("_T")


def numbers_of(setting: Setting) -> dict[str, float]:
    """Returns the numbers that a setting's programs take as arguments, those that vary in the sweep.

    >>> numbers_of(Setting({"lr": 0.1, "m.hidden": (8,)}, Recipe("mlp", "iris", lr=0.1)))
    {'lr': 0.1}
    """
    return arguments(setting.recipe, setting.given) if traits(setting.recipe.trainer).gradient else {}


def program_of(setting: Setting) -> str:
    """Returns all that decides the programs of a setting, as a text."""
    numbers = numbers_of(setting)
    same = replace(setting.recipe, seed=0, **dict.fromkeys(numbers, 0.0))
    return f"{identity(same)} {sorted(numbers)}"


def same_programs(settings: Sequence[Setting]) -> list[list[int]]:
    """Returns the indices of the settings of each program, in the order of the first ones.

    >>> made = [Recipe("mlp", "iris", lr=lr, opt=opt) for lr in (0.1, 0.2) for opt in ("sgd", "adam")]
    >>> same_programs([Setting({"lr": each.lr, "opt": each.opt}, each) for each in made])
    [[0, 2], [1, 3]]
    """
    groups: dict[str, list[int]] = {}
    for i, setting in enumerate(settings):
        groups.setdefault(program_of(setting), []).append(i)
    return list(groups.values())


def parts_of_equal_size(items: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    """Yields consecutive parts of at most so many items, all of one size but perhaps the last.

    >>> list(parts_of_equal_size("abcdefg", 4))
    ['abcd', 'efg']
    """
    size = -(-len(items) // max(1, -(-len(items) // most)))
    for first in range(0, len(items), max(1, size)):
        yield items[first : first + size]


class Programs:
    """Trains runs one after another, and keeps the parts of the last ones, whose programs later runs take."""

    def __init__(self):
        self._kept: dict[str, Setup] = {}

    def keep(self, program: str, parts: Setup) -> None:
        """Keeps the parts of a run of a program, and forgets those that were not used for the longest time."""
        self._kept.pop(program, None)
        self._kept[program] = parts
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or sum(map(_size, self._kept.values())) > _BYTES):
            del self._kept[next(iter(self._kept))]

    def train(
        self,
        program: str,
        recipe: Recipe,
        options: RunOptions,
        numbers: Collection[str],
        callbacks: Sequence[Callback] = (),
    ) -> dict[str, Any]:
        """Trains a run of a program; returns its entry in `sweep.jsonl`.

        Raises:
            Stopped: by a signal.
        """
        try:
            result = run(recipe, options, callbacks, like=self._kept.get(program), numbers=numbers)
        except FolderLost:
            raise
        except RunFailed as error:
            return failed(recipe, error)
        if result.signal:
            raise Stopped(result.signal)
        self.keep(program, result.setup)
        return finished(recipe, result)


def _size(parts: Setup) -> int:
    return sum(leaf.nbytes for leaf in jax.tree.leaves(parts.advance.arrays))
