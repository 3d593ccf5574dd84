"""The GRU's chunked backward pass, held to the plain scan in float64."""

import jax
import numpy as np
import pytest

from tests.layers.recurrence import float64, gradients, held_to_the_plain_form, mapped
from zoo.layers.gru import gru_cell

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("time", "case"),
    [
        (5, "forward"),
        (23, "reverse"),
        (23, "forward lengths"),
        (23, "reverse lengths"),
        (23, "last lengths"),
        (28, "reverse last"),
        (28, "rows lengths"),
    ],
)
def test_the_chunked_gru_has_the_gradients_of_the_plain_scan(time, case):
    held_to_the_plain_form(gru_cell(6), time, case)


@pytest.mark.expensive
def test_second_derivatives_agree():
    with float64():
        fast, plain, params = gradients(gru_cell(3))

        def curvature(loss):
            return jax.jit(jax.grad(lambda p: sum((g**2).sum() for g in jax.tree.leaves(jax.grad(loss)(p)))))(params)

        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-9), curvature(fast), curvature(plain))


def test_an_ensemble_of_chunked_grus_has_each_members_gradient():
    mapped(gru_cell(4))
