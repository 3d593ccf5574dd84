import numpy as np
import pytest

from zoo.layers import checks


def test_a_positive_integer_is_returned():
    assert checks.check_positive("dense", "width", 3) == 3


def test_an_unknown_choice_raises_an_error_with_the_closest_and_all_choices():
    with pytest.raises(ValueError, match=r"pool: kind 'maxx' is not known; did you mean 'max'\? choose from max, avg"):
        checks.check_choice("pool", "kind", "maxx", ["max", "avg"])


def test_a_choice_unlike_all_others_raises_an_error_without_a_suggestion():
    with pytest.raises(ValueError, match="is not known; choose from max, avg"):
        checks.check_choice("pool", "kind", "qqq", ["max", "avg"])


@pytest.mark.parametrize(
    ("value", "above"), [(-1, False), (0, True), (float("nan"), False), ("1", False), (True, False)]
)
def test_a_number_below_the_minimum_raises(value, above):
    with pytest.raises(ValueError, match="noise: stddev must be a number"):
        checks.check_number("noise", "stddev", value, above=above)


def test_the_minimum_itself_is_accepted():
    assert checks.check_number("noise", "stddev", 0) == 0


def test_a_rank_error_names_the_axes():
    with pytest.raises(ValueError, match=r"conv expects 3 axes \(batch, time, channels\), got 2 \(shape \(4, 5\)\)"):
        checks.check_rank("conv", 3, np.zeros((4, 5)), "(batch, time, channels)")


def test_a_numpy_integer_is_an_integer():
    assert checks.check_positive("dense", "width", np.int64(3)) == 3
    with pytest.raises(ValueError, match="positive integer"):
        checks.check_positive("dense", "width", np.float32(3))
