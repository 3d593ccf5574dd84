"""Writing with cached keys and values gives the characters and logits of writing without."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.writing import cached, uncached
from zoo import transformer

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_characters_are_equal_and_logits_agree_far_beyond_the_context(key):
    model = transformer(9, each=True, vocabulary=9, causal=True, context=8, width=16)
    prompt = jnp.array([[3, 1, 4, 1, 5]])
    params, state = jax.jit(model.init)(key, prompt)
    params = jax.tree.map(lambda leaf: 2 * leaf, params)  # so that it does not write the same for ever
    forms = (jax.jit(partial(form, model, length=40)) for form in (cached, uncached))
    (tokens, logits), (others, wanted) = (form(params, state, prompt) for form in forms)
    assert tokens.tolist() == others.tolist()
    assert len(set(tokens.tolist())) > 1
    np.testing.assert_allclose(logits, wanted, atol=1e-5 * float(jnp.abs(wanted).max()))
