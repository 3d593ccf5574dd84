import numpy as np
import pytest

from zoo.layers import checks


def test_a_positive_number_is_given_back():
    assert checks.check_positive("dense", "width", 3) == 3


def test_an_unknown_choice_is_answered_with_the_nearest_and_all():
    with pytest.raises(ValueError, match=r"pool: kind 'maxx' is not known; did you mean 'max'\? choose from max, avg"):
        checks.check_choice("pool", "kind", "maxx", ["max", "avg"])


def test_a_choice_like_none_is_answered_without_a_guess():
    with pytest.raises(ValueError, match="is not known; choose from max, avg"):
        checks.check_choice("pool", "kind", "qqq", ["max", "avg"])


@pytest.mark.parametrize(
    ("value", "above"), [(-1, False), (0, True), (float("nan"), False), ("1", False), (True, False)]
)
def test_a_number_below_the_least_is_refused(value, above):
    with pytest.raises(ValueError, match="noise: stddev must be a number"):
        checks.check_number("noise", "stddev", value, above=above)


def test_the_least_number_itself_is_taken():
    assert checks.check_number("noise", "stddev", 0) == 0


def test_a_rank_is_told_with_its_axes():
    with pytest.raises(ValueError, match=r"conv wants 3 axes \(batch, time, channels\), got 2 \(shape \(4, 5\)\)"):
        checks.check_rank("conv", 3, np.zeros((4, 5)), "(batch, time, channels)")


def test_a_numpy_integer_is_a_whole_number():
    assert checks.check_positive("dense", "width", np.int64(3)) == 3
    with pytest.raises(ValueError, match="whole number"):
        checks.check_positive("dense", "width", np.float32(3))
