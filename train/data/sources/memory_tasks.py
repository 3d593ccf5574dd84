"""What tests a memory: sums of two marked numbers, a word to be repeated, tags that only the future tells.

All are drawn here, and a seed decides all. adding: Hochreiter and Schmidhuber, "Long short-term memory", 1997, in the
form of Le, Jaitly and Hinton, arXiv:1504.00941. copy: Arjovsky, Shah and Bengio, arXiv:1511.06464, scored where the
word is to be said.
"""

from typing import TYPE_CHECKING

from ..dataset import Dataset, Place, Source, Split
from ..options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "adding", "copy", "future"]

_SYMBOLS = tuple("abcdefgh")
_BLANK, _GO = len(_SYMBOLS), len(_SYMBOLS) + 1
_TEST = 1000


def adding(place: Place, *, steps: int = 200, examples: int = 20_000, seed: int = 0) -> Dataset:
    """Numbers from 0 to 1, two of them marked, one in each half: (N, steps, 2) float32. The target is their sum.

    Who always says 1 has a mean squared error of 1/6.

    Args:
        place: not used, the numbers are drawn here.
        steps: length of each sequence.
        examples: sequences to learn from; 1,000 more are for testing.
        seed: draws other numbers.
    """
    import numpy as np

    rng, n = _drawn(examples, seed), examples + _TEST
    within("steps", steps, 2, 10_000)
    x = np.zeros((n, steps, 2), np.float32)
    x[..., 0] = rng.random((n, steps), np.float32)
    marked = np.stack([rng.integers(0, steps // 2, n), rng.integers(steps // 2, steps, n)], -1)
    np.put_along_axis(x[..., 1], marked, 1, axis=1)
    y = np.take_along_axis(x[..., 0], marked, axis=1).sum(-1)
    return Dataset("adding", "regression", *_split(x, y, examples), features=("number", "mark"), target="sum")


def copy(place: Place, *, delay: int = 30, length: int = 5, examples: int = 10_000, seed: int = 0) -> Dataset:
    """A word, blanks, and the sign to say the word again: tokens (N, 2 length + delay) int32.

    Only the last steps are tagged, each with the letter to be said; who guesses is right at 1 of 8.

    Args:
        place: not used, the words are drawn here.
        delay: steps between the end of the word and the first letter to be said.
        length: letters of the word.
        examples: sequences to learn from; 1,000 more are for testing.
        seed: draws other words.
    """
    import numpy as np

    rng, n = _drawn(examples, seed), examples + _TEST
    within("delay", delay, 1, 10_000)
    within("length", length, 1, 1000)
    words = rng.integers(0, len(_SYMBOLS), (n, length))
    x = np.full((n, 2 * length + delay), _BLANK, np.int32)
    x[:, :length], x[:, length + delay - 1] = words, _GO
    y = np.full(x.shape, -1, np.int32)
    y[:, length + delay :] = words
    return Dataset("copy", "tagging", *_split(x, y, examples), _SYMBOLS, vocabulary=(*_SYMBOLS, "blank", "go"))


def future(
    place: Place, *, steps: int = 30, ahead: int = 3, reverse: bool = False, examples: int = 4000, seed: int = 0
) -> Dataset:
    """Coins, each tagged with how a later one falls: (N, steps, 1) float32, rows of unequal lengths, padded with 0.

    Who reads from left to right can only guess: 1 of 2.

    Args:
        place: not used, the coins are thrown here.
        steps: of the longest row; the others have at least half as many.
        ahead: how many steps later. The last ones of a row have no tag.
        reverse: tags with an earlier coin instead, which one direction can remember.
        examples: rows to learn from; 1,000 more are for testing.
        seed: throws other coins.
    """
    import numpy as np

    rng, n = _drawn(examples, seed), examples + _TEST
    within("steps", steps, 4, 10_000)
    within("ahead", ahead, 1, steps // 2 - 1)
    coins, lengths = rng.integers(0, 2, (n, steps)), rng.integers(-(-steps // 2), steps + 1, n)
    coins[np.arange(steps) >= lengths[:, None]] = 0
    at, other = np.arange(steps), np.arange(steps) + (-ahead if reverse else ahead)
    tagged = (at < lengths[:, None]) & (other >= 0) & (other < lengths[:, None])
    y = np.where(tagged, coins[:, other % steps], -1).astype(np.int32)
    x = coins[..., None].astype(np.float32)
    parts = _split(x, y, examples, lengths.astype(np.int32))
    return Dataset("future", "tagging", *parts, ("heads", "tails"), ("coin",))


def _drawn(examples: int, seed: int) -> "np.random.Generator":
    import numpy as np

    within("examples", examples, 10, 1_000_000)
    within("seed", seed, 0, 2**32 - 1)
    return np.random.default_rng(seed)


def _split(x: "np.ndarray", y: "np.ndarray", cut: int, lengths: "np.ndarray | None" = None) -> tuple[Split, Split]:
    def part(which: slice) -> Split:
        return Split(x[which], y[which], None if lengths is None else lengths[which])

    return part(slice(None, cut)), part(slice(cut, None))


SOURCES = (
    Source("adding", "the sum of two marked numbers in a sequence (Hochreiter & Schmidhuber 1997)", "sequence",
           "regression", (200, 2), 1, adding),
    Source("copy", "a word to be said again after a delay (Arjovsky et al. 2016)", "sequence", "tagging", (40,), 8,
           copy),
    Source("future", "coins tagged with a later one, rows of unequal length", "sequence", "tagging", (30, 1), 2,
           future),
)  # fmt: skip
