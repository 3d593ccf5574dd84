"""Measures echo state networks: `python -m benchmarks.reservoirs`.

Ten reservoirs on Mackey-Glass (tau 17): the medians of the normalised error after 84 free steps, and of the squared
error of 500. `--capacity` measures instead how much of their past inputs reservoirs of several sizes remember, and
draws docs/capacity.png. `--peer PYTHON` takes turns with reservoirpy, of whole processes, start included; PYTHON is an
interpreter that has it.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from zoo.esn import esn
from zoo.train import recipe_for, run
from zoo.train.config.run_options import RunOptions
from zoo.train.data.sources.series import integrated
from zoo.train.metrics.memory import delay_capacity
from zoo.train.plots.reservoir import capacity as draw

from .beside import compared
from .page import DOCS, HERE

_TURN = HERE / "reservoir_turn.py"
_SIZES = (50, 100, 200, 400)
_STEPS = 12_000  # of which half are fitted


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reservoirs", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="number of reservoirs or turns (10)")
    parser.add_argument("--capacity", action="store_true", help="measure the memory of past inputs")
    parser.add_argument("--peer", metavar="PYTHON", help="interpreter with reservoirpy, to take turns with")
    parser.add_argument("--out", type=Path, default=DOCS / "capacity.png", help="PNG file of the memory")
    args = parser.parse_args(argv)
    if args.peer:
        return turns(args.peer, args.seeds)
    return memory(args.out) if args.capacity else errors(args.seeds)


def errors(seeds: int) -> int:
    """Trains reservoirs of several seeds; returns 1 if a median is above its limit."""
    limits = {"free_nrmse": 1e-3, "free_mse": 1e-5}
    found = {name: [] for name in limits}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            options = RunOptions(out=Path(folder) / "run", quiet=True, pictures=False)
            metrics = run(replace(recipe_for("esn"), seed=seed), options).metrics
        for name, values in found.items():
            values.append(metrics[name])
        print(f"seed {seed}: " + ", ".join(f"{name} {values[-1]:.3g}" for name, values in found.items()), flush=True)
    for name, values in found.items():
        print(f"{name}: median {statistics.median(values):.3g} of {seeds}, from {min(values):.3g} to {max(values):.3g}")
    return int(any(statistics.median(values) > limits[name] for name, values in found.items()))


def memory(path: Path) -> int:
    """Measures memory by number of units and draws that of the largest; returns 1 where it exceeds the units."""
    inputs, shares, good = np.random.default_rng(0).uniform(-1, 1, _STEPS), np.zeros(0), True
    for units in _SIZES:
        model, x = esn(1, each=True, units=units, leak=1.0, input_scale=0.1, bias=0.0), inputs[None, :, None]
        params, state = model.init(jax.random.key(0), np.float32(x))
        rows = np.asarray(jax.jit(model.features)(params, state, np.float32(x)))[0, :, :units]
        shares = delay_capacity(rows, inputs, 2 * units)
        good &= bool(shares.sum() < units)
        half = int((shares > 0.5).sum())
        print(f"{units:5} units: memory {shares.sum():.1f} steps, more than half of the inputs up to {half} before")
    draw(shares, _SIZES[-1], path)
    return int(not good)


def turns(python: str, count: int) -> int:
    """Alternates whole processes of both libraries; returns 1 if the zoo's median is the larger one, programs cached.

    The zoo takes two turns: with nothing compiled, and with the programs that the turn before it has left, which is
    how every command after the first one runs.
    """
    version = [python, "-c", "from importlib.metadata import version; print(version('reservoirpy'))"]
    there = subprocess.run(version, check=True, capture_output=True, text=True).stdout.strip()
    print(f"jax {jax.__version__}, reservoirpy {there}; seconds of whole processes, and the error of 500 free steps")
    seconds: dict[str, list[float]] = {name: [] for name in ("zoo", "zoo, programs cached", "reservoirpy")}
    errors: dict[str, list[float]] = {name: [] for name in seconds}
    with tempfile.TemporaryDirectory() as folder:
        series = Path(folder) / "series.npy"
        np.save(series, integrated(17, 5000)[1000:])
        for turn in range(count):
            for name in seconds:
                words = [
                    python if name == "reservoirpy" else sys.executable,
                    str(_TURN),
                    name.split(",")[0],
                    str(series),
                ]
                began = time.perf_counter()
                made = subprocess.run([*words, f"{folder}/{turn}"], check=True, capture_output=True, text=True).stdout
                seconds[name].append(time.perf_counter() - began)
                errors[name].append(float(made.split()[-1]))
                print(f"{name:21} {seconds[name][-1]:6.2f} s, mean squared error {errors[name][-1]:.2g}", flush=True)
    reached = {
        name: f"squared error {statistics.median(each):.2g} over 500 free steps" for name, each in errors.items()
    }
    faster = 0.0
    for name in ("zoo", "zoo, programs cached"):
        work = (
            f"echo state network of 1,000 units, 3,000 steps of Mackey-Glass{name.removeprefix('zoo')}, whole process"
        )
        both = seconds[name], seconds["reservoirpy"]
        faster = compared(work, f"reservoirpy {there}", *both, (reached[name], reached["reservoirpy"]))
        print(f"{name}: {faster:.2f} times as fast as reservoirpy")
    return int(faster <= 1)


if __name__ == "__main__":
    sys.exit(main())
