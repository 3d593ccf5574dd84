"""Generated sequences of random bits whose answer an algorithm gives: copy, repeat copy and associative recall.

Graves, Wayne & Danihelka 2014, Neural Turing machines, sections 4.1 to 4.3. The network reads bits and marks, each mark
in an input of its own, then nothing while it has to answer; only the steps of the answer have targets.
"""

from typing import TYPE_CHECKING, Annotated

from ...errors import BadInput
from ...option_types import Bounds, Seed
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["SOURCES", "associative_recall", "copy_bits", "repeat_copy"]

_TEST = 1000
_Examples = Annotated[int, Bounds(10, 1_000_000)]
_Items = Annotated[int, Bounds(1, 1000)]
_Bits = Annotated[int, Bounds(1, 64)]
_VECTORS = 3  # of an item of associative recall


def copy_bits(
    place: Place, *, shortest: _Items = 1, longest: _Items = 20, bits: _Bits = 8, examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:  # fmt: skip
    """Generates items of random bits, an end mark, and steps for the copy, (N, 2 longest + 1, bits + 1) float32.

    Args:
        place: not used; the bits are generated.
        shortest: items of the shortest sequence.
        longest: items of the longest sequence.
        bits: bits of an item.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.
    """
    import numpy as np

    _check_range("copy_bits", "shortest", shortest, "longest", longest)
    rng, count = np.random.default_rng(seed), examples + _TEST
    items = rng.integers(shortest, longest + 1, count)
    content = rng.integers(0, 2, (count, longest, bits))
    x = np.zeros((count, 2 * longest + 1, bits + 1), np.float32)
    y = np.full((count, 2 * longest + 1, bits), -1, np.int32)
    there = np.arange(longest) < items[:, None]
    x[:, :longest, :bits] = content * there[..., None]
    x[np.arange(count), items, bits] = 1
    row, item = there.nonzero()
    y[row, items[row] + 1 + item] = content[row, item]
    return _dataset("copy_bits", x, y, 2 * items + 1, examples)


def repeat_copy(
    place: Place, *, longest: _Items = 10, repeats: _Items = 10, bits: _Bits = 8, examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:  # fmt: skip
    """Generates items of random bits, a number of copies, and steps for the copies and a mark behind the last of them.

    The number is an input of its own, divided by the largest one, float32 (N, time, bits + 1); the mark is the last of
    the bits + 1 outputs.

    Args:
        place: not used; the bits are generated.
        longest: items of the longest sequence; the others have at least 1.
        repeats: largest number of copies; the smallest is 1.
        bits: bits of an item.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.
    """
    import numpy as np

    rng, count = np.random.default_rng(seed), examples + _TEST
    items, copies = rng.integers(1, longest + 1, count), rng.integers(1, repeats + 1, count)
    content = rng.integers(0, 2, (count, longest, bits))
    steps = longest * (repeats + 1) + 2
    x, y = np.zeros((count, steps, bits + 1), np.float32), np.full((count, steps, bits + 1), -1, np.int32)
    there = np.arange(longest) < items[:, None]
    x[:, :longest, :bits] = content * there[..., None]
    x[np.arange(count), items, bits] = copies / repeats
    row, item = (np.arange(longest * repeats) < (items * copies)[:, None]).nonzero()
    y[row, items[row] + 1 + item, :bits] = content[row, item % items[row]]
    y[row, items[row] + 1 + item, bits] = 0
    ends = items * (copies + 1) + 1
    y[np.arange(count), ends] = np.arange(bits + 1) == bits
    return _dataset("repeat_copy", x, y, ends + 1, examples)


def associative_recall(
    place: Place, *, shortest: Annotated[int, Bounds(2, 1000)] = 2, longest: Annotated[int, Bounds(2, 1000)] = 6,
    bits: _Bits = 6, examples: _Examples = 20_000, seed: Seed = 0,
) -> Dataset:  # fmt: skip
    """Generates items of three vectors of random bits, then one of them again: the answer is the item behind it.

    Inputs are the bits, a mark before each item and one before and behind the item that is asked for, float32
    (N, 4 longest + 8, bits + 2).

    Args:
        place: not used; the bits are generated.
        shortest: items of the shortest sequence.
        longest: items of the longest sequence.
        bits: bits of a vector.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.
    """
    import numpy as np

    _check_range("associative_recall", "shortest", shortest, "longest", longest)
    rng, count, span = np.random.default_rng(seed), examples + _TEST, _VECTORS + 1
    items = rng.integers(shortest, longest + 1, count)
    content = rng.integers(0, 2, (count, longest, _VECTORS, bits))
    asked, rows = rng.integers(0, items - 1), np.arange(count)
    steps = span * longest + 2 * span
    x, y = np.zeros((count, steps, bits + 2), np.float32), np.full((count, steps, bits), -1, np.int32)
    there = np.arange(longest) < items[:, None]
    listed = np.zeros((count, longest, span, bits + 2), np.float32)
    listed[:, :, 0, bits], listed[:, :, 1:, :bits] = 1, content
    x[:, : span * longest] = (listed * there[..., None, None]).reshape(count, -1, bits + 2)
    at = span * items
    x[rows, at, bits + 1] = x[rows, at + span, bits + 1] = 1
    for i in range(_VECTORS):
        x[rows, at + 1 + i, :bits] = content[rows, asked, i]
        y[rows, at + span + 1 + i] = content[rows, asked + 1, i]
    return _dataset("associative_recall", x, y, at + 2 * span, examples)


def _check_range(name: str, low: str, least: int, high: str, most: int) -> None:
    if least > most:
        raise BadInput(f"--d.{low} {least} of {name} is above --d.{high} {most}: reduce the first or raise the second")


def _dataset(name: str, x: "np.ndarray", y: "np.ndarray", lengths: "np.ndarray", cut: int) -> Dataset:
    parts = (Split(x[rows], y[rows], lengths[rows].astype("int32")) for rows in (slice(cut), slice(cut, None)))
    return Dataset(name, "bits", *parts, outputs=y.shape[-1])


SOURCES = (
    Source("copy_bits", "1 to 20 items of 8 random bits to be copied (Graves et al. 2014)", "sequence", "bits", (41, 9),
           8, copy_bits),
    Source("repeat_copy", "1 to 10 items of 8 random bits to be copied 1 to 10 times (Graves et al. 2014)", "sequence",
           "bits", (112, 9), 9, repeat_copy),
    Source("associative_recall", "2 to 6 items of random bits: which came behind the one that is asked for?",
           "sequence", "bits", (32, 8), 6, associative_recall),
)  # fmt: skip
