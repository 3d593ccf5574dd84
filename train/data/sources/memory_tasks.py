"""Generated sequences that test the memory of recurrent models: the adding and copy problems, and tags from the future.

adding: Hochreiter and Schmidhuber, "Long short-term memory", 1997, in the form of Le, Jaitly and Hinton,
arXiv:1504.00941. copy: Arjovsky, Shah and Bengio, arXiv:1511.06464, scored at the steps of the copied word only.
"""

from typing import TYPE_CHECKING, Annotated

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "adding", "copy", "future"]

_SYMBOLS = tuple("abcdefgh")
_BLANK, _GO = len(_SYMBOLS), len(_SYMBOLS) + 1
_TEST = 1000
_Examples = Annotated[int, Bounds(10, 1_000_000)]
_Delay = Annotated[int, Bounds(1, 10_000)]


def adding(
    place: Place,
    *,
    steps: Annotated[int, Bounds(2, 10_000)] = 200,
    examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates numbers from 0 to 1 of which two are marked, one in each half, (N, steps, 2) float32, and their sum.

    A constant prediction of 1 has a mean squared error of 1/6.

    Args:
        place: not used; the numbers are generated.
        steps: length of each sequence.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the numbers.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    x = np.zeros((n, steps, 2), np.float32)
    x[..., 0] = rng.random((n, steps), np.float32)
    marked = np.stack([rng.integers(0, steps // 2, n), rng.integers(steps // 2, steps, n)], -1)
    np.put_along_axis(x[..., 1], marked, 1, axis=1)
    y = np.take_along_axis(x[..., 0], marked, axis=1).sum(-1)
    return Dataset("adding", "regression", *_split(x, y, examples), features=("number", "mark"), target="sum")


def copy(
    place: Place,
    *,
    delay: _Delay = 30,
    length: Annotated[int, Bounds(1, 1000)] = 5,
    examples: _Examples = 10_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates sequences of a word, blanks and a signal to repeat the word, tokens (N, 2 length + delay) int32.

    Only the last steps have a tag, the letter to repeat; a random guess is correct in 1 of 8 cases.

    Args:
        place: not used; the words are generated.
        delay: steps between the end of the word and its first repeated letter.
        length: number of letters in the word.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the words.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    words = rng.integers(0, len(_SYMBOLS), (n, length))
    x = np.full((n, 2 * length + delay), _BLANK, np.int32)
    x[:, :length], x[:, length + delay - 1] = words, _GO
    y = np.full(x.shape, -1, np.int32)
    y[:, length + delay :] = words
    return Dataset("copy", "tagging", *_split(x, y, examples), _SYMBOLS, vocabulary=(*_SYMBOLS, "blank", "go"))


def future(
    place: Place,
    *,
    steps: Annotated[int, Bounds(4, 10_000)] = 30,
    ahead: _Delay = 3,
    reverse: bool = False,
    examples: _Examples = 4000,
    seed: Seed = 0,
) -> Dataset:
    """Generates coin tosses, each tagged with a later one, (N, steps, 1) float32; unequal lengths, padded with 0.

    A model that reads from left to right cannot do better than 1 of 2.

    Args:
        place: not used; the tosses are generated.
        steps: length of the longest sequence; the others have at least half of it.
        ahead: distance to the later toss in steps, less than half of the steps; the last tosses have no tag.
        reverse: tags from earlier tosses instead, which a model of one direction can remember.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the tosses.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    if ahead > steps // 2 - 1:
        raise BadInput(f"--d.ahead of future must be from 1 to {steps // 2 - 1} with --d.steps {steps}, got {ahead}")
    coins, lengths = rng.integers(0, 2, (n, steps)), rng.integers(-(-steps // 2), steps + 1, n)
    coins[np.arange(steps) >= lengths[:, None]] = 0
    at, other = np.arange(steps), np.arange(steps) + (-ahead if reverse else ahead)
    tagged = (at < lengths[:, None]) & (other >= 0) & (other < lengths[:, None])
    y = np.where(tagged, coins[:, other % steps], -1).astype(np.int32)
    x = coins[..., None].astype(np.float32)
    parts = _split(x, y, examples, lengths.astype(np.int32))
    return Dataset("future", "tagging", *parts, ("heads", "tails"), ("coin",))


def _split(x: "np.ndarray", y: "np.ndarray", cut: int, lengths: "np.ndarray | None" = None) -> tuple[Split, Split]:
    def part(which: slice) -> Split:
        return Split(x[which], y[which], None if lengths is None else lengths[which])

    return part(slice(None, cut)), part(slice(cut, None))


SOURCES = (
    Source("adding", "sum of two marked numbers in a sequence (Hochreiter & Schmidhuber 1997)", "sequence",
           "regression", (200, 2), 1, adding),
    Source("copy", "a word to repeat after a delay (Arjovsky et al. 2016)", "sequence", "tagging", (40,), 8,
           copy),
    Source("future", "coin tosses tagged with a later toss, sequences of unequal length", "sequence", "tagging",
           (30, 1), 2, future),
)  # fmt: skip
