"""How much of a training step its matrix products take, and what that leaves to gain: `python -m benchmarks.products`.

Of a dense network the products of one step are timed alone (alone.py), beside our whole step and those of Haiku and
Flax linen, in processes of their own that take turns and keep freed memory. The other's step over the products alone is
the most that any library could be ahead of it that uses XLA's own products. `--tries` times, in place of that, changes
of our step that did not bring it there (tries.py). Figures are kept in products.json beside this file, the tables go
into docs/speed.md.
"""

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from .page import DOCS, HERE, keep, measured_on, publish
from .peers import TIMED
from .rounds import measure, ratios, summary, taking_part
from .workloads import DENSE, WORKLOADS, Workload

__all__ = ["KEPT", "PAGE", "main", "table", "tried"]

KEPT = HERE / "products.json"
PAGE = DOCS / "speed.md"
_OTHERS = ("haiku", "flax")  # the fastest of the other JAX libraries on these


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, keeps and shows."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.products", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (5)")
    parser.add_argument("--seconds", type=float, default=3, help="of steps, each time (3)")
    parser.add_argument("--tries", action="store_true", help="what did not help, by turns with our step as it is")
    parser.add_argument("--turns", type=int, default=12, help="of each try (12)")
    parser.add_argument("--steps", type=int, default=50, help="of each turn (50)")
    parser.add_argument("--kept", type=Path, default=KEPT, help="file of the figures; any but its own leaves the page")
    args = parser.parse_args(argv)
    for work in DENSE:
        if args.tries:
            row = {f"{work} tries": {"tries": tried(WORKLOADS[work], args.turns, args.steps)}}
        else:
            there = ["products", *taking_part(work, ["ours", *_OTHERS])]
            row = {work: measure(work, there, args.rounds, args.seconds, malloc=True)}
        text = table(keep(args.kept, row))
    print(text)
    if args.kept == KEPT:
        publish(PAGE, products=text)
    return 0


def tried(work: Workload, turns: int, steps: int, names: Sequence[str] | None = None) -> dict[str, dict]:
    """Milliseconds a step as it is and with each try, called by turns; of one that jaxlib refuses, why."""
    from jax.errors import JaxRuntimeError

    from zoo.train.allocator import keep_freed_memory

    from .lowerings import timed
    from .tries import TRIES, as_it_is

    keep_freed_memory()
    ours, found = as_it_is(work), {}
    for name in names or TRIES:
        try:
            changed = TRIES[name](work)
        except JaxRuntimeError as error:
            found[name] = {"refused": str(error).splitlines()[0]}
        else:
            times = timed(partial(ours, steps), partial(changed, steps), turns)
            before, after = ([ms / steps for ms in each] for each in times)
            found[name] = {"as it is": before, "tried": after}
        print(f"{work.name}: {_try(name, found[name])}", flush=True)
    return found


def table(kept: Mapping[str, Mapping]) -> str:
    """The Markdown tables: medians, least to most in brackets.

    Args:
        kept: `{"mlp": what measure gave, with where(); "mlp tries": {"tries": what tried gave}}`, as in products.json.
    """
    lines = []
    for work in DENSE:
        if work in kept:
            lines += [*_steps(work, kept[work]["peers"]), "", *_notes(work, kept[work]), ""]
        if f"{work} tries" in kept:
            lines += [f"| tried with {work} | ms a step | as it is | times as fast |", "|---|---|---|---|"]
            lines += [*(_try(name, each) for name, each in kept[f"{work} tries"]["tries"].items()), ""]
    return "\n".join([*lines, measured_on(list(kept.values()))])


def _steps(work: str, peers: Mapping[str, Sequence[Mapping]]) -> Iterator[str]:
    yield "| a step | ms | times the products alone | GFLOP/s of products |"
    yield "|---|---|---|---|"
    for name, rounds in peers.items():
        ms, least, most = summary(rounds, "ms")
        times = "" if name == "products" else "{:.2f} ({:.2f} to {:.2f})".format(*ratios(peers["products"], rounds))
        rate = 1000 * WORKLOADS[work].gflop / ms
        yield f"| {work}: {TIMED[name].label} | {ms:.3g} ({least:.3g} to {most:.3g}) | {times} | {rate:.0f} |"


def _notes(work: str, found: Mapping) -> Iterator[str]:
    """What the figures come to."""
    peers = found["peers"]
    others = [name for name in _OTHERS if name in peers]
    if others:
        best = min(others, key=lambda name: summary(peers[name], "ms")[0])
        times = "{:.2f} times as fast ({:.2f} to {:.2f})".format(*ratios(peers["products"], peers[best]))
        yield f"A step of {work} that is nothing but these products is {times} as that of {TIMED[best].label}."
    yield f"One large product reaches {statistics.median(found['limit']):.0f} GFLOP/s."
    yield from (f"{TIMED[name].label} failed: {why}." for name, why in found["failed"].items())


def _try(name: str, found: Mapping) -> str:
    if "refused" in found:
        return f"| {name} | refused: {found['refused']} | | |"
    before, after = found["as it is"], found["tried"]
    low, middle, high = statistics.quantiles((a / b for a, b in zip(before, after, strict=True)), n=4)
    times = f"{middle:.2f} (half of all {low:.2f} to {high:.2f})"
    return f"| {name} | {statistics.median(after):.3g} | {statistics.median(before):.3g} | {times} |"


if __name__ == "__main__":
    sys.exit(main())
