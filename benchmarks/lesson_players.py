"""Draws the picture of docs/learn/12-two-players.md: two players who circle, and a ring with and without all modes.

Two runs of the command line train a `gan` on the ring, by `COLLAPSED` and by its recipe. Called by
`python -m benchmarks.lessons`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from zoo.train.plots.style import BLUE, GREY, RED, picture

__all__ = ["COLLAPSED", "circles", "draw"]

COLLAPSED = "--t.d-lr 5e-4 --t.instance-noise 0 --momentum 0.5 --sched constant --ema none --steps 3000"


def draw(path: Path) -> None:
    """Trains both networks, and draws."""
    with tempfile.TemporaryDirectory() as folder:
        lost, kept = _trained(COLLAPSED, Path(folder) / "lost"), _trained("", Path(folder) / "kept")
    with picture(path, height=2.9) as figure:
        left, *others = figure.subplots(1, 3)
        for penalty, colour in ((0.0, RED), (1.0, BLUE)):
            left.plot(*circles(penalty).T, color=colour, lw=1, label=f"penalty {penalty:g}")
        left.plot([0], [0], "o", color=GREY)
        left.set(title="two numbers that play", xlabel="generator", ylabel="discriminator", ylim=(-1.8, 2.9))
        left.legend(loc="upper right")
        for axes, (title, real, made), colour in zip(others, (lost, kept), (RED, BLUE), strict=True):
            axes.plot(*real[:400].T, ".", color=GREY, ms=2)
            axes.plot(*made.T, ".", color=colour, ms=2)
            axes.set(title=title, aspect="equal", xlim=(-2.8, 2.8), ylim=(-2.8, 2.8))


def circles(penalty: float, steps: int = 400, rate: float = 0.1) -> np.ndarray:
    """Computes the path (steps + 1, 2) of generator and discriminator of the lesson's smallest game.

    >>> circles(0.0, 1).round(3).tolist()
    [[1.0, 0.0], [1.0, -0.05]]
    """
    g, d = 1.0, 0.0
    seen = [(g, d)]
    for _ in range(steps):
        fooled = 1 / (1 + np.exp(-d * g))
        g, d = g + rate * fooled * d, d - rate * (fooled * g + penalty * d)
        seen.append((g, d))
    return np.asarray(seen)


def _trained(flags: str, out: Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Returns a title with the scores of a run, real points and samples."""
    import jax

    import zoo
    from zoo.train.data.dataset import load_data

    words = ["--model", "gan", *flags.split(), "--out", str(out), "--quiet", "--no-pictures"]
    subprocess.run([sys.executable, "-m", "zoo.train", *words], check=True)
    scores = json.loads((out / "result.json").read_text())["metrics"]
    title = f"{'without' if flags else 'with'} cures\n{scores['modes']:g} of 8 modes, {100 * scores['good']:.0f} % good"
    print(title)
    made = zoo.load(out).sample(1000, jax.random.key(0))
    return title, np.asarray(load_data("ring").test.x), np.asarray(made)
