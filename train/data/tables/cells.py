"""Cells of a table's column: compact texts of a file, the values of a data frame."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["BLOCK", "Cells", "blocks_of"]

BLOCK = 1 << 11
"""Cells that are handled at a time: as many rows of a table stay in the cache of a processor."""

_END = "\0"  # between two cells: a text that holds it is not read
_SPACED = re.compile(r"^\s|\s\0|\0\s|\s\Z")


class Cells(Sequence):
    """Holds the texts of a column joined in blocks: a list of them would take several times the memory.

    Args:
        blocks: cells of a block, each `BLOCK` of them but for the last.

    >>> cells = Cells([["1", "2"]])
    >>> len(cells), cells[-1]
    (2, '2')
    """

    def __init__(self, blocks: Iterable[Sequence[str]] = ()):
        self._joined: list[str] = []
        self._size = 0
        for block in blocks:
            self.add(block)

    def add(self, block: Sequence[str]) -> None:
        """Appends a block of cells, `BLOCK` of them or the last ones, without the spaces around them."""
        joined = _END.join(block)
        if (" " in joined or "\t" in joined or not joined.isascii()) and _SPACED.search(joined):
            joined = _END.join([cell.strip() for cell in block])
        self._joined.append(joined)
        self._size += len(block)

    def blocks(self) -> Iterator[list[str]]:
        """Yields the cells in blocks."""
        yield from (joined.split(_END) for joined in self._joined)

    def holds(self, text: str) -> bool:
        """Returns whether a text occurs in any of the cells."""
        return any(text in joined for joined in self._joined)

    def matches(self, pattern: re.Pattern) -> bool:
        """Returns whether a pattern occurs in the cells, each behind a NUL."""
        return any(pattern.search(_END + joined) for joined in self._joined)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        place = place + len(self) if place < 0 else place
        return self._joined[place // BLOCK].split(_END)[place % BLOCK]

    def __iter__(self) -> Iterator[str]:
        for block in self.blocks():
            yield from block


def blocks_of(column: Any) -> Iterator[list]:
    """Yields the cells of any column in blocks: texts, a list, an array, a column of a data frame."""
    if isinstance(column, Cells):
        yield from column.blocks()
        return
    for start in range(0, len(column), BLOCK):
        part = column[start : start + BLOCK]
        if getattr(getattr(part, "dtype", None), "kind", "") == "M" and hasattr(part, "astype"):
            part = part.astype("datetime64[us]")  # of finer units numpy and pandas give integers
        yield part.tolist() if hasattr(part, "tolist") else list(part)
