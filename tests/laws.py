"""The laws that every layer and every model keeps, as functions of a layer and an example of its input.

`LAWS` holds them by name, each `(layer, x, key) -> None`; the rows of x are the examples of a batch of two or more.
"""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np

LAWS = {}
DEAR = {"jit_of_init_equals_eager", "jit_equals_eager", "an_ensemble_is_a_vmap_over_keys"}
"""Laws for which one operation after another is compiled, or a second large program."""
_jit = functools.cache(jax.jit)  # the laws share their compiled programs


def law(function):
    LAWS[function.__name__] = function
    return function


def close(got, want, tolerance=1e-4):
    chex.assert_trees_all_equal_shapes_and_dtypes(got, want)
    chex.assert_trees_all_close(got, want, rtol=tolerance, atol=tolerance)


def at(tree, i):
    """Row i of every leaf, cut by numpy: jax would compile a program for each shape."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[i], tree)


def is_float(leaf):
    return jnp.issubdtype(leaf.dtype, jnp.inexact)


@law
def init_is_a_function_of_its_key(layer, x, key):
    """And of x's shape and dtype; not of x's numbers, nor of anything that happened before."""
    first = _jit(layer.init)(key, x)
    close(_jit(layer.init)(key, jax.tree.map(np.zeros_like, x)), first, 0)


@law
def jit_of_init_equals_eager(layer, x, key):
    close(layer.init(key, x), _jit(layer.init)(key, x))


@law
def params_and_state_are_nested_dicts_of_arrays(layer, x, key):
    def check(tree):
        assert isinstance(tree, dict | jax.Array), f"found a {type(tree).__name__}"
        for name, value in tree.items() if isinstance(tree, dict) else ():
            assert isinstance(name, str)
            check(value)

    for tree in _jit(layer.init)(key, x):
        assert isinstance(tree, dict)
        check(tree)


@law
def inference_leaves_state_alone(layer, x, key):
    params, state = _jit(layer.init)(key, x)
    close(_jit(layer.apply)(params, state, x)[1], state, 0)


@law
def jit_equals_eager(layer, x, key):
    params, state = _jit(layer.init)(key, x)
    close(_jit(layer.apply)(params, state, x), layer.apply(params, state, x))
    close(_jit(layer.apply)(params, state, x, key), layer.apply(params, state, x, key))


@law
def eval_shape_agrees(layer, x, key):
    made = _jit(layer.init)(key, x)
    chex.assert_trees_all_equal_shapes_and_dtypes(jax.eval_shape(layer.init, key, x), made)
    for keys in ((), (key,)):
        told = jax.eval_shape(layer.apply, *made, x, *keys)
        chex.assert_trees_all_equal_shapes_and_dtypes(told, _jit(layer.apply)(*made, x, *keys))
        chex.assert_trees_all_equal_shapes_and_dtypes(told[1], made[1])


@law
def an_ensemble_is_a_vmap_over_keys(layer, x, key):
    def member(key):
        params, state = layer.init(key, x)
        return params, layer.apply(params, state, x, key)

    keys = jax.random.split(key, 2)
    params, (y, state) = jax.jit(jax.vmap(member))(keys)
    for i in range(2):
        made = _jit(layer.init)(keys[i], x)
        mine = at((params, y, state), i)
        close(mine[0], made[0])
        close(mine[1:], _jit(layer.apply)(*made, x, keys[i]))


@law
def gradients_are_finite_and_have_the_shape_of_params(layer, x, key):
    params, state = _jit(layer.init)(key, x)
    leaves, tree = jax.tree.flatten(x)
    floats = [leaf for leaf in leaves if is_float(leaf)]

    def loss(params, floats):
        given = iter(floats)
        x = tree.unflatten([next(given) if is_float(leaf) else leaf for leaf in leaves])
        y, _ = layer.apply(params, state, x, key)
        return sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(y) if is_float(leaf))

    gradients = jax.jit(jax.grad(loss, (0, 1)))(params, floats)
    chex.assert_trees_all_equal_shapes_and_dtypes(gradients, (params, floats))
    chex.assert_tree_all_finite(gradients)


@law
def at_inference_a_row_depends_on_that_row_only(layer, x, key):
    params, state = _jit(layer.init)(key, x)
    y = _jit(layer.apply)(params, state, x)[0]
    rows = len(jax.tree.leaves(x)[0])
    for row in (0, rows - 1):
        alone = jax.tree.map(lambda leaf: np.repeat(leaf[row : row + 1], rows, 0), x)  # noqa: B023
        ys = _jit(layer.apply)(params, state, alone)[0]
        close(at(ys, row), at(y, row))


@law
def a_wrong_input_raises_an_error_that_names_the_layer(layer, x, key, wrong=None, name="In layer "):
    """By default the wrong input has one feature more than the layer was made for; whole numbers become floats."""
    if wrong is None:
        wrong = jax.tree.map(lambda leaf: np.concatenate([leaf, leaf[..., :1]], -1).astype(np.float32), x)
    params, state = _jit(layer.init)(key, x)
    try:
        jax.eval_shape(layer.apply, params, state, wrong)
    except (ValueError, TypeError) as error:
        told = "\n".join([str(error), *getattr(error, "__notes__", [])])
        assert name in told, f"{name!r} is not in: {told}"
    else:
        raise AssertionError("no error was raised")
