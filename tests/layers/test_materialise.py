import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.quickly import compiled_quickly
from zoo.layers.convolve import convolve
from zoo.layers.materialise import materialised, saved_materialised

SAME = ((1, 1), (1, 1))
enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # it moved in jax 0.8


def plain(x, w):
    return lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def ours(x, w):
    return convolve(x, w, padding=SAME)


def blocks(convolution, x, w):
    for each in w:
        x = jnp.tanh(x + convolution(x, each))
    return jnp.sum(x**2)


@pytest.fixture
def given():
    with enable_x64(True):
        rng = np.random.default_rng(0)
        yield jnp.asarray(rng.normal(size=(2, 5, 5, 3))), jnp.asarray(rng.normal(size=(2, 3, 3, 3, 3)) / 3)


@pytest.mark.parametrize(
    "derivative",
    [
        lambda f: jax.grad(f, (0, 1)),
        lambda f: jax.grad(f, 1),
        lambda f: jax.jacfwd(f, (0, 1)),
        lambda f: jax.grad(lambda x, w: sum(jnp.sum(g**2) for g in jax.grad(f, (0, 1))(x, w)), (0, 1)),
        lambda f: jax.jacfwd(lambda x, w: sum(jnp.sum(g**2) for g in jax.grad(f, (0, 1))(x, w)), 1),
        lambda f: jax.vmap(jax.grad(lambda x, w: f(x[None], w), (0, 1)), (0, None)),
        lambda f: jax.grad(jax.checkpoint(f), (0, 1)),
    ],
    ids=["reverse", "reverse of weights", "forward", "reverse of reverse", "forward of reverse", "vmap", "checkpoint"],
)
def test_derivatives_of_every_kind_are_those_of_the_plain_convolution(derivative, given):
    with compiled_quickly():
        found, wanted = (jax.jit(derivative(lambda x, w, c=c: blocks(c, x, w)))(*given) for c in (ours, plain))
    chex.assert_trees_all_close(found, wanted, rtol=1e-10)


def test_saved_arrays_are_behind_a_loop_that_the_compiler_keeps_and_inference_has_no_loop(given):
    text = jax.jit(jax.grad(lambda w: blocks(ours, given[0], w))).lower(given[1]).compile().as_text()
    assert text.count(" while(") == 1  # of the second block; the input of the first is data
    assert " while(" not in jax.jit(lambda w: blocks(ours, given[0], w)).lower(given[1]).compile().as_text()


@pytest.mark.parametrize("each", [materialised, saved_materialised])
def test_values_are_unchanged_even_if_the_loop_runs(each):
    x, nan = jnp.array([1.0, -0.0, jnp.nan, jnp.inf]), jnp.array([jnp.nan])
    np.testing.assert_array_equal(jax.jit(each)(x, nan), x)
    np.testing.assert_array_equal(np.signbit(each(x, nan)), np.signbit(x))
    back = jax.vjp(lambda x: each(x, nan), x)[1](jnp.arange(4.0))[0]
    np.testing.assert_array_equal(back, np.arange(4.0))
