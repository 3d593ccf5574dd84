"""Deconvolutional networks: attributes that tint change colours alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import deconvolutional

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_attributes_that_tint_weigh_the_last_maps_and_the_others_draw_them(key):
    model = deconvolutional(3 * 8 * 8, filters=(4, 3), hidden=(5,), tint=(1, 2))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5)), jnp.float32)
    params, state = model.init(key, x)
    assert params["maps"]["first"]["0"]["w"].shape == (3, 5)
    assert params["tint"]["w"].shape == (2, 4)
    # Weights of 0 leave the bias of the image, whatever the other attributes are.
    dark = params | {"tint": jax.tree.map(jnp.zeros_like, params["tint"])}
    np.testing.assert_allclose(model.apply(dark, state, x)[0], 0.5, atol=1e-6)


def test_columns_that_do_not_exist_are_refused(key):
    with pytest.raises(ValueError, match=r"--m\.tint"):
        deconvolutional(3 * 8 * 8, filters=(4, 3), tint=(7,)).init(key, jnp.zeros((1, 5)))
