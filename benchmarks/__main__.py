"""Compares the zoo's training step with that of other libraries: `python -m benchmarks`.

Each library trains the same model on data of the same shapes, written as its own documentation writes training, in a
separate process. Processes alternate, and ratios are computed within a round. The libraries come with `pip install -e
'.[bench]'`; those that are not installed are omitted and named. Values are stored in speed.json beside this file; the
tables are written into docs/speed.md, the plot into docs/. Values of other versions are stored in a file
of another name (`--kept benchmarks/speed-jax-0.10.json`); where docs/speed.md has marks of that name, the table is
written between them.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .page import DOCS, HERE, publish, where
from .peers import PEERS
from .rounds import differences, measure, taking_part
from .speed import brief, draw, table
from .workloads import WORKLOADS

KEPT = HERE / "speed.json"
PAGE, PICTURE = DOCS / "speed.md", DOCS / "speed.png"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores, prints the tables and draws the plot."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), help="only these workloads")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), help="compare only with these")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (5)")
    parser.add_argument("--seconds", type=float, default=8, help="seconds of training per round (8)")
    parser.add_argument("--malloc", action="store_true", help="all keep freed memory, as the zoo's command does")
    parser.add_argument("--table", action="store_true", help="show the stored values, without measuring")
    parser.add_argument(
        "--kept",
        type=Path,
        default=KEPT,
        help="file of the values; of its name is the place in docs/speed.md, only the default is drawn and summed up",
    )
    parser.add_argument("--torch-python", metavar="PYTHON", help="interpreter that has PyTorch, if this one has not")
    parser.add_argument("--whole", action="store_true", help="measure whole runs of one epoch instead")
    parser.add_argument("--data-dir", help="folder that holds MNIST, for --whole")
    args = parser.parse_args(argv)
    if args.whole:
        from .whole import main as whole

        return whole(args.peers, args.rounds, args.data_dir, PAGE if args.kept == KEPT else None)
    if not args.table:
        _measure(args)
    kept = json.loads(args.kept.read_text()) if args.kept.exists() else {}
    if not kept:
        print("no stored values: run without --table first")
        return 1
    text = table(kept)
    print(text)
    if args.kept.resolve().parent == HERE:
        publish(PAGE, **{args.kept.stem: text})
    if args.kept == KEPT:
        publish(PAGE, brief=brief(kept))
        draw(kept, PICTURE)
    return 0


def _measure(args: argparse.Namespace) -> None:
    for work in args.only:
        torch = [name for name in PEERS if PEERS[name].packages == ("torch",)]
        pythons = {name: args.torch_python for name in torch if args.torch_python}
        peers = taking_part(work, list(dict.fromkeys(["ours", *args.peers])), elsewhere=pythons)
        found = measure(work, peers, args.rounds, args.seconds, args.malloc, pythons=pythons)
        about = WORKLOADS[work]
        found["differences"] = differences(about.parameters, about.loss, found["peers"])
        for line in found["differences"]:
            print(f"{work}: {line}")
        kept = json.loads(args.kept.read_text()) if args.kept.exists() else {}
        kept[f"{work} malloc" if args.malloc else work] = found | where()
        args.kept.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
