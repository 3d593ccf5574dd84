"""Measures rows of one section: `python -m benchmarks.accelerator.worker SECTION ROW...` prints a JSON line for each.

A row that fails gets the reason, and the next one is measured.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["main", "row_of"]

_MODULES = {
    "limits": "limits",
    "forms": "checks",
    "resume": "checks",
    "losses": "losses",
    "reference": "losses",
    "command": "commands",
    "start": "commands",
    "candidates": "candidates",
    "kernels": "kernels",
    "input": "stall",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accelerator.worker", description=__doc__)
    parser.add_argument("section", choices=_MODULES)
    parser.add_argument("rows", nargs="+")
    parser.add_argument("--seconds", type=float, default=3.0, help="duration of a measurement after compiling")
    parser.add_argument("--tiny", action="store_true", help="few examples and small models")
    parser.add_argument("--data-dir", help="folder that holds MNIST")
    args = parser.parse_intermixed_args(argv)
    measure = getattr(importlib.import_module(f".{_MODULES[args.section]}", __package__), args.section)
    for row in args.rows:
        print(json.dumps(row_of(measure, row, args)), flush=True)
    return 0


def row_of(measure: Callable[[str, argparse.Namespace], dict], row: str, args: argparse.Namespace) -> dict[str, Any]:
    """Measures a row; returns the reason under `failed` if it cannot be measured."""
    try:
        return measure(row, args)
    except Exception as error:
        from zoo.train.runtime.out_of_memory import is_exhausted

        lines = str(error).strip().splitlines() or [type(error).__name__]
        lost = "the memory of the device ran out: " * is_exhausted(error)
        return {"failed": f"{lost}{lines[0][:300]}"}


if __name__ == "__main__":
    sys.exit(main())
