"""Measures Hopfield networks: `python -m benchmarks.hopfield`.

Capacity: overlap after recall of P random patterns of N entries, with and without damage, beside values measured with
numpy. Energy: that of every single asynchronous update. Modern form: as many patterns as it recalls where the classical
form recalls its capacity. Images: shares recalled without an error. `--draw` writes docs/hopfield_capacity.png.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from zoo.hopfield import hopfield
from zoo.train import RunOptions, recipe_for, run
from zoo.train.tasks.recall import damaged
from zoo.train.trainers.hebbian import hebb

from .page import DOCS

__all__ = ["capacity", "largest_rise", "main", "modern_overlap"]

LOADS = (0.10, 0.12, 0.138, 0.15, 0.18, 0.22)
MEASURED = {
    500: (0.998, 0.984, 0.958, 0.910, 0.745, 0.439),
    1000: (0.999, 0.994, 0.979, 0.941, 0.557, 0.373),
}
"""Overlaps at these loads P / N, as measured with numpy; patterns 1000 x 0.138 is the capacity of theory."""
_APART = 0.03
_IMAGES = {
    "6 digits, 15 % flipped": ("", {}, 0.95),
    "6 digits, lower half hidden": ("", {"hide": "lower"}, 0.95),
    "100 digits, modern, 15 % flipped": ("modern", {}, 0.99),
    "100 digits, modern, lower half hidden": ("modern", {"hide": "lower"}, 0.99),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints; returns 1 if a value misses its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hopfield", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="networks to average over, at least 2 (5)")
    parser.add_argument("--sweeps", type=int, default=20, help="most sweeps of a recall of the capacity (20)")
    parser.add_argument("--updates", type=int, default=1_000_000, help="updates whose energy is computed (1,000,000)")
    parser.add_argument("--only", choices=("capacity", "energy", "modern", "images"), nargs="*", help="parts")
    parser.add_argument("--draw", action="store_true", help="draws docs/hopfield_capacity.png")
    args = parser.parse_args(argv)
    if args.seeds < 2:
        parser.error("argument --seeds: a standard error needs 2 networks or more")
    parts = {
        "capacity": lambda: _capacities(args.seeds, args.sweeps, args.draw),
        "energy": lambda: _energy(args.updates),
    }
    parts |= {"modern": _modern, "images": _images}
    good = [parts[name]() for name in args.only or parts]  # all of them are measured
    return 0 if all(good) else 1


def capacity(size: int, load: float, seeds: int, flip: float = 0.0, sweeps: int = 20) -> tuple[float, float]:
    """Measures the mean overlap of recalled and stored random patterns, and the standard error of this mean.

    Beyond the capacity it still falls while recalls are cut short: of 500 entries at a load of 0.18 from 0.79 after 10
    sweeps to 0.72 when all have settled, after 46 (20 seeds, standard error 0.01).

    Args:
        size: entries of a pattern.
        load: patterns per entry.
        seeds: number of networks, two or more.
        flip: share of the entries that are flipped before the recall.
        sweeps: most sweeps of a recall.
    """
    model, count = hopfield(sweeps=sweeps), round(load * size)

    @jax.jit
    def overlap(seed):
        draw, flips = jax.random.split(jax.random.key(seed))
        x = jax.random.rademacher(draw, (count, size), jnp.float32)
        found = model.recall({"memory": {"w": hebb(x), "patterns": x}}, {}, damaged(x, flips, flip), flips)
        return jnp.mean(found.pattern * x)

    found = np.array([overlap(seed) for seed in range(seeds)])
    return float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(seeds))


def largest_rise(updates: int, size: int = 200, load: float = 0.138, starts: int = 100) -> tuple[float, int]:
    """Measures the largest change of the energy in asynchronous updates, and how many of them changed a unit.

    The energy is computed from all weights after each update. Weights and energies are whole numbers, so that float32
    holds both exactly.

    Args:
        updates: number of updates over all starts.
        size: entries of a pattern.
        load: patterns per entry.
        starts: random states from which units are updated in random order.
    """
    model = hopfield()
    draw, first, order = jax.random.split(jax.random.key(0), 3)
    x = jax.random.rademacher(draw, (round(load * size), size), jnp.float32)
    params = {"memory": {"w": hebb(x), "patterns": x}}
    update = model.update
    assert update is not None

    def step(s, unit):
        new = update(params, s, unit)
        before, after = (model.energy(params, each.T) * size for each in (s, new))
        return new, (jnp.max(after - before), jnp.sum(jnp.any(new != s, axis=0)))

    @jax.jit
    def measured(s, units):
        _, (rises, changed) = jax.lax.scan(step, s, units)
        return jnp.max(rises), jnp.sum(changed)

    start = jax.random.rademacher(first, (size, starts), jnp.float32)
    rise, changed = measured(start, jax.random.randint(order, (-(-updates // starts),), 0, size))
    return float(rise) / size, int(changed)


def modern_overlap(size: int, count: int, flip: float = 0.1) -> float:
    """Measures the mean overlap of patterns that the modern form recalls, a tenth of whose entries were flipped."""
    model = hopfield(form="modern")

    @jax.jit
    def overlap(key):
        x = jax.random.rademacher(key, (count, size), jnp.float32)
        found = model.recall({"memory": {"patterns": x}}, {}, damaged(x, jax.random.fold_in(key, 1), flip))
        return jnp.mean(jnp.sign(found.pattern) * x)

    return float(overlap(jax.random.key(0)))


def _capacities(seeds: int, sweeps: int, draw: bool) -> bool:
    """Prints the overlaps beside those measured before; True if all are near."""
    good, curves = True, {}
    for size, wanted in MEASURED.items():
        for flip in (0.0, 0.1):
            found = [capacity(size, load, seeds, flip, sweeps) for load in LOADS]
            good &= all(abs(a - b) <= _APART for (a, _), b in zip(found, wanted, strict=True)) or flip > 0
            curves[f"N = {size:,}, {flip:.0%} flipped"] = found
            pairs = ", ".join(
                f"{load:g}: {a:.3f} +- {error:.3f} ({b:.3f})"
                for load, (a, error), b in zip(LOADS, found, wanted, strict=True)
            )
            print(f"N {size}, {flip:.0%} flipped, overlap and standard error at P / N: {pairs}", flush=True)
    if draw:
        _drawn(curves, DOCS / "hopfield_capacity.png")
    return good


def _energy(updates: int) -> bool:
    rise, changed = largest_rise(updates)
    print(f"energy of {updates:,} asynchronous updates, of which {changed:,} changed a unit: largest change {rise:g}")
    return rise <= 0


def _modern() -> bool:
    good = True
    for size in MEASURED:
        count = round(10 * 0.138 * size)
        overlap = modern_overlap(size, count)
        print(f"modern form, N {size}: {count:,} patterns, 10 times 0.138 N, 10 % flipped: overlap {overlap:.4f}")
        good &= overlap >= 0.99
    return good


def _images() -> bool:
    good = True
    for name, (variant, options, least) in _IMAGES.items():
        recipe = recipe_for("hopfield", "digits", variant)
        with tempfile.TemporaryDirectory() as folder:
            recipe = replace(recipe, t={**recipe.t, **options, "trials": 100}, expect=None)
            metrics = run(recipe, RunOptions(out=Path(folder) / "run", quiet=True, pictures=False)).metrics
        print(f"{name}: {metrics['exact']:.4f} recalled without an error, overlap {metrics['overlap']:.4f}", flush=True)
        good &= metrics["exact"] >= least
    return good


def _drawn(curves: dict[str, list[tuple[float, float]]], path: Path) -> None:
    from zoo.train.plots.style import GREY, colour, picture

    with picture(path, height=3.2) as figure:
        axes = figure.subplots()
        for i, (name, found) in enumerate(curves.items()):
            means, errors = zip(*found, strict=True)
            axes.errorbar(LOADS, means, yerr=errors, color=colour(i), marker="o", label=name)
        axes.axvline(0.138, color=GREY, linestyle=":", linewidth=1)
        axes.set_title("Hopfield network: overlap of recalled and stored patterns")
        axes.set_xlabel("stored patterns per entry; dotted: capacity 0.138")
        axes.legend(loc="lower left")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
