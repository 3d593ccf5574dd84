"""Weights of classes by name and balanced, as scikit-learn computes them."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from zoo.train.data.class_weights import class_weights, described_weights, parse_weights, weights_text
from zoo.train.errors import BadInput


def test_balanced_weights_equal_scikit_learn():
    y = np.repeat([0, 1, 2], [70, 5, 25])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(class_weights("balanced", ("a", "b", "c"), y), expected)


def test_a_class_without_examples_does_not_change_the_others_and_a_step_without_a_target_does_not_count():
    y = np.array([[0, 0, 2, -1], [0, -1, -1, -1]])
    assert class_weights("balanced", ("a", "b", "c"), y) == pytest.approx((2 / 3, 1.0, 2.0))


def test_a_class_that_is_not_named_counts_once():
    assert class_weights("b=4", ("a", "b"), np.zeros(1, int)) == (1.0, 4.0)
    assert class_weights("", ("a", "b"), np.zeros(1, int)) == ()


def test_the_name_of_a_class_may_hold_an_equals_sign():
    assert parse_weights("x=1=2.5, y=3") == {"x=1": 2.5, "y": 3.0}


def test_many_weights_are_cut():
    assert described_weights([1.0] * 10, [str(i) for i in range(10)]).endswith("7 1, ...")


def test_weights_in_a_dict_become_the_text_of_the_flag_whatever_the_names():
    for given in ({"yes": 5, "no": 0.5}, {"a, b": 2, "{": 3.0}, {1: np.float32(2.5), 0: 1}):
        assert parse_weights(weights_text(given)) == {str(name): float(weight) for name, weight in given.items()}
    assert weights_text({True: 5, np.False_: 1, 2.0: 3}) == "1=5,0=1,2=3", "classes 0, 1 and 2, as equal keys say"
    assert weights_text({2.5: 3}) == "2.5=3"
    assert weights_text("balanced") == "balanced"
    for wrong in ({"yes": -1}, {"a, b": None}, {"yes": "much"}):
        with pytest.raises(BadInput, match="positive weights by the names of classes"):
            parse_weights(weights_text(wrong))
    with pytest.raises(BadInput, match="no JSON object"):
        parse_weights("{yes: 5")
