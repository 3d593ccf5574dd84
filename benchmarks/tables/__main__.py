"""Measures training on a table of one's own: `python -m benchmarks.tables bank` or `large`.

`bank` prints the ROC AUC of the zoo's mlp and of scikit-learn's pipelines on a table of invented bank customers, on the
same split. `large` prints time and peak memory of a table of a million rows and 50 columns. `write FILE` writes the
table of bank customers.
"""

import argparse
import tempfile
from pathlib import Path

from . import bank, large


def main() -> int:
    """Measures, and prints a Markdown table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("bank", "large", "write"))
    parser.add_argument("file", nargs="?", type=Path, help="file of the bank table, for write")
    parser.add_argument("--rows", type=int, help="rows of the table (bank: 20,000; large: 1,000,000)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.what == "write":
        bank.write_bank(args.file or Path("bank.csv"), args.rows or 20_000, args.seed)
        return 0
    if args.what == "bank":
        found = bank.compare(args.rows or 20_000, args.seed)
        best = max(auc for name, auc in found.items() if name.startswith("scikit"))
        print(
            "| method | ROC AUC |", "|---|---|", *(f"| {name} | {auc:.4f} |" for name, auc in found.items()), sep="\n"
        )
        return int(found["zoo, mlp"] < best - 0.01)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        large.write_large(path, args.rows or 1_000_000, args.seed)
        print("| work | time | of all processors | peak memory |", "|---|---|---|---|", sep="\n")
        for name, seconds, busy, memory in large.measure(path):
            print(f"| {name} | {seconds:.1f} s | {busy:.1f} s | {memory:.2f} GB |", flush=True)
    return 0


raise SystemExit(main())
