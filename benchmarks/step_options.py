"""Compares the compiler options of whole training steps with others: `python -m benchmarks.step_options`.

Each workload's step, as the zoo's command compiles it, takes turns with the same step under other options: what YNNPACK
is given, and further options of XLA that were tried (tries.py). Values are stored in step_options.json beside this
file, the table is written into docs/speed.md.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

from .page import DOCS, HERE, keep, measured_on, publish
from .workloads import WORKLOADS, Workload

__all__ = ["main", "measured", "table"]

KEPT = HERE / "step_options.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.step_options",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="*", choices=WORKLOADS, default=list(WORKLOADS), help="only these; none: show")
    parser.add_argument("--turns", type=int, default=9, help="number of turns (9)")
    parser.add_argument("--seconds", type=float, default=0.7, help="seconds of a turn, at least one step (0.7)")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the values; the page only for the default")
    args = parser.parse_args(argv)
    if args.turns < 2:
        parser.error(f"a spread takes --turns 2 or more; got {args.turns}")
    found = json.loads(args.kept.read_text()) if args.kept.exists() else {}
    for work in args.only:
        found = keep(args.kept, {work: {"options": measured(WORKLOADS[work], args.turns, args.seconds)}})
    if not found:
        print("no stored values: name workloads with --only")
        return 1
    text = table({work: found[work] for work in WORKLOADS if work in found})
    print(text)
    if args.kept == KEPT:
        publish(DOCS / "speed.md", step_options=text)
    return 0


def measured(work: Workload, turns: int, seconds: float) -> dict[str, dict]:
    """Measures the step with each set of options; returns milliseconds a step of both, turn by turn, or a reason."""
    from jax.errors import JaxRuntimeError

    from zoo.train.runtime.allocator import keep_freed_memory

    from .timed import timed
    from .tries import as_it_is, with_options

    keep_freed_memory()
    ours, found = as_it_is(work), {}
    steps = _steps(timed([partial(ours, 1)], 3)[0], seconds)
    for name, options in _options().items():
        try:
            changed = with_options(options, work)
        except JaxRuntimeError as error:
            found[name] = {"refused": str(error).splitlines()[0]}
        else:
            before, after = timed([partial(ours, steps), partial(changed, steps)], turns)
            found[name] = {"chosen": [ms / steps for ms in before], "tried": [ms / steps for ms in after]}
        print(f"{work.name}: {name}: {_ratio(found[name])}", flush=True)
    return found


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown table: medians, and the ratio turn by turn with its minimum and maximum.

    >>> ratios = {"one": {"chosen": [2.0], "tried": [4.0]}, "other": {"refused": "no such option"}}
    >>> row = {"options": ratios, "machine": "", "versions": {}, "date": ""}
    >>> print(table({"mlp": row}).splitlines()[2])
    | MLP 784-512-256-10, batch 128 | 2 ms | one | 4 ms | 0.50 (0.50 to 0.50) |
    """
    lines = ["| training step | chosen | fastest of the others | its step | times as fast |", "|---|---|---|---|---|"]
    for work, row in kept.items():
        tried = {name: each for name, each in row["options"].items() if "tried" in each}
        best = max(tried, key=lambda name: statistics.median(_times(tried[name])))
        chosen, other = (statistics.median(tried[best][side]) for side in ("chosen", "tried"))
        cells = [WORKLOADS[work].about, f"{chosen:.3g} ms", best, f"{other:.3g} ms", _ratio(tried[best])]
        lines.append(f"| {' | '.join(cells)} |")
    refused = sorted({name for row in kept.values() for name, each in row["options"].items() if "refused" in each})
    notes = [f"This jaxlib refuses {', '.join(refused)}.", ""] if refused else []
    names = list(dict.fromkeys(name for row in kept.values() for name in row["options"] if name not in refused))
    return "\n".join([*lines, "", f"Tried: {'; '.join(names)}.", *notes, "", measured_on(list(kept.values()))])


def _options() -> dict[str, Mapping]:
    """Returns what is tried by name: every choice of operations for YNNPACK, and the other options of tries.py."""
    from zoo.train.runtime.compile import OFFLOADED, offloading

    from .tries import OPTIONS

    subsets = [some for count in range(len(OFFLOADED) + 1) for some in combinations(OFFLOADED, count)]
    chosen = {_names(some): offloading(*some) for some in subsets}
    known = {name: options for name, options in chosen.items() if options is not None}
    library = {option for options in known.values() for option in options}
    others = [options for options in OPTIONS if not library & set(options)]
    return known | {", ".join(f"`{name}={value}`" for name, value in each.items()): each for each in others}


def _names(operations: Sequence[str]) -> str:
    return f"{' and '.join(each.lower().replace('individual_', '') for each in operations) or 'nothing'} to YNNPACK"


def _steps(ms: Sequence[float], seconds: float) -> int:
    return max(1, round(1000 * seconds / statistics.median(ms)))


def _times(found: Mapping[str, Sequence[float]]) -> list[float]:
    return [ours / other for ours, other in zip(found["chosen"], found["tried"], strict=True)]


def _ratio(found: Mapping) -> str:
    if "refused" in found:
        return f"refused: {found['refused']}"
    times = _times(found)
    return f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"


if __name__ == "__main__":
    sys.exit(main())
