"""Measures the share of matrix products in a training step: `python -m benchmarks.products`.

The products of one step of a dense network are measured alone (alone.py), with the whole step of the zoo, Haiku and
Flax linen, in separate processes that take turns (turns.py) and keep freed memory. The ratio of another library's step
to the products alone bounds how far ahead of it any library that uses XLA's products can be. `--tries` measures
variants of the zoo's step that were tried (tries.py). Values are stored in products.json beside this file, the tables
are written into docs/speed.md.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from .page import DOCS, HERE, keep, measured_on, publish
from .peers import TIMED
from .rounds import taking_part
from .turns import by_turns
from .workloads import DENSE, WORKLOADS, Workload

__all__ = ["KEPT", "PAGE", "main", "table", "tried"]

KEPT = HERE / "products.json"
PAGE = DOCS / "speed.md"
_OTHERS = ("haiku", "flax")  # the fastest of the other JAX libraries on these


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, stores and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.products", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tries", action="store_true", help="measure the variants that were tried")
    parser.add_argument("--turns", type=int, default=40, help="number of turns of a quarter of a second (40)")
    parser.add_argument("--steps", type=int, default=50, help="steps per turn of a variant (50)")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the values; the page only for the default")
    args = parser.parse_args(argv)
    if args.turns < 2 or args.steps < 1:
        parser.error(f"a spread takes --turns 2 or more and --steps 1 or more; got {args.turns} and {args.steps}")
    for work in DENSE:
        if args.tries:
            row = {f"{work} tries": {"tries": tried(WORKLOADS[work], args.turns, args.steps)}}
        else:
            there = ["products", *taking_part(work, ["ours", *_OTHERS])]
            found, failed = by_turns(work, there, args.turns, malloc=True)
            row = {work: {"ms": found, "failed": failed}}
        text = table(keep(args.kept, row))
    print(text)
    if args.kept == KEPT:
        publish(PAGE, products=text)
    return 0


def tried(work: Workload, turns: int, steps: int, names: Sequence[str] | None = None) -> dict[str, dict]:
    """Measures the milliseconds per step of the current step and of each variant; a refused variant has a reason."""
    from jax.errors import JaxRuntimeError

    from zoo.train.runtime.allocator import keep_freed_memory

    from .timed import timed
    from .tries import TRIES, as_it_is

    keep_freed_memory()
    ours, found = as_it_is(work), {}
    for name in names or TRIES:
        try:
            changed = TRIES[name](work)
        except JaxRuntimeError as error:
            found[name] = {"refused": str(error).splitlines()[0]}
        else:
            times = timed([partial(ours, steps), partial(changed, steps)], turns)
            before, after = ([ms / steps for ms in each] for each in times)
            found[name] = {"as it is": before, "tried": after}
        print(f"{work.name}: {_try(name, found[name])}", flush=True)
    return found


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown tables: medians, with the middle half in parentheses.

    Args:
        kept: `{"mlp": {"ms": turns by name, "failed": reasons by name}, "mlp tries": {"tries": result of `tried`}}`,
            each with where(), as in products.json.
    """
    lines = []
    for work in DENSE:
        if work in kept:
            lines += [*_steps(work, kept[work]["ms"]), ""]
            lines += [line for note in _notes(work, kept[work]) for line in (note, "")]
        if f"{work} tries" in kept:
            lines += [f"| tried with {work} | ms a step | as it is | times as fast |", "|---|---|---|---|"]
            lines += [*(_try(name, each) for name, each in kept[f"{work} tries"]["tries"].items()), ""]
    return "\n".join([*lines, measured_on(list(kept.values()))])


def _steps(work: str, found: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield "| a step | ms | times the products alone | GFLOP/s of products |"
    yield "|---|---|---|---|"
    for name, ms in found.items():
        times = "" if name == "products" else _spread(_times(found["products"], ms))
        rate = 1000 * WORKLOADS[work].gflop / statistics.median(ms)
        yield f"| {work}: {TIMED[name].label} | {_spread(ms)} | {times} | {rate:.0f} |"


def _notes(work: str, kept: Mapping) -> Iterator[str]:
    """Makes the sentences that summarise the values."""
    found = kept["ms"]
    others = [name for name in _OTHERS if name in found]
    if others:
        best = min(others, key=lambda name: statistics.median(found[name]))
        times = _spread(_times(found["products"], found[best]))
        yield f"A step of {work} that is nothing but these products is {times} times as fast as {TIMED[best].label}'s."
    yield from (f"{TIMED[name].label} failed: {why}." for name, why in kept["failed"].items())


def _try(name: str, found: Mapping) -> str:
    if "refused" in found:
        return f"| {name} | refused: {found['refused']} | | |"
    before, after = found["as it is"], found["tried"]
    return f"| {name} | {_spread(after)} | {_spread(before)} | {_spread(_times(after, before))} |"


def _times(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Computes the ratio of their time to the zoo's, turn by turn."""
    return [their / our for our, their in zip(ours, theirs, strict=True)]


def _spread(values: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
