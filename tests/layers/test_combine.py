import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from zoo.layers import (
    Layer,
    batch_norm,
    compose,
    conv,
    dense,
    dropout,
    flatten,
    gaussian_noise,
    identity,
    initializers,
    parallel,
    relu,
    residual,
    serial,
    stateless,
)

pytestmark = pytest.mark.usefixtures("quick_compiler")

X = jnp.ones((4, 3))
ones = initializers.ones


def names(tree, path=()):
    """The paths of all leaves, as the checkpoint names them."""
    if not isinstance(tree, dict):
        return {"/".join(path)}
    return set().union(*(names(value, (*path, name)) for name, value in tree.items()))


def notes(error):
    return [note for note in error.value.__notes__ if note.startswith("In layer ")]  # jax adds one of its own


def test_parts_are_named_by_position_or_keyword(key):
    model = serial(dense(4), relu, body=serial(dense(4), batch_norm()), head=dense(2))
    params, state = model.init(key, X)
    assert names(params) == {"0/w", "0/b", "body/0/w", "body/0/b", "body/1/scale", "body/1/b", "head/w", "head/b"}
    assert names(state) == {"body/1/mean", "body/1/var"}


def test_serial_runs_layers_in_order(key):
    model = serial(dense(4, init=ones), lambda x: x - 2, dense(1, init=ones))
    assert model.apply(*model.init(key, X), X)[0].tolist() == [[4]] * 4  # (3 - 2) * 4


def test_residual_adds_its_input(key):
    model = residual(dense(3, init=ones), relu)
    assert model.apply(*model.init(key, X), X)[0].tolist() == [[4] * 3] * 4


def test_residual_takes_a_shortcut_of_another_shape(key):
    model = residual(dense(2, init=ones), shortcut=dense(2, init=initializers.zeros))
    params, state = model.init(key, X)
    assert set(params) == {"body", "shortcut"}
    assert model.apply(params, state, X)[0].tolist() == [[3, 3]] * 4


def test_residual_of_incompatible_shapes_raises_an_error_with_a_hint(key):
    with pytest.raises(ValueError, match=r"float32\[4,3\] to float32\[4,1\].*pass a shortcut="):
        residual(dense(1)).init(key, X)  # (4, 3) + (4, 1) would broadcast in silence


@pytest.mark.parametrize(("join", "want"), [(None, [[3, 3, 3]]), (sum, [[6]]), (tuple, ([[3]], [[3, 3]]))])
def test_parallel_joins_the_outputs_of_its_branches(join, want, key):
    branches = dense(1, init=ones), dense(1 if join is sum else 2, init=ones)
    model = parallel(*branches) if join is None else parallel(*branches, join=join)
    y, _ = model.apply(*model.init(key, X[:1]), X[:1])
    assert jax.tree.map(lambda leaf: leaf.tolist(), y) == want


def test_a_branch_of_parallel_may_have_a_name(key):
    assert set(parallel(dense(1), skip=dense(1)).init(key, X)[0]) == {"0", "skip"}


def test_a_part_called_twice_shares_its_params_and_gets_two_keys(key):
    twice = compose(
        lambda call, x: (call("noise", call("tied", x)), call("noise", x)), tied=dense(3), noise=dropout(0.5)
    )
    params, _ = twice.init(key, X)
    assert names(params) == {"tied/w", "tied/b"}
    noisy = compose(lambda call, x: (call("noise", x), call("noise", x)), noise=gaussian_noise(1.0))
    first, second = noisy.apply({}, {}, X, key)[0]
    assert (first != second).all()


def test_a_part_called_twice_passes_its_state_from_the_first_call_to_the_second(key):
    count = Layer(
        lambda key, x: ({}, {"n": jnp.zeros(())}), lambda params, state, x, key=None: (x, {"n": state["n"] + 1})
    )
    model = compose(lambda call, x: call("count", call("count", x)), count=count)
    assert model.apply(*model.init(key, X), X, key)[1] == {"count": {"n": 2}}


def test_apply_does_not_modify_its_state_argument(key):
    model = serial(batch_norm(), inner=serial(batch_norm()))
    params, state = model.init(key, X)
    params["0"]["b"] = jnp.ones(3)
    before = jax.tree.map(np.array, state)
    _, after = model.apply(params, state, X, key)  # the first norm's b is what the second's mean follows
    jax.tree.map(np.testing.assert_array_equal, state, before)
    assert not np.array_equal(after["inner"]["0"]["mean"], before["inner"]["0"]["mean"])


def test_a_layer_added_at_the_end_changes_no_other_params_and_no_other_noise(key):
    short, long = serial(dense(4), dropout(0.5)), serial(dense(4), dropout(0.5), identity, dense(2))
    (params, state), (more, _) = short.init(key, X), long.init(key, X)
    np.testing.assert_array_equal(params["0"]["w"], more["0"]["w"])
    y, _ = short.apply(params, state, X, key)
    y_long, _ = serial(dense(4), dropout(0.5), identity, gaussian_noise(0)).apply(params, state, X, key)
    np.testing.assert_array_equal(y, y_long)


def test_two_parts_get_two_keys(key):
    params, _ = serial(dense(3, bias=False), dense(3, bias=False)).init(key, X)
    assert (params["0"]["w"] != params["1"]["w"]).all()


def test_an_error_has_a_note_with_the_path_and_the_input(key):
    model = serial(conv(8, 3), flatten, head=serial(relu, relu, dense(10)))
    params, state = model.init(key, jnp.ones((4, 14, 14, 1)))
    with pytest.raises(ValueError, match=r"dense\(10\) was initialised for 1568 features, got 800") as error:
        jax.eval_shape(model.apply, params, state, jnp.ones((4, 10, 10, 1)))
    assert notes(error) == ["In layer head/2, given float32[4,800]"]


def test_an_error_at_init_has_a_note_with_the_path(key):
    with pytest.raises(ValueError, match="expects") as error:
        serial(a=serial(relu, conv(8, 3))).init(key, X)
    assert notes(error) == ["In layer a/1, given float32[4,3]"]


def test_an_error_of_jax_keeps_its_type(key):
    with pytest.raises(TypeError) as error:
        serial(a=lambda x: x @ jnp.ones((7, 7))).init(key, X)
    assert notes(error) == ["In layer a, given float32[4,3]"]


def test_an_error_lists_the_dtypes_of_a_tuple(key):
    with pytest.raises(TypeError) as error:
        serial(a=lambda x: (x, x), b=relu).init(key, X)
    assert notes(error) == ["In layer b, given (float32[4,3], float32[4,3])"]


@pytest.mark.parametrize(
    "inside",
    [
        lambda call, x: lax.scan(lambda carry, row: (carry, call("a", row)), 0, x)[1],
        lambda call, x: jax.vmap(lambda row: call("a", row))(x),
        lambda call, x: jax.checkpoint(lambda x: call("a", x))(x),
        lambda call, x: lax.cond(True, lambda x: call("a", x), lambda x: x, x),
    ],
    ids=["scan", "vmap", "checkpoint", "cond"],
)
@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_a_call_inside_another_transformation_is_detected_and_explained(inside, wrap, key):
    model = compose(inside, a=dense(3))
    with pytest.raises(ValueError, match=r"call\('a', ...\) is used inside another jax transformation"):
        wrap(model.init)(key, X)
    params = {"a": dense(3).init(key, X)[0]}
    with pytest.raises(ValueError, match="apply the transformation to the layer instead"):
        wrap(model.apply)(params, {}, X)


def test_a_model_inside_a_transformation_is_not_mistaken_for_one(key):
    model = serial(dense(3), residual(dropout(0.5), dense(3)))
    params, state = model.init(key, X)
    ys = lax.scan(lambda carry, x: (carry, jax.vmap(lambda x: model.apply(params, state, x, key)[0])(x)), 0, X[None])[1]
    assert ys.shape == (1, 4, 3)
    assert jnp.isfinite(jax.checkpoint(lambda p: model.apply(p, state, X, key)[0].sum())(params))


def test_a_part_that_is_never_called_raises_at_init(key):
    with pytest.raises(ValueError, match="forward never calls 'b', 'c'; call or remove it"):
        compose(lambda call, x: call("a", x), a=dense(2), b=dense(2), c=relu).init(key, X)


def test_a_call_of_an_unknown_part_raises(key):
    with pytest.raises(ValueError, match="unknown part 'heed'; the parts are body, head"):
        compose(lambda call, x: call("heed", x), body=dense(2), head=dense(2)).init(key, X)


def test_a_part_that_is_not_a_layer_raises_when_compose_is_built():
    with pytest.raises(TypeError, match="part '1': expected a Layer or a function of x, got 3"):
        serial(relu, 3)


def test_a_cond_over_layers_may_be_a_layer(key):
    a, b = dense(3), dense(3)
    either = Layer(
        lambda key, x: ({"a": a.init(key, x)[0], "b": b.init(key, x)[0]}, {}),
        lambda params, state, x, key=None: (
            lax.cond(
                x[0, 0] > 0, lambda x: a.apply(params["a"], {}, x)[0], lambda x: b.apply(params["b"], {}, x)[0], x
            ),
            state,
        ),
    )
    model = serial(either, relu)
    assert model.apply(*model.init(key, X), X)[0].shape == (4, 3)


def test_the_cost_of_init_does_not_explode_with_the_depth(key):
    """Each part is made once, and run for its shape at most twice a level."""
    made, runs, depth = [], [], 6
    layer = stateless(lambda key, x: made.append(1) or {"w": jnp.ones(())}, lambda params, x: runs.append(1) or x)
    for _ in range(depth):
        layer = residual(layer)
    jax.eval_shape(layer.init, key, X)
    assert len(made) == 1
    assert len(runs) <= 2 * depth + 1


def test_init_reads_only_the_shape_of_its_example(key):
    params, _ = serial(dense(4), relu, head=dense(2)).init(key, jnp.full((4, 3), jnp.nan))
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(params))


def test_an_example_may_be_a_shape_without_numbers(key):
    params, _ = serial(dense(4), head=dense(2)).init(key, jax.ShapeDtypeStruct((4, 3), jnp.float32))
    assert params["head"]["w"].shape == (4, 2)
