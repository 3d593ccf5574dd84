"""Counts and calculates what limits the library on many devices: `python -m benchmarks.scale`.

The library's training step is compiled, but not run, for 8 to 256 simulated devices: data parallel, fully sharded
(`--fsdp`), tensor parallel (`--mesh`, `--shard`). The collectives of the compiled program are counted, with the bytes
that each device sends. The cost of a step, a checkpoint and a failure on 10, 1,000 and 10,000 devices is calculated
from these and from published speeds. Counts are stored in scale.json beside this package; the tables are written into
docs/scale.md.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..page import DOCS, HERE, between, measured_on, publish, where
from .compiled import RUNS, compiled
from .tables import TABLES

KEPT = HERE / "scale.json"
PAGE = DOCS / "scale.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Counts, stores, prints the tables and writes them into the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", metavar="CASE", help=f"count only these models: {', '.join(_models())}")
    parser.add_argument("--table", action="store_true", help="write the tables from stored counts")
    parser.add_argument("--check", action="store_true", help="report whether the page is up to date, without writing")
    args = parser.parse_args(argv)
    if unknown := set(args.only or ()) - set(_models()):
        parser.error(f"--only {' '.join(sorted(unknown))}: no such model; there are {', '.join(_models())}")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if not kept and (args.check or args.table):
        parser.error("nothing has been counted yet: run without --check and --table")
    if args.check:
        return _check(kept)
    if not args.table:
        kept = _count(kept, args.only or _models())
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    texts = _texts(kept)
    for name, text in texts.items():
        print(f"{name}\n\n{text}\n")
    publish(PAGE, **texts)
    return 0


def _models() -> list[str]:
    return list(dict.fromkeys(run[0] for run in RUNS))


def _count(kept: Mapping[str, Any], models: Sequence[str]) -> dict[str, Any]:
    """Compiles the requested cases; counts of the other cases are kept."""
    rows = {(row["case"], row["placement"], row["devices"]): row for row in kept.get("counted", ())}
    for run in RUNS:
        if run[0] in models:
            print("compiling", *run, file=sys.stderr, flush=True)
            try:
                rows[run] = compiled(*run)
            except subprocess.CalledProcessError as error:
                raise SystemExit(f"{run} does not compile:\n{error.stderr}") from error
    return {"counted": [rows[run] for run in RUNS if run in rows], **where()}


def _texts(kept: Mapping[str, Any]) -> dict[str, str]:
    """Returns each table by its mark; that of compiled programs with the machine."""
    texts = {name: table(kept) for name, table in TABLES.items()}
    compiled_on = measured_on([kept]).replace("Measured", "Compiled")
    return texts | {"counted": f"{texts['counted']}\n\n{compiled_on}"}


def _check(kept: Mapping[str, Any]) -> int:
    page = PAGE.read_text()
    stale = [name for name, text in _texts(kept).items() if between(name, text, page) != page]
    missing = [name for name in TABLES if f"<!-- {name} -->" not in page]
    for name in [*stale, *missing]:
        print(f"{PAGE.name}: the table {name} is not what python -m benchmarks.scale --table writes")
    return 1 if stale or missing else 0


if __name__ == "__main__":
    sys.exit(main())
