"""Measures the duration of the whole notebook: `python -m benchmarks.notebook`.

The cells are executed as in Colab, but on this machine and with this checkout: nothing is installed, and the runs are
written to a temporary folder. Prints the seconds of each cell and exits with 1 if their sum exceeds five minutes.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .runs_page import Figure, add_kept, show

BOOK = Path(__file__).parent.parent / "notebooks" / "zoo_on_colab.ipynb"
ALLOWED = 300  # seconds


def main(argv: Sequence[str] | None = None) -> int:
    """Executes the notebook, prints the seconds and stores their sum."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.notebook", description=__doc__)
    parser.add_argument("--save", type=Path, help="file for the notebook with what it printed and drew")
    add_kept(parser)
    args = parser.parse_args(argv)
    import nbformat

    book = nbformat.read(BOOK, as_version=4)
    before = time.perf_counter()
    cells = executed(book)
    total = time.perf_counter() - before
    for name, seconds in cells.items():
        print(f"{seconds:7.1f} s  {name}")
    if args.save:
        nbformat.write(book, args.save)
    what = f"notebooks/{BOOK.name} executed completely; limit {ALLOWED / 60:g} minutes"
    longest = ", ".join(f"{name} {cells[name]:.0f} s" for name in sorted(cells, key=lambda name: -cells[name])[:4])
    show({"4 notebook": Figure(what, "1", f"{total:.0f} s ({longest})", "python -m benchmarks.notebook")}, args.kept)
    return int(total > ALLOWED)


def executed(book: Any) -> dict[str, float]:
    """Executes a notebook in a temporary folder; returns the seconds of each code cell."""
    from nbclient import NotebookClient

    began, seconds = {}, {}

    def start(cell, cell_index):
        began[cell["id"]] = time.perf_counter()

    def end(cell, cell_index, execute_reply):
        seconds[cell["id"]] = time.perf_counter() - began[cell["id"]]

    settings = {"PYTHONPATH": str(BOOK.parent.parent), "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    with tempfile.TemporaryDirectory() as folder:
        place = {"metadata": {"path": folder}}
        client = NotebookClient(book, timeout=None, resources=place, on_cell_start=start, on_cell_executed=end)
        client.execute(env={**os.environ, "ZOO_SHORT": "", **settings})
    return {cell["id"]: seconds[cell["id"]] for cell in book.cells if cell["cell_type"] == "code"}


if __name__ == "__main__":
    sys.exit(main())
