"""Optimised lowerings and their plain forms, which `python -m benchmarks.lowerings` measures."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from zoo.layers import dense, gru_cell, lstm_cell, max_pool, scan
from zoo.layers.attend import attend
from zoo.layers.convolve import convolve, convolve_adjoint
from zoo.train import recipe_for
from zoo.train.runs.setup import setup
from zoo.train.runtime.compile import compiler_options, jit_once

__all__ = ["CASES"]

Case = tuple[str, Callable[[], Any], Callable[[], Any]]
"""What is compared, ours, and the plain form."""


def _gradient(f: Callable, *args: Any, options: dict | None = None) -> Callable[[], Any]:
    """Makes all gradients of a sum of squares: of the parameters and of the input."""
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


def _strided() -> Case:
    x, w = _normal(128, 20, 20, 64), 0.05 * _normal(9, 9, 64, 64)
    ours, plain = (
        partial(convolve, strides=(2, 2), padding=((0, 0), (0, 0))),
        partial(_plain, strides=(2, 2), padding="VALID"),
    )
    options = compiler_options()
    about = "convolution of 64 channels, 9x9, strides 2, as one of blocks without strides"
    return about, _gradient(ours, x, w, options=options), _gradient(plain, x, w, options=options)


def _pool() -> Case:
    x, layer = _normal(128, 28, 28, 32), max_pool(2)

    def plain(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    return "max pool 2x2 of 28x28x32", _gradient(lambda x: layer.apply({}, {}, x)[0], x), _gradient(plain, x)


def _materialised() -> Case:
    """Makes three blocks of a residual network, whose outputs are also inputs of filter gradients."""
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


def _products() -> Case:
    layer, x = scan(lstm_cell(128), output="last"), _normal(128, 28, 28)
    params, state = layer.init(jax.random.key(0), x)

    def run(params):
        return layer.apply(params, state, x)[0]

    program = jax.make_jaxpr(jax.grad(lambda params: jnp.sum(run(params) ** 2)))(params)
    about = "LSTM 128 over 28 steps, small products by XLA's own code in place of YNNPACK's"
    ours, plain = (_gradient(run, params, options=compiler_options(each)) for each in (program, None))
    return about, ours, plain


def _dense() -> Case:
    layer, x = dense(512), _normal(64, 128, 128)
    params, _ = layer.init(jax.random.key(0), x)

    def plain(params, x):
        return x @ params["w"] + params["b"]

    about = "dense layer of 512 units on 64 sequences of 128 steps of 128 numbers, as the rows of one matrix"
    return about, _gradient(lambda params, x: layer.apply(params, {}, x)[0], params, x), _gradient(plain, params, x)


def _attention() -> Case:
    q, near = _normal(64, 4, 128, 32), np.tri(128, dtype=bool)
    ours = _gradient(lambda q, k, v: attend(q, k, v, near), q, q, q)
    x = jnp.swapaxes(q, 1, 2)  # as it wants them
    about = "causal attention of 4 heads of 32 numbers, 64 windows of 128 steps, beside jax.nn.dot_product_attention"
    return about, ours, _gradient(partial(jax.nn.dot_product_attention, is_causal=True), x, x, x)


def _init() -> Case:
    """Makes the parameters of a CNN from a key, compiled again each time."""
    advance, key = (parts := setup(recipe_for("cnn", "digits"))).advance, parts.key

    def made(how):
        # A function of its own each time, or jax remembers the program.
        return how(lambda key: advance.made(key, advance.arrays))(key)

    return "init of the cnn on digits, compiled and run once", partial(made, jit_once), partial(made, jax.jit)


def _plain(x: jax.Array, w: jax.Array, strides: tuple[int, int] = (1, 1), padding: str = "SAME") -> jax.Array:
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


CASES: dict[str, Callable[[], Case]] = {
    "lstm": _lstm,
    "lstm-rows": _rows,
    "gru": _gru,
    "strided": _strided,
    "transposed": _transposed,
    "max-pool": _pool,
    "materialised": _materialised,
    "ynnpack": _ynnpack,
    "products": _products,
    "dense": _dense,
    "attention": _attention,
    "init": _init,
}
