"""Draws the pictures of docs/learn: `python -m benchmarks.lessons`. Each is computed by the zoo's own functions."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zoo import layers
from zoo.layers import conv
from zoo.train.losses.regression import half_mse
from zoo.train.plots.style import BLUE, GREEN, GREY, INK, RED, picture

from . import lesson_players
from .page import DOCS

__all__ = ["LESSONS", "descent", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Draws the pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lessons", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=LESSONS, help="only these")
    parser.add_argument("--out", type=Path, default=DOCS / "learn", help="folder for the pictures (docs/learn)")
    args = parser.parse_args(argv)
    for name in args.only or LESSONS:
        LESSONS[name](args.out / f"{name}.png")
        print(args.out / f"{name}.png")
    return 0


def _neuron(path: Path) -> None:
    line = np.linspace(-2, 2, 201)
    x = np.stack(np.meshgrid(line, line), axis=-1)
    y = np.asarray(layers.tanh(jnp.asarray(x @ np.array([3.0, -1.0]) + 0.5)))
    with picture(path, 4.6, 3.8) as figure:
        axes = figure.subplots()
        shown = axes.pcolormesh(line, line, y, cmap="RdBu_r", vmin=-1, vmax=1, rasterized=True)
        axes.contour(line, line, y, levels=[0], colors=[INK], linewidths=1.2)
        axes.annotate("", (0.9, -0.8), (0.0, -0.5), arrowprops={"arrowstyle": "->", "color": INK})
        axes.set(xlabel="x", ylabel="y", title="tanh(3 x - y + 0.5)")
        axes.grid(visible=False)
        figure.colorbar(shown)


def _losses(path: Path) -> None:
    def loss(w):
        return half_mse(jnp.array([[w * 2.0]]), jnp.array([[6.0]]))[0]

    seen = [5.0]
    for _ in range(8):
        seen.append(seen[-1] - 0.1 * float(jax.grad(loss)(seen[-1])))
    line = np.linspace(0.5, 5.5, 101)
    with picture(path, 5.4, 3.2) as figure:
        axes = figure.subplots()
        axes.plot(line, 2 * (line - 3) ** 2, color=GREY)
        axes.plot(seen, [float(loss(w)) for w in seen], "o-", color=BLUE)
        for w in seen[:3]:
            axes.annotate(f"{w:.4g}", (w, float(loss(w))), (8, -4), textcoords="offset points", color=BLUE)
        axes.set(xlabel="weight", ylabel="loss", title="half the squared error, rate 0.1: from 5 to 3")


def descent(rule: optax.GradientTransformation, steps: int) -> np.ndarray:
    """Computes the path (steps + 1, 2) of a rule in the valley (w0^2 + 10 w1^2) / 2, from (4, 1).

    >>> descent(optax.sgd(0.05), 1).round(3).tolist()
    [[4.0, 1.0], [3.8, 0.5]]
    """
    gradient = jax.jit(jax.grad(lambda w: 0.5 * (w[0] ** 2 + 10 * w[1] ** 2)))
    w = jnp.array([4.0, 1.0])
    state, seen = rule.init(w), [w]
    for _ in range(steps):
        change, state = rule.update(gradient(w), state, w)
        w = optax.apply_updates(w, change)
        seen.append(jnp.asarray(w))
    return np.asarray(seen)


def _descent(path: Path) -> None:
    x, y = np.meshgrid(np.linspace(-3, 5, 161), np.linspace(-2, 2, 121))
    rules = {
        "40 steps, rate 0.05": (optax.sgd(0.05), 40),
        "40 steps, momentum 0.7": (optax.sgd(0.05, momentum=0.7), 40),
        "12 steps, rate 0.205": (optax.sgd(0.205), 12),
    }
    with picture(path, height=2.7) as figure:
        for axes, (name, (rule, steps)), colour in zip(
            figure.subplots(1, 3), rules.items(), (BLUE, GREEN, RED), strict=True
        ):
            axes.contour(x, y, 0.5 * (x**2 + 10 * y**2), levels=[0.2, 1, 3, 7, 14, 22], colors=[GREY], linewidths=0.6)
            axes.plot(*descent(rule, steps).T, "o-", color=colour, lw=1, ms=2.5)
            axes.set(title=name, xlim=(-3, 5), ylim=(-2, 2))
            axes.grid(visible=False)


def _blame(path: Path) -> None:
    x, t, shift = jnp.array([1.0, -2.0]), 1.0, jnp.array([2.0, 2.0, 2.0])
    w1, w2 = jnp.array([[1.0, 2.0, -1.0], [0.5, 1.5, 1.0]]), jnp.array([2.0, -1.0, 1.0])

    def loss(sums, out):
        return 0.5 * (layers.relu(x @ w1 + sums) @ w2 + out - t) ** 2

    hidden = layers.relu(x @ w1 + shift)
    blame, last = jax.grad(loss, (0, 1))(shift, 0.0)
    columns = ([*map(float, x)], [*map(float, hidden)], [float(hidden @ w2)])
    blames = ([None] * 2, [*map(float, blame)], [float(last)])
    places = [[(1.5 * i, (len(column) - 1) / 2 - j) for j in range(len(column))] for i, column in enumerate(columns)]
    with picture(path, 6.4, 3.4) as figure:
        axes = figure.subplots()
        for i, weights in enumerate((np.asarray(w1), np.asarray(w2)[:, None])):
            for (a, b), w in np.ndenumerate(weights):
                (left, low), (right, high) = places[i][a], places[i + 1][b]
                axes.plot(
                    [left, right], [low, high], color=GREEN if w > 0 else RED, lw=0.8 + abs(w), alpha=0.5, zorder=1
                )
        for spots, values, errors in zip(places, columns, blames, strict=True):
            for (left, low), value, error in zip(spots, values, errors, strict=True):
                axes.scatter([left], [low], s=900, color="white", edgecolors=INK, zorder=2)
                axes.text(left, low, f"{value:g}", ha="center", va="center", zorder=3)
                if error is not None:
                    axes.text(left, low - 0.42, f"blame {error:g}", ha="center", color=RED, size=8, zorder=3)
        axes.set(xlim=(-0.5, 3.6), ylim=(-1.7, 1.5), title="signals in the cells; blame flows back (target: 1)")
        axes.set_axis_off()


def _activations(path: Path) -> None:
    x = jnp.linspace(-4, 4, 321)
    with picture(path, height=2.8) as figure:
        left, right = figure.subplots(1, 2)
        for name, look in zip(("sigmoid", "tanh", "relu", "leaky_relu"), ("-", "-", "-", "--"), strict=True):
            act = layers.activation(name)
            left.plot(x, act(x), look, label=name)
            right.plot(x, jax.vmap(jax.grad(act))(x), look)
        left.set(title="activation", ylim=(-1.2, 2.5), xlabel="x")
        right.set(title="its slope", ylim=(-0.1, 1.2), xlabel="x")
        left.legend()


def _batches(path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=4096)
    y = 3 * x + random.normal(size=4096)
    slopes = 2 * x * (2 * x - y)  # of (w x - y)^2 at w = 2, example by example
    sizes = 2 ** np.arange(0, 11)
    spread = [slopes[random.integers(0, 4096, (500, size))].mean(axis=1).std() for size in sizes]
    with picture(path, 5.4, 3.0) as figure:
        axes = figure.subplots()
        axes.loglog(sizes, spread, "o", color=BLUE, label="500 batches")
        axes.loglog(sizes, slopes.std() / np.sqrt(sizes), color=GREY, label="1 / sqrt(size)")
        axes.set(xlabel="examples in a batch", title="standard deviation of the gradient")
        axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
        axes.minorticks_off()
        axes.legend()


def _convolution(path: Path) -> None:
    from sklearn.datasets import load_digits

    image = jnp.asarray(load_digits(return_X_y=True)[0][3].reshape(8, 8), jnp.float32)[None, :, :, None]
    layer = conv(2, 2, padding="VALID")
    kernels = jnp.array([[[-1.0, 1], [-1, 1]], [[-1, -1], [1, 1]]])
    params = {"w": jnp.transpose(kernels, (1, 2, 0))[:, :, None, :], "b": jnp.zeros(2)}
    maps = layer.apply(params, {}, image)[0]
    shown = {"image": image[0, :, :, 0], "more ink to the right": maps[0, :, :, 0], "more ink below": maps[0, :, :, 1]}
    with picture(path, height=2.9) as figure:
        for axes, (name, values) in zip(figure.subplots(1, 3), shown.items(), strict=True):
            most = float(jnp.abs(values).max())
            signed = {"cmap": "RdBu_r", "vmin": -most} if name != "image" else {"cmap": "gray_r", "vmin": 0}
            axes.imshow(values, vmax=most, **signed)
            axes.set_title(name)
            axes.set_axis_off()


def _overfitting(path: Path) -> None:
    random = np.random.default_rng(1)
    x = np.linspace(-1, 1, 10)
    y = np.sin(3 * x) + 0.2 * random.normal(size=10)
    line = np.linspace(-1, 1, 201)
    with picture(path, height=2.7) as figure:
        shown = {"degree 1": (1, 0.0), "degree 3": (3, 0.0), "degree 9": (9, 0.0), "degree 9, penalty 0.01": (9, 0.01)}
        for axes, (name, (degree, penalty)) in zip(figure.subplots(1, 4, sharey=True), shown.items(), strict=True):
            rows = np.vstack([np.vander(x, degree + 1), np.sqrt(penalty) * np.eye(degree + 1)])
            w = np.linalg.lstsq(rows, np.concatenate([y, np.zeros(degree + 1)]), rcond=None)[0]
            axes.plot(line, np.sin(3 * line), color=GREY, lw=1)
            axes.plot(line, np.polyval(w, line), color=BLUE)
            axes.plot(x, y, "o", color=RED)
            axes.set(title=name, ylim=(-2, 2))


def _energy(path: Path) -> None:
    x = jnp.array([1.0, 1.0, -1.0])
    w = jnp.outer(x, x) - jnp.eye(3)
    states = jnp.array([[float(bit) for bit in np.binary_repr(i, 3)] for i in range(8)]) * 2 - 1
    energies = -0.5 * jnp.einsum("si,ij,sj->s", states, w, states)

    def sweep(s, key):
        for i in range(3):
            on = jax.random.uniform(jax.random.fold_in(key, i)) < jax.nn.sigmoid(2 * (w @ s)[i])
            s = s.at[i].set(jnp.where(on, 1.0, -1.0))
        return s, s

    _, drawn = jax.lax.scan(sweep, x, jax.random.split(jax.random.key(0), 40_000))
    shares = jnp.mean(jnp.all(drawn[:, None] == states, axis=-1), axis=0)
    with picture(path, 5.8, 3.0) as figure:
        axes = figure.subplots()
        axes.bar(np.arange(8) - 0.2, jax.nn.softmax(-energies), 0.4, color=GREY, label="exact")
        axes.bar(np.arange(8) + 0.2, shares, 0.4, color=BLUE, label="40,000 sweeps of Gibbs sampling")
        labels = ["".join("+" if value > 0 else "-" for value in state) for state in states.tolist()]
        axes.set_xticks(range(8), [f"{name}\nE {e:g}" for name, e in zip(labels, energies.tolist(), strict=True)])
        axes.set(title="probability of each state", ylim=(0, 0.62))
        axes.legend(loc="upper center")


LESSONS: dict[str, Callable[[Path], None]] = {
    "01-neuron": _neuron,
    "03-losses": _losses,
    "04-gradient-descent": _descent,
    "05-blame": _blame,
    "06-activations": _activations,
    "07-normalisation": _batches,
    "08-convolution": _convolution,
    "10-overfitting": _overfitting,
    "11-energy": _energy,
    "12-two-players": lesson_players.draw,
}


if __name__ == "__main__":
    sys.exit(main())
