"""Random units have weights of one norm, and receptive fields are rectangles of the image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo import elm

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_all_units_have_weights_of_the_same_norm(key):
    params, _ = jax.jit(elm(3, hidden=40, scale=0.5).init)(key, jnp.zeros((2, 6, 5, 1)))
    np.testing.assert_allclose(jnp.linalg.norm(params["hidden"]["projection"]["w"], axis=0), 0.5, rtol=1e-5)


def test_a_receptive_field_is_a_rectangle_of_at_least_a_quarter_of_each_side(key):
    params, _ = jax.jit(elm(3, hidden=300, fields=True).init)(key, jnp.zeros((2, 8, 12, 2)))
    w = np.asarray(params["hidden"]["projection"]["w"]).reshape(8, 12, 2, 300)
    np.testing.assert_allclose(np.linalg.norm(w.reshape(-1, 300), axis=0), 1, rtol=1e-5)
    seen = (w != 0).any(axis=2)
    heights, widths = seen.any(axis=1).sum(axis=0), seen.any(axis=0).sum(axis=0)
    assert (seen.sum(axis=(0, 1)) == heights * widths).all()
    assert (heights.min(), heights.max(), widths.min(), widths.max()) == (2, 8, 3, 12)
    assert seen.any(axis=2).all()


def test_rows_of_a_table_have_no_receptive_fields():
    with pytest.raises(ValueError, match="rectangles of images"):
        elm(3, fields=True).init(jax.random.key(0), jnp.zeros((2, 8)))
