"""Generated sequences of random bits that need a memory: copy, repeated copy, and associative recall.

Graves, Wayne and Danihelka 2014, Neural Turing machines, sections 4.1 to 4.3. The answer follows the question, while
the inputs are 0; steps without an answer have the target -1 for every bit, and shorter examples are padded with them.
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


def copy_bits(
    place: Place,
    *,
    shortest: _Items = 1,
    longest: _Items = 20,
    bits: _Bits = 8,
    examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates sequences of random items to be repeated, (N, 2 longest + 2, bits + 2) uint8, and the items as answer.

    Two more channels mark the start and the end of the items.

    Args:
        place: not used; the bits are generated.
        shortest: least number of items.
        longest: largest number of items; all numbers from the least on are equally frequent.
        bits: bits of an item.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.

    Raises:
        BadInput: if `shortest` is above `longest`.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    items = _numbers("copy_bits", rng, n, shortest, longest)
    x = np.zeros((n, 2 * longest + 2, bits + 2), np.uint8)
    y = np.full((n, 2 * longest + 2, bits), -1, np.int8)
    x[:, 0, bits] = 1
    for count in range(shortest, longest + 1):
        rows = np.flatnonzero(items == count)
        drawn = rng.integers(0, 2, (len(rows), count, bits), np.uint8)
        x[rows, 1 : count + 1, :bits], x[rows, count + 1, bits + 1] = drawn, 1
        y[rows, count + 2 : 2 * count + 2] = drawn
    return _dataset("copy_bits", x, y, examples)


def repeat_copy(
    place: Place,
    *,
    longest: _Items = 10,
    repeats: _Items = 10,
    bits: _Bits = 8,
    examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates sequences of random items and how often to repeat them; the answer are the repeats and an end mark.

    Examples are (N, steps, bits + 2) float32, targets (N, steps, bits + 1) for `longest * (repeats + 1) + 3` steps. Two
    more channels mark the start of the items, and give the number of repeats with mean 0 and variance 1. The last bit
    of an answer is its end mark.

    Args:
        place: not used; the bits are generated.
        longest: largest number of items; all from 1 on are equally frequent.
        repeats: largest number of repeats; all from 1 on are equally frequent.
        bits: bits of an item.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.
    """
    import numpy as np

    rng, n = np.random.default_rng(seed), examples + _TEST
    items, times = (_numbers("repeat_copy", rng, n, 1, most) for most in (longest, repeats))
    steps, spread = longest * (repeats + 1) + 3, max(((repeats**2 - 1) / 12) ** 0.5, 1)
    x, y = np.zeros((n, steps, bits + 2), np.float32), np.full((n, steps, bits + 1), -1, np.int8)
    x[:, 0, bits] = 1
    for row, (count, often) in enumerate(zip(items, times, strict=True)):
        drawn, answer = rng.integers(0, 2, (count, bits)), count * often
        x[row, 1 : count + 1, :bits], x[row, count + 1, bits + 1] = drawn, (often - (repeats + 1) / 2) / spread
        y[row, count + 2 : count + 2 + answer, :bits] = np.tile(drawn, (often, 1))
        y[row, count + 2 : count + 2 + answer, bits], y[row, count + 2 + answer] = 0, [0] * bits + [1]
    return _dataset("repeat_copy", x, y, examples)


def associative_recall(
    place: Place,
    *,
    shortest: Annotated[int, Bounds(2, 1000)] = 2,
    longest: Annotated[int, Bounds(2, 1000)] = 6,
    rows: _Items = 3,
    bits: _Bits = 6,
    examples: _Examples = 20_000,
    seed: Seed = 0,
) -> Dataset:
    """Generates lists of random items and one of them as a question, whose answer is the item that followed it.

    An item is a block of several rows of bits. Examples are (N, steps, bits + 2) uint8, targets (N, steps, bits) for
    `(longest + 2) * (rows + 1) + rows` steps less one; two more channels mark the start of each item of the list, and
    both ends of the question.

    Args:
        place: not used; the bits are generated.
        shortest: least number of items.
        longest: largest number of items; all numbers from the least on are equally frequent.
        rows: rows of an item.
        bits: bits of a row.
        examples: number of training sequences; the test split has 1,000.
        seed: seed of the bits.

    Raises:
        BadInput: if `shortest` is above `longest`.
    """
    import numpy as np

    rng, n, block = np.random.default_rng(seed), examples + _TEST, rows + 1
    counts = _numbers("associative_recall", rng, n, shortest, longest)
    steps = longest * block + block + 1 + rows
    x, y = np.zeros((n, steps, bits + 2), np.uint8), np.full((n, steps, bits), -1, np.int8)
    for count in range(shortest, longest + 1):
        some = np.flatnonzero(counts == count)
        drawn, end = rng.integers(0, 2, (len(some), count, rows, bits), np.uint8), count * block
        asked = rng.integers(0, count - 1, len(some))
        listed = x[some, :end].reshape(len(some), count, block, bits + 2)
        listed[:, :, 0, bits], listed[:, :, 1:, :bits] = 1, drawn
        x[some, :end] = listed.reshape(len(some), end, bits + 2)
        x[some, end, bits + 1] = x[some, end + block, bits + 1] = 1
        each = np.arange(len(some))
        x[some, end + 1 : end + block, :bits] = drawn[each, asked]
        y[some, end + block + 1 : end + block + 1 + rows] = drawn[each, asked + 1]
    return _dataset("associative_recall", x, y, examples)


def _numbers(name: str, rng: "np.random.Generator", n: int, least: int, most: int) -> "np.ndarray":
    if least > most:
        raise BadInput(f"{name}: --d.shortest {least} is above --d.longest {most}")
    return rng.integers(least, most + 1, n)


def _dataset(name: str, x: "np.ndarray", y: "np.ndarray", cut: int) -> Dataset:
    return Dataset(name, "bits", Split(x[:cut], y[:cut]), Split(x[cut:], y[cut:]), outputs=y.shape[2])


SOURCES = (
    Source("copy_bits", "1 to 20 items of 8 random bits, to be repeated (Graves et al. 2014)", "sequence", "bits",
           (42, 10), 8, copy_bits),
    Source("repeat_copy", "1 to 10 items of 8 random bits, to be repeated 1 to 10 times (Graves et al. 2014)",
           "sequence", "bits", (113, 10), 9, repeat_copy),
    Source("associative_recall", "2 to 6 items of 3 rows of 6 random bits, and one to be answered by its successor "
           "(Graves et al. 2014)", "sequence", "bits", (32, 8), 6, associative_recall),
)  # fmt: skip
