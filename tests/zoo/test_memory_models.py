"""Models with a memory: padding, carries, their weights over time, and that they learn to copy and to recall."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import zoo
from tests.drawn import drawn
from zoo.layers import Scanned, Sequence

SIZES = {"width": 6, "slots": 5, "word": 4, "heads": 2}
MODELS = ("ntm", "dnc")


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("name", MODELS)
def test_padding_changes_nothing_and_a_sequence_read_in_parts_gives_what_the_whole_gives(name, key):
    x, lengths = jax.random.normal(key, (2, 6, 3)), jnp.array([4, 6])
    model = zoo.create(name, 2, each=True, **SIZES)
    params, state = drawn(model, x)
    apply = jax.jit(model.apply)
    whole = apply(params, state, x)[0]
    padded = jnp.where((jnp.arange(6) < lengths[:, None])[..., None], x, jnp.nan)
    y = apply(params, state, Sequence(padded, lengths))[0].y
    np.testing.assert_allclose(y[0, :4], whole[0, :4], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(y[1], whole[1], rtol=1e-4, atol=1e-5)
    first = apply(params, state, Sequence(x[:, :2]))[0]
    assert isinstance(first, Scanned)
    then = apply(params, state, Sequence(x[:, 2:], carry=first.carry))[0]
    np.testing.assert_allclose(jnp.concatenate([first.y, then.y], 1), whole, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("name", MODELS)
def test_the_weights_of_the_heads_are_shown_at_every_step(name, key):
    x = jax.random.normal(key, (2, 7, 3))
    model = zoo.create(name, 2, **SIZES)
    params, state = drawn(model, x)
    found = jax.jit(model.memory)(params, state, x)
    heads = {"ntm": 2, "dnc": 1}[name]
    assert {part: leaf.shape for part, leaf in found.items()} == {
        "read": (2, 7, 2, 5), "write": (2, 7, heads, 5), "slots": (2, 5, 4),
    }  # fmt: skip
    for weights in (found["read"], found["write"]):
        sums = weights.sum(-1)
        assert np.all(weights >= 0)
        assert np.all(sums <= 1 + 1e-5)
        if name == "ntm":
            np.testing.assert_allclose(sums, 1, rtol=1e-5)


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("name", MODELS)
def test_another_number_of_slots_takes_the_same_parameters(name, key):
    x = jax.random.normal(key, (1, 4, 3))
    params, state = drawn(zoo.create(name, 2, **SIZES), x)
    more = zoo.create(name, 2, **SIZES | {"slots": 9})
    assert jax.jit(more.memory)(params, state, x)["slots"].shape == (1, 9, 4)


@pytest.mark.usefixtures("quick_compiler")
@pytest.mark.parametrize("name", MODELS)
def test_tokens_and_images_are_read_too(name, key):
    tokens, images = jnp.zeros((2, 5), jnp.int32), jnp.ones((2, 4, 3, 1))
    for x, options in ((tokens, {"vocabulary": 7}), (images, {}), (images, {"read": "pixels", "remat": True})):
        model = zoo.create(name, 3, **SIZES, **options)
        params, state = drawn(model, x)
        assert jax.eval_shape(model.apply, params, state, x)[0].shape == (2, 3)
        assert jax.eval_shape(model.memory, params, state, x)["slots"].shape == (2, 5, 4)


@pytest.mark.parametrize("name", MODELS)
def test_what_cannot_be_is_refused(name):
    with pytest.raises(ValueError, match=f"{name}: outputs must be a positive integer, got 0"):
        zoo.create(name, 0)
    with pytest.raises(ValueError, match=rf"{name}_cell\(100\): slots must be a positive integer, got -1"):
        zoo.create(name, 1, width=100, slots=-1)
    with pytest.raises(ValueError, match="read 'column' is not known"):
        zoo.create(name, 1, read="column")
