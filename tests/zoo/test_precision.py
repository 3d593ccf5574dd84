"""Tests of half precision (bfloat16 products, float32 outputs) and of rematerialisation, over all models."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from tests.zoo.test_models import FIRST, kin, model_and_input
from zoo.layers import (
    avg_pool,
    batch_norm,
    computing_in,
    conv,
    dense,
    each_player,
    flatten,
    gelu,
    rematerialised,
    serial,
)
from zoo.train.config.recipe import book
from zoo.train.trainers import traits

pytestmark = pytest.mark.usefixtures("quick_compiler")

LEARN = [
    pytest.param(name, marks=pytest.mark.expensive if FIRST[kin(name)] != name else ())
    for name in zoo.list_models()
    if traits(book(name).recipes[0].trainer).gradient  # others compute in float32 only
]
# The transpose of a slice is a scatter-add in older jax, which adds nothing twice and says so.
SUMMED = re.compile(
    r":bf16\[[^\]]*\] = (reduce_sum|cumsum|reduce_window_sum|exp|log|log1p|rsqrt|sqrt"
    r"|scatter-add(?=\[(?:(?!unique_indices).)*unique_indices=False))\b",
    re.DOTALL,
)
ADDRESSED = {"capsule", "ntm", "dnc"}  # routing and memories are products in float32, whose weights add up over steps
PRODUCT = re.compile(r":(\w+)\[[^\]]*\] = (?:dot_general|conv_general_dilated)")
half = partial(each_player, partial(computing_in, jnp.bfloat16))


def gradient_of(model, x):
    """The gradient, new state and answer of a loss, as a function of params and state."""

    def cost(params, state):
        y, state = model.apply(params, state, x, jax.random.key(1))
        return sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(y)), (y, state)

    return jax.grad(cost, has_aux=True)


@pytest.mark.parametrize("name", LEARN)
def test_every_product_is_half_precision_and_all_outputs_are_float32(name, key):
    model, x = model_and_input(name)
    made = jax.eval_shape(half(model).init, key, x)
    assert made == jax.eval_shape(model.init, key, x)
    program, out = jax.make_jaxpr(gradient_of(half(model), x), return_shape=True)(*made)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(out)} == {"float32"}
    own = {"f32"} if name in ADDRESSED else set()
    assert set(PRODUCT.findall(str(program))) == {"bf16"} | own
    assert SUMMED.findall(str(program)) == [], "what is summed or scaled has too few digits in half precision"


def test_without_it_every_product_is_float32(key):
    model, x = model_and_input("resnet")
    program = jax.make_jaxpr(gradient_of(model, x))(*jax.eval_shape(model.init, key, x))
    assert set(PRODUCT.findall(str(program))) == {"f32"}


def smooth_cnn():
    """Convolutions and batch norm without what jumps.

    Where a rounded number changes sign below a ReLU, or loses a maximum, its whole share of the gradient goes another
    way: of `cnn` on four examples that is 0.7 to 66 %, which depends on the key alone.
    """
    body = serial(conv(4, 3), avg_pool(2), batch_norm(), gelu, conv(6, 3), batch_norm(), gelu, flatten, head=dense(10))
    return body, jnp.asarray(np.random.default_rng(0).normal(size=(16, 8, 8, 1)), jnp.float32)


GRU = pytest.param(partial(model_and_input, "gru"), marks=pytest.mark.expensive)


@pytest.mark.parametrize("made", [partial(model_and_input, "lstm"), GRU, smooth_cnn])
def test_the_gradient_in_half_precision_is_near_that_in_float32(made, key):
    model, x = made()
    params, state = jax.jit(model.init)(key, x)
    near, exact = (jax.jit(gradient_of(each, x))(params, state)[0] for each in (half(model), model))
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]) for tree in (near, exact)]
    assert 0 < np.linalg.norm(flat[0] - flat[1]) < 0.03 * np.linalg.norm(flat[1])


def kept_bytes(model, x, key):
    """What lies between the forward and the backward pass, without the parameters."""
    params, state = jax.eval_shape(model.init, key, x)

    def back(state, x, params):
        return jax.vjp(lambda params: model.apply(params, state, x, jax.random.key(1))[0], params)[1]

    leaves = jax.tree.leaves(jax.eval_shape(back, state, x, params))
    numbers = [leaf for leaf in leaves if not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)]
    whole = sum(leaf.size * leaf.dtype.itemsize for leaf in numbers)
    return whole - sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize(
    ("model", "shape", "share"),
    [
        pytest.param(zoo.resnet(10, depth=8), (32, 16, 16, 3), 0.25, marks=pytest.mark.expensive),
        (zoo.cnn(10), (32, 16, 16, 1), 0.25),
        (zoo.lstm(10, width=16, depth=2), (32, 64, 4), 0.5),
        pytest.param(zoo.denoise((16, 16, 1)).generator, (32, 16, 16, 1), 0.5, marks=pytest.mark.expensive),
    ],
    ids=["resnet", "cnn", "lstm", "unet"],
)
def test_rematerialised_models_keep_less_for_the_backward_pass_in_half_precision_too(model, shape, share, key):
    x = jnp.zeros(shape)
    for each in (model, half(model)):
        assert kept_bytes(rematerialised(each), x, key) < share * kept_bytes(each, x, key)


@pytest.mark.parametrize("name", ["cnn", pytest.param("bilstm", marks=pytest.mark.expensive)])
def test_rematerialised_models_have_the_same_gradient(name, key):
    model, x = model_and_input(name)
    params, state = jax.jit(model.init)(key, x)
    again, plain = (jax.jit(gradient_of(each, x))(params, state) for each in (rematerialised(model), model))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4), again, plain)
