import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers import Layer, as_layer, dense, describe, relu, stateless


def test_a_layer_is_a_pair():
    init, apply = dense(3)
    assert Layer(init, apply) == (init, apply)


def test_stateless_builds_a_layer_that_returns_its_state_unchanged(key):
    layer = stateless(lambda key, x: {"s": 2.0}, lambda params, x: params["s"] * x)
    params, state = layer.init(key, jnp.ones(2))
    assert (params, state) == ({"s": 2.0}, {})
    y, state = layer.apply(params, {"kept": 1}, jnp.array([1.0, 2.0]), key)
    assert (y.tolist(), state) == ([2, 4], {"kept": 1})


def test_as_layer_converts_a_function_and_returns_a_layer_unchanged(key):
    layer = dense(2)
    assert as_layer(layer) is layer
    assert as_layer(relu).init(key, jnp.ones(2)) == ({}, {})
    assert as_layer(relu).apply({}, {}, jnp.array([-1.0, 1.0]))[0].tolist() == [0, 1]


@pytest.mark.parametrize("part", [3, "relu", None])
def test_as_layer_rejects_other_types(part):
    with pytest.raises(TypeError, match="expected a Layer or a function of x, got"):
        as_layer(part)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.zeros((4, 1568), np.float32), "float32[4,1568]"),
        (np.int32(3), "int32[]"),
        ({"a": np.zeros(2, np.uint8), "b": 1}, "(uint8[2], int)"),
        (1.5, "float"),
    ],
)
def test_describe_formats_dtype_and_shape(x, text):
    assert describe(x) == text
