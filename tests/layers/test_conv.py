import jax
import jax.experimental
import jax.numpy as jnp
import numpy as np
import pytest

from tests.layers import by_hand
from zoo.layers import conv, conv_transpose, depthwise_conv, initializers

pytestmark = pytest.mark.usefixtures("quick_compiler")

enable_x64 = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # it moved in jax 0.8
rng = np.random.default_rng(0)
tell = initializers.normal(1.0)

# input, filters, options, and what they mean by hand: (strides, padding, dilation, groups)
CONVOLUTIONS = {
    "1-D": ((2, 7, 3), (4, 3), {}, ([1], [(1, 1)], [1], 1)),
    "1-D even filter pads one more after": ((2, 7, 3), (4, 4), {}, ([1], [(1, 2)], [1], 1)),
    "1-D dilated": ((2, 9, 2), (3, 3), {"dilation": 3}, ([1], [(3, 3)], [3], 1)),
    "1-D causal": ((2, 6, 2), (3, 3), {"padding": [(2, 0)]}, ([1], [(2, 0)], [1], 1)),
    "2-D": ((2, 5, 6, 2), (3, 3), {}, ([1, 1], [(1, 1)] * 2, [1, 1], 1)),
    "2-D strided": ((2, 5, 6, 2), (3, 3), {"strides": 2}, ([2, 2], [(1, 1), (0, 1)], [1, 1], 1)),
    "2-D valid": ((1, 5, 6, 2), (3, (2, 3)), {"padding": "valid"}, ([1, 1], [(0, 0)] * 2, [1, 1], 1)),
    "2-D groups": ((2, 4, 4, 4), (6, 3), {"groups": 2}, ([1, 1], [(1, 1)] * 2, [1, 1], 2)),
    "2-D strides and dilation per axis": (
        (1, 9, 7, 1),
        (2, 2),
        {"strides": (2, 1), "dilation": (1, 3), "padding": "VALID"},
        ([2, 1], [(0, 0)] * 2, [1, 3], 1),
    ),
    "1-D large strided, an end that no window reads": (
        (1, 11, 2),
        (3, 8),
        {"strides": 2, "padding": "VALID"},
        ([2], [(0, 0)], [1], 1),
    ),
    "1-D large strided": ((2, 17, 3), (4, 9), {"strides": 2}, ([2], [(4, 4)], [1], 1)),
    "2-D large strided, valid": (
        (2, 12, 11, 2),
        (3, 9),
        {"strides": 2, "padding": "VALID"},
        ([2] * 2, [(0, 0)] * 2, [1] * 2, 1),
    ),
    "2-D large strided per axis": (
        (1, 14, 9, 2),
        (3, (12, 4)),
        {"strides": (3, 1), "padding": [(1, 2), (0, 3)]},
        ([3, 1], [(1, 2), (0, 3)], [1, 1], 1),
    ),
    "3-D large strided": ((1, 9, 8, 9, 1), (2, 8), {"strides": 2}, ([2] * 3, [(3, 4), (3, 3), (3, 4)], [1] * 3, 1)),
    "3-D": ((1, 3, 4, 5, 2), (2, (1, 2, 3)), {"strides": (1, 2, 2)}, ([1, 2, 2], [(0, 0), (0, 0), (1, 1)], [1] * 3, 1)),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_equals_the_sum_written_out(name, key):
    shape, arguments, options, by = CONVOLUTIONS[name]
    x = rng.normal(size=shape).astype(np.float32)
    layer = conv(*arguments, **options, init=tell)
    params, state = layer.init(key, x)
    params["b"] = rng.normal(size=params["b"].shape).astype(np.float32)
    want = by_hand.correlate(x, np.asarray(params["w"]), *by) + params["b"]
    np.testing.assert_allclose(layer.apply(params, state, x)[0], want, rtol=1e-4, atol=1e-5)


def test_depthwise_convolution_runs_each_channel_through_its_own_filters(key):
    x = rng.normal(size=(2, 5, 5, 3)).astype(np.float32)
    layer = depthwise_conv(3, multiplier=2, strides=2, bias=False, init=tell)
    params, state = layer.init(key, x)
    assert set(params) == {"w"}
    want = by_hand.correlate(x, np.asarray(params["w"]), [2, 2], [(1, 1)] * 2, [1, 1], groups=3)
    np.testing.assert_allclose(layer.apply(params, state, x)[0], want, rtol=1e-4, atol=1e-5)


def test_a_convolution_of_integers_returns_floats(key):
    x = np.full((1, 2, 2, 1), 200, np.uint8)
    layer = conv(1, 2, padding="VALID", init=initializers.ones)
    assert layer.apply(*layer.init(key, x), x)[0].item() == 800


# input, size, strides, padding, and by hand: (low, space)
ADJOINTS = {
    "1-D": ((2, 5, 3), 3, 1, "SAME", ([1], [5])),
    "DCGAN": ((2, 3, 4, 3), 5, 2, "SAME", ([1, 1], [6, 8])),
    "even": ((2, 3, 4, 3), 4, 2, "SAME", ([1, 1], [6, 8])),
    "valid": ((2, 3, 2, 3), 3, 2, "VALID", ([0, 0], [7, 5])),
    "stride beyond the filter": ((1, 3, 3), 2, 4, "SAME", ([0], [12])),
    "stride beyond the filter, valid": ((1, 3, 3), 2, 4, "VALID", ([0], [10])),
    "cut": ((1, 4, 2), 5, 3, [(3, 1)], ([3], [10])),
    "large": ((2, 3, 4, 3), 8, 2, "SAME", ([3, 3], [6, 8])),
    "per axis": ((1, 3, 4, 2), (1, 4), (2, 3), "SAME", ([0, 0], [6, 12])),
    "3-D": ((1, 2, 2, 2, 2), 3, 2, "SAME", ([0, 0, 0], [4, 4, 4])),
}


def strides_of(strides, rank):
    return strides if isinstance(strides, tuple) else (strides,) * rank


@pytest.mark.parametrize("name", ADJOINTS)
def test_transposed_convolution_adds_each_cells_filter_to_the_output(name, key):
    shape, size, strides, padding, (low, space) = ADJOINTS[name]
    x = rng.normal(size=shape).astype(np.float32)
    layer = conv_transpose(2, size, strides=strides, padding=padding, init=tell)
    params, state = layer.init(key, x)
    params["b"] = np.array([1.0, -2.0], np.float32)
    want = by_hand.spread(x, np.asarray(params["w"]), strides_of(strides, x.ndim - 2), low, space) + params["b"]
    np.testing.assert_allclose(layer.apply(params, state, x)[0], want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ADJOINTS)
def test_transposed_convolution_is_the_adjoint_of_convolution(name, key):
    shape, size, strides, padding, _ = ADJOINTS[name]
    y = rng.normal(size=shape).astype(np.float32)
    up = conv_transpose(2, size, strides=strides, padding=padding, bias=False)
    down = conv(shape[-1], size, strides=strides, padding=padding, bias=False)
    params, state = up.init(key, y)
    back = np.asarray(up.apply(params, state, y)[0])
    x = rng.normal(size=back.shape).astype(np.float32)
    there = np.asarray(down.apply(params, state, x)[0])
    size_of_both = np.linalg.norm(there) * np.linalg.norm(y)
    assert abs(np.vdot(there, y) - np.vdot(x, back)) <= 1e-5 * size_of_both


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("size", [2, 3, 4, 5, 9])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_transposed_convolution_and_its_gradients_equal_laxs_in_float64(strides, size, padding):
    """Where strides leave gaps between the filters, "VALID" of lax adds the gap after the last one, too."""
    layer = conv_transpose(3, size, strides=strides, padding=padding, bias=False)

    def plain(w, x):
        steps, axes = (strides, strides), ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_transpose(x, w, steps, padding, dimension_numbers=axes, transpose_kernel=True)
        gap = max(strides - size, 0) if padding == "VALID" else 0
        return y[:, : y.shape[1] - gap, : y.shape[2] - gap]

    def value_and_gradients(function, w, x):
        y, back = jax.vjp(function, w, x)
        return y, *back(jnp.sin(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))

    with enable_x64(True):
        x, w = (jnp.asarray(rng.normal(size=shape)) for shape in ((2, 4, 3, 2), (size, size, 3, 2)))
        got = jax.jit(lambda w, x: value_and_gradients(lambda w, x: layer.apply({"w": w}, {}, x)[0], w, x))(w, x)
        want = jax.jit(lambda w, x: value_and_gradients(plain, w, x))(w, x)
        assert got[0].dtype == jnp.float64
        for ours, theirs in zip(got, want, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(conv(2, 3, strides=2), id="conv"),
        pytest.param(conv(2, (8, 4), strides=(2, 1)), id="large"),
        pytest.param(conv_transpose(2, 3, strides=2), id="up"),
        pytest.param(conv_transpose(2, 3, strides=2, fast=False), id="plain up"),
        pytest.param(depthwise_conv(2), id="depthwise"),
    ],
)
def test_the_gradient_equals_finite_differences_in_float64(layer, key, request):
    with enable_x64(True):
        x = jnp.asarray(rng.normal(size=(2, 4, 3, 2)))
        params, state = layer.init(key, x)
        away = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), (params, x))

        @jax.jit
        def loss(step):
            params_, x_ = jax.tree.map(lambda leaf, d: leaf + step * d, (params, x), away)
            return jnp.sum(jnp.sin(layer.apply(params_, state, x_)[0]))

        slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
        np.testing.assert_allclose(jax.grad(loss)(0.0), slope, rtol=1e-7)
        if request.node.callspec.id == "up":  # its faster gradient is of reverse mode alone, and says so
            with pytest.raises(TypeError, match="forward-mode"):
                jax.jvp(loss, (0.0,), (1.0,))
        else:
            np.testing.assert_allclose(jax.jvp(loss, (0.0,), (1.0,))[1], slope, rtol=1e-7)
        curve = (jax.grad(loss)(1e-5) - jax.grad(loss)(-1e-5)) / 2e-5
        np.testing.assert_allclose(jax.grad(jax.grad(loss))(0.0), curve, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: conv(0, 3), "conv: width must be a positive integer, got 0"),
        (lambda: conv(4, 0), "size must be a positive integer or a tuple of them, got 0"),
        (lambda: conv(4, 3, groups=3), "width must be a multiple of groups=3"),
        (lambda: conv(4, (3, 3), strides=(1, 1, 1)), "size has 2, strides has 3"),
        (lambda: conv(4, 3, padding="smae"), "did you mean 'SAME'"),
        (lambda: conv(4, 3, padding=1), "padding must be"),
        (lambda: conv_transpose(4, 3, strides=0.5), "strides must be a positive integer"),
        (lambda: depthwise_conv(3, multiplier=0), "multiplier must be a positive integer"),
    ],
)
def test_invalid_arguments_raise_when_the_layer_is_built(make, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (conv(4, 3), (2, 9), "conv.4, 3. expects .batch, time, channels"),
        (conv(4, (3, 3)), (2, 9, 1), "size has 2 numbers, but the input has 1 spatial axes"),
        (conv(4, 3, groups=2), (2, 9, 3), "3 channels are not divisible by groups=2"),
        (conv(4, 3, padding=[(1, 1)]), (2, 9, 9, 3), "padding has 1 pairs, but the input has 2 spatial axes"),
        (conv(4, 5, padding="VALID"), (2, 4, 9, 3), "a window of 5x5 does not fit an input of 4x9"),
        (conv_transpose(4, 1, padding=[(1, 0)]), (2, 1, 3), "crops all of the output 1;"),
    ],
)
def test_an_input_of_the_wrong_shape_raises(layer, shape, message, key):
    x = jnp.zeros(shape)
    with pytest.raises(ValueError, match=message):
        layer.apply(*layer.init(key, x), x)
