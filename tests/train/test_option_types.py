"""Option types: what is accepted, what the message of a rejected value says, bounds."""

import math
from typing import Annotated, Literal

import pytest

from zoo.train.errors import BadInput
from zoo.train.option_types import Bounds, bounds_of, coerce, coerce_options, describe, parse, strip_optional


def load(
    place,
    *,
    level: Literal["words", "bytes"] = "words",
    keep: bool = False,
    name: str = "",
    share: Annotated[float, Bounds(0, 1)] = 0.5,
    fold: Annotated[int, Bounds(0, 4)] = 0,
):
    pass


def test_values_of_the_right_type_are_returned():
    assert coerce_options("text", load, {"level": "bytes", "keep": True, "fold": 4}) == {
        "level": "bytes",
        "keep": True,
        "fold": 4,
    }


def test_a_whole_number_becomes_a_float_where_one_is_expected():
    (value,) = coerce_options("text", load, {"share": 1}).values()
    assert type(value) is float


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "bites"}, r"--d.level of text 'bites' is not known; did you mean bytes\? \(choose from words, byt"),
        ({"keep": 1}, "--d.keep of text must be true or false, got 1"),
        ({"fold": True}, "--d.fold of text must be a whole number from 0 to 4, got True"),
        ({"fold": 5}, "--d.fold of text must be a whole number from 0 to 4, got 5"),
        ({"fold": 1.0}, "--d.fold of text must be a whole number from 0 to 4, got 1.0"),
        ({"share": math.nan}, "--d.share of text must be a number from 0 to 1, got nan"),
        ({"kep": True}, r"text has no option 'kep'; did you mean keep\? \(it has: level, keep, name, share, fold\)"),
    ],
)
def test_a_wrong_value_raises(options, message):
    with pytest.raises(BadInput, match=message):
        coerce_options("text", load, options)


def test_a_function_without_options_is_named():
    with pytest.raises(BadInput, match=r"text has no option 'keep' \(it has: none\)"):
        coerce_options("text", lambda place: None, {"keep": True})


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "text"),
    [
        (Bounds(1), (1, 1e9), (0.99,), "a number of at least 1"),
        (Bounds(high=2), (-5, 2), (2.01,), "a number of at most 2"),
        (Bounds(0, open_low=True), (1e-9,), (0, -1), "a number above 0"),
        (Bounds(0, 1), (0, 1), (-0.1, 1.1), "a number from 0 to 1"),
        (Bounds(0, 1, open_high=True), (0, 0.99), (1,), "a number from 0 to below 1"),
        (Bounds(0, 1, True, True), (0.5,), (0, 1), "a number above 0 and below 1"),
        (Bounds(), (-1e30, 0), (), "a number that is finite"),
    ],
)
def test_bounds_hold_and_are_described(bounds, inside, outside, text):
    kind = Annotated[float, bounds]
    assert describe(kind) == text
    for value in inside:
        assert coerce(kind, value, "--x") == value
    for value in (*outside, math.nan, math.inf, -math.inf):
        with pytest.raises(BadInput, match=f"--x must be {text}, got"):
            coerce(kind, value, "--x")


@pytest.mark.parametrize("kind", [Annotated[int, Bounds(1)] | None, Annotated[int | None, Bounds(1)]])
def test_an_optional_type_with_bounds_accepts_none_and_is_stripped_to_its_type(kind):
    assert strip_optional(kind) == (int, True)
    assert bounds_of(kind) == Bounds(1)
    assert coerce(kind, None, "--x") is None
    assert parse(kind, "3") == 3
    with pytest.raises(BadInput, match="--x must be a whole number of at least 1 or none, got 0"):
        coerce(kind, 0, "--x")


def test_each_value_of_a_list_is_checked():
    kind = Annotated[tuple[int, ...], Bounds(1)]
    assert coerce(kind, [1, 2], "--x") == (1, 2)
    with pytest.raises(BadInput, match="--x must be a list of whole numbers of at least 1"):
        coerce(kind, [1, 0], "--x")
