"""What our lowerings bring, each against the plain form, in one process by turns: `python -m benchmarks.lowerings`.

A lowering is judged by a whole gradient, for what wins alone can lose inside a net. Ratios are taken turn by turn:
how many times as long the plain form takes.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from zoo.layers import gru_cell, lstm_cell, max_pool, scan
from zoo.layers.convolve import convolve, convolve_adjoint
from zoo.train import recipe_for
from zoo.train.compiler import compiled_for_once, compiler_options
from zoo.train.setup import setup

from .rounds import measure, ratios

__all__ = ["CASES", "by_turns", "main"]

Case = tuple[str, Callable[[], Any], Callable[[], Any]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.lowerings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=[*CASES, "allocator"], default=[*CASES, "allocator"])
    parser.add_argument("--turns", type=int, default=20, help="of each form (20)")
    args = parser.parse_args(argv)
    for name in args.only:
        if name == "allocator":
            print(_allocator(max(2, args.turns // 5)))
            continue
        about, ours, plain = CASES[name]()
        print(f"{name}: {about}: {by_turns(ours, plain, args.turns)}", flush=True)
    return 0


def by_turns(ours: Callable[[], Any], plain: Callable[[], Any], turns: int) -> str:
    """Times both by turns, after one call each that compiles."""
    times: tuple[list[float], list[float]] = [], []
    for call in (ours, plain):
        jax.block_until_ready(call())
    for _ in range(turns):
        for call, kept in zip((ours, plain), times, strict=True):
            began = time.perf_counter()
            jax.block_until_ready(call())
            kept.append(1000 * (time.perf_counter() - began))
    pairs = [b / a for a, b in zip(*times, strict=True)]
    low, _, high = statistics.quantiles(pairs, n=4)
    a, b = map(statistics.median, times)
    return (
        f"ours {a:.2f} ms, plain {b:.2f} ms, ratio {statistics.median(pairs):.2f} (half of all {low:.2f} to {high:.2f})"
    )


def _gradient(f: Callable, *args: Any, options: dict | None = None) -> Callable[[], Any]:
    """All gradients of a sum of squares: of the parameters and of the input."""
    gradient = jax.grad(lambda *args: jnp.sum(f(*args) ** 2), tuple(range(len(args))))
    return partial(jax.jit(gradient, compiler_options=options), *args)


def _normal(*shape: int) -> jax.Array:
    return jax.random.normal(jax.random.key(0), shape)


def _lstm() -> Case:
    return _recurrence("LSTM 512 over 128 steps of 128 numbers, batch 64", lstm_cell(512), _normal(64, 128, 128))


def _rows() -> Case:
    return _recurrence("LSTM 128 over 28 steps of 28 numbers, batch 128", lstm_cell(128), _normal(128, 28, 28))


def _gru() -> Case:
    return _recurrence("GRU 128 over 28 steps of 28 numbers, batch 128", gru_cell(128), _normal(128, 28, 28))


def _recurrence(about: str, cell: Any, x: jax.Array) -> Case:
    ours, plain = scan(cell), scan(cell, fast=False)
    params, state = ours.init(jax.random.key(0), x)
    forms = [_gradient(lambda p, layer=each: layer.apply(p, state, x)[0], params) for each in (ours, plain)]
    return about, forms[0], forms[1]


def _transposed() -> Case:
    x, w = _normal(128, 7, 7, 128), _normal(4, 4, 64, 128)
    ours = partial(convolve_adjoint, strides=(2, 2), low=(1, 1), space=(14, 14))

    def plain(x, w):
        return lax.conv_transpose(
            x, w, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), transpose_kernel=True
        )

    return "transposed convolution 128 to 64 channels, 4x4, strides 2", _gradient(ours, x, w), _gradient(plain, x, w)


def _pool() -> Case:
    x, layer = _normal(128, 28, 28, 32), max_pool(2)

    def plain(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    return "max pool 2x2 of 28x28x32", _gradient(lambda x: layer.apply({}, {}, x)[0], x), _gradient(plain, x)


def _materialised() -> Case:
    """Three blocks of a residual network, whose outputs are inputs of filters' gradients too."""
    x, w = _normal(128, 32, 32, 16), 0.05 * _normal(6, 3, 3, 16, 16)

    def blocks(convolve, w, x):
        for i in range(0, 6, 2):
            x = jax.nn.relu(x + convolve(jax.nn.relu(convolve(x, w[i])), w[i + 1]))
        return x

    ours = partial(blocks, lambda x, w: convolve(x, w, padding=((1, 1), (1, 1))))
    options = compiler_options()
    about = "three residual blocks of 16 channels at 32x32, inputs of convolutions materialised"
    return about, _gradient(ours, w, x, options=options), _gradient(partial(blocks, _plain), w, x, options=options)


def _ynnpack() -> Case:
    x, w = _normal(128, 8, 8, 64), 0.05 * _normal(3, 3, 64, 64)
    about = "convolution of 64 channels at 8x8, by XLA's own code in place of YNNPACK's where that is slow"
    return about, _gradient(_plain, x, w, options=compiler_options()), _gradient(_plain, x, w)


def _init() -> Case:
    """The parameters of a CNN from a key, compiled anew each time."""
    advance, key = (parts := setup(recipe_for("cnn", "digits"))).advance, parts.key

    def made(how):
        # A function of its own each time, or jax remembers the program.
        return how(lambda key: advance.made(key, advance.arrays))(key)

    return "init of the cnn on digits, compiled and run once", partial(made, compiled_for_once), partial(made, jax.jit)


def _plain(x: jax.Array, w: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


CASES: dict[str, Callable[[], Case]] = {
    "lstm": _lstm,
    "lstm-rows": _rows,
    "gru": _gru,
    "transposed": _transposed,
    "max-pool": _pool,
    "materialised": _materialised,
    "ynnpack": _ynnpack,
    "init": _init,
}


def _allocator(rounds: int) -> str:
    """The CNN's training step, in processes that keep freed memory and in such that do not, by turns."""
    kept, plain = [], []
    try:
        for _ in range(rounds):
            for malloc, figures in ((True, kept), (False, plain)):
                figures += measure("cnn", ["ours"], 1, 4, malloc, say=lambda line: None)["peers"]["ours"]
    except (KeyError, subprocess.CalledProcessError) as error:
        return f"allocator: not measured: {error}"
    a, b = (statistics.median(each["ms"] for each in figures) for figures in (kept, plain))
    times = "{:.2f} ({:.2f} to {:.2f})".format(*ratios(kept, plain))
    return f"allocator: CNN's step, freed memory kept {a:.1f} ms, given back {b:.1f} ms, ratio {times}"


if __name__ == "__main__":
    sys.exit(main())
