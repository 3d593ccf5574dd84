"""Generated words to be written in another order: reversed or sorted. No test word is among those for training."""

from collections.abc import Callable
from typing import Annotated

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

__all__ = ["SOURCES", "reverse", "sort"]

_LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
_TEST = 1000
_Examples = Annotated[int, Bounds(10, 1_000_000)]
_Longest = Annotated[int, Bounds(4, 1000)]
_Letters = Annotated[int, Bounds(2, len(_LETTERS))]


def reverse(
    place: Place, *, longest: _Longest = 20, letters: _Letters = 10, examples: _Examples = 20_000, seed: Seed = 0
) -> Dataset:
    """Generates words of random letters, tokens (N, longest) int32, each step tagged with the letter of the reverse.

    Args:
        place: not used; the words are generated.
        longest: letters of the longest word; the others have at least 1.
        letters: number of different letters.
        examples: number of training words; no two are equal; the test split has 1,000 others.
        seed: seed of the words.
    """
    import numpy as np

    def backwards(x, lengths):
        place = lengths[:, None] - 1 - np.arange(longest)
        return np.take_along_axis(x, np.maximum(place, 0), axis=1)

    return _words("reverse", backwards, longest, letters, examples, seed)


def sort(
    place: Place, *, longest: _Longest = 20, letters: _Letters = 10, examples: _Examples = 20_000, seed: Seed = 0
) -> Dataset:
    """Generates words of random letters, tokens (N, longest) int32, each step tagged with the letter in sorted order.

    Args:
        place: not used; the words are generated.
        longest: letters of the longest word; the others have at least 1.
        letters: number of different letters.
        examples: number of training words; no two are equal; the test split has 1,000 others.
        seed: seed of the words.
    """
    import numpy as np

    def ordered(x, lengths):
        there = np.arange(longest) < lengths[:, None]
        return np.sort(np.where(there, x, letters), axis=1)

    return _words("sort", ordered, longest, letters, examples, seed)


def _words(name: str, write: Callable, longest: int, letters: int, examples: int, seed: int) -> Dataset:
    import numpy as np

    rng, count = np.random.default_rng(seed), examples + _TEST
    lengths = rng.integers(1, longest + 1, 2 * count)
    words = rng.integers(0, letters, (len(lengths), longest))
    words = np.unique(np.where(np.arange(longest) < lengths[:, None], words, -1), axis=0)
    words = rng.permutation(words)[:count]
    if len(words) < count:
        raise BadInput(
            f"{name}: there are not {count:,} different words of at most {longest} of {letters} letters, for "
            "--d.examples and 1,000 tests: raise --d.longest or --d.letters, or reduce --d.examples"
        )
    there = words >= 0
    lengths = there.sum(axis=1).astype(np.int32)
    x = np.where(there, words, 0).astype(np.int32)
    y = np.where(there, write(x, lengths), -1).astype(np.int32)
    train, test = (Split(x[rows], y[rows], lengths[rows]) for rows in (slice(examples), slice(examples, None)))
    return Dataset(name, "tagging", train, test, _LETTERS[:letters], vocabulary=_LETTERS[:letters])


SOURCES = (
    Source("reverse", "words of up to 20 random letters, to be reversed", "sequence", "tagging", (20,), 10, reverse),
    Source("sort", "words of up to 20 random letters, to be sorted", "sequence", "tagging", (20,), 10, sort),
)
