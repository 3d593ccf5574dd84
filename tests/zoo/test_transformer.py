"""The transformer against numpy, its reading in parts, and what it refuses."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.drawn import drawn
from tests.layers.test_attention import by_hand
from tests.zoo.test_precision import PRODUCT, SUMMED, gradient_of, half
from zoo import transformer
from zoo.layers import Sequence
from zoo.train.trained.generate_text import generate_tokens

pytestmark = pytest.mark.usefixtures("quick_compiler")

rng = np.random.default_rng(0)
WORDS = rng.integers(0, 7, (2, 13))
CAUSAL = {"each": True, "vocabulary": 7, "causal": True, "context": 5, "width": 8, "heads": 2}


def norm(p, x):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * p["scale"] + p["b"]


def linear(p, x):
    return x @ p["w"] + p["b"]


def gelu(x):
    return x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def blocks_by_hand(params, x, context, rotary, heads=2):
    for block in params["blocks"].values():
        x = x + by_hand(block["attention"], norm(block["norm1"], x), context, rotary, heads)[0]
        x = x + linear(block["mlp"]["2"], gelu(linear(block["mlp"]["0"], norm(block["norm2"], x))))
    return norm(params["norm"], x)


def test_a_causal_model_is_that_of_numpy():
    model = transformer(7, **CAUSAL)
    params, state = drawn(model, WORDS)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    wanted = linear(p["head"], blocks_by_hand(p, p["embed"]["w"][WORDS], 5, True))
    np.testing.assert_allclose(jax.jit(model.apply)(params, state, WORDS)[0], wanted, rtol=1e-4, atol=1e-5)


def test_an_encoder_of_images_reads_patches_and_takes_the_mean():
    model, images = (
        transformer(3, width=8, heads=2, positions="learned"),
        rng.normal(size=(2, 4, 6, 3)).astype(np.float32),
    )
    params, state = drawn(model, images)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    patches = np.stack(
        [images[:, i : i + 2, j : j + 2].reshape(2, -1) for i in range(0, 4, 2) for j in range(0, 6, 2)], 1
    )
    read = linear(p["embed"], patches) + p["positions"]["w"]
    wanted = linear(p["head"], blocks_by_hand(p, read, None, False).mean(1))
    np.testing.assert_allclose(jax.jit(model.apply)(params, state, images)[0], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_a_text_read_in_parts_gives_what_the_whole_gives(positions):
    model, carry, parts = transformer(7, **CAUSAL, positions=positions), None, []
    params, state = drawn(model, WORDS)
    apply = jax.jit(model.apply)
    for first, last in ((0, 2), (2, 3), (3, 13)):  # one step, and more than the context, behind others
        ran, _ = apply(params, state, Sequence(WORDS[:, first:last], carry=carry))
        carry = ran.carry
        parts.append(ran.y)
    np.testing.assert_allclose(np.concatenate(parts, 1), apply(params, state, WORDS)[0], rtol=1e-5, atol=1e-5)


def test_writing_with_cached_keys_and_values_is_reading_everything_anew_for_each_token():
    model, prompt = transformer(7, **CAUSAL), WORDS[0, :3]
    params, state = drawn(model, WORDS)
    key = jax.random.key(1)
    got = np.concatenate(list(generate_tokens(model, params, state, prompt, 12, key, temperature=0)))
    read, apply = np.concatenate([prompt, np.zeros(12, int)])[None], jax.jit(model.apply)
    for t in range(3, 15):  # what stands later does not count
        read[0, t] = int(jnp.argmax(apply(params, state, read)[0][0, t - 1]))
    assert got.tolist() == read[0, 3:].tolist()
    assert len(set(got.tolist())) > 1


def test_padding_changes_neither_the_mean_nor_the_last_step():
    x, lengths = rng.normal(size=(2, 6, 3)).astype(np.float32), np.array([4, 6], np.int32)
    for causal in (False, True):
        model = transformer(2, width=8, heads=2, causal=causal)
        params, state = drawn(model, x)
        apply = jax.jit(model.apply)
        other = np.where((np.arange(6) < lengths[:, None])[..., None], x, np.nan)
        alone = apply(params, state, x[:1, :4])[0]
        np.testing.assert_allclose(apply(params, state, Sequence(other, lengths))[0][:1], alone, rtol=1e-4, atol=1e-5)


def test_the_attention_of_each_block_is_a_distribution_over_the_steps_before():
    model = transformer(7, **CAUSAL, depth=3)
    params, state = drawn(model, WORDS)
    maps = jax.jit(model.attention)(params, state, WORDS)
    assert [each.shape for each in maps] == [(2, 2, 13, 13)] * 3
    distance = np.arange(13)[:, None] - np.arange(13)
    for each in maps:
        np.testing.assert_allclose(each.sum(-1), 1, rtol=1e-5)
        assert not np.any(np.where((distance < 0) | (distance >= 5), each, 0))


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_a_language_model_in_half_precision_sums_in_float32(positions):
    model, x = half(transformer(7, **CAUSAL, positions=positions)), Sequence(WORDS)
    program = str(jax.make_jaxpr(gradient_of(model, x))(*jax.eval_shape(model.init, jax.random.key(0), x)))
    assert set(PRODUCT.findall(program)) == {"bf16"}
    assert SUMMED.findall(program) == []


@pytest.mark.parametrize(
    ("options", "x", "message"),
    [
        ({"heads": 3}, WORDS[..., None], r"attention\(64, 3\): the heads must divide the width"),
        ({"patch": 3}, np.zeros((2, 8, 8, 1)), "patch=3 does not divide the sides of images of 8x8 pixels"),
        ({}, WORDS, r"transformer expects \(batch, time, features\), images .* got shape \(2, 13\)"),
        ({"positions": "rotery"}, WORDS, "did you mean 'rotary'"),
        ({"each": True, "vocabulary": 7}, Sequence(WORDS), r"attends only to the steps before it: set causal=True"),
    ],
)
def test_what_cannot_be_is_refused(options, x, message):
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(transformer(7, **options).init, jax.random.key(0), x)
