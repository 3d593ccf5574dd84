"""Per cent and money in the cells of a table: read as numbers, refused where the comma may be either sign."""

import pytest

from zoo.train.data.tables.kinds import find_kind
from zoo.train.data.tables.parse import parse
from zoo.train.data.tables.target import guess
from zoo.train.errors import BadInput

COLUMNS = [
    (["12%", "7.5 %", "", "-3%"], "%", [12, 7.5, None, -3]),
    (["$1,200.50", "$3", "-$2.5", "n/a"], "$", [1200.5, 3, -2.5, None]),
    (["1.200,50 EUR", "3 EUR", "12,5EUR"], "EUR,", [1200.5, 3, 12.5]),
    (["1 234 567 \u20ac", "5 \u20ac", "6 \u20ac"], "\u20ac", [1234567, 5, 6]),
    (["CHF 1'200.50", "CHF 7"], "CHF", [1200.5, 7]),
    (["3.125%", "4.250%"], "%", [3.125, 4.25]),
]


@pytest.mark.parametrize(("cells", "form", "values"), COLUMNS, ids=[form for _, form, _ in COLUMNS])
def test_numbers_with_a_unit_are_numbers_and_the_unit_is_told(cells, form, values):
    found, parsed = find_kind("price", cells, str)
    assert (found.kind, found.form) == ("number", form)
    assert found.why.startswith(f"read as numbers in {form[:1]}")
    assert parsed is not None
    assert [None if value != value else value for value in parsed.values.tolist()] == values


def test_a_file_of_new_rows_may_have_the_unit_or_not():
    assert parse(["15%", "2"], "number", str, "%").values.tolist() == [15, 2]
    assert parse(["15", "2"], "number", str, "%").values.tolist() == [15, 2]
    assert parse(["15%", "2%"], "number", str).values.tolist() == [15, 2], "the kind was given without a form"
    with pytest.raises(BadInput, match=r"^0: '\$15' is not one of the numbers in %"):
        parse(["$15", "2"], "number", str, "%")


@pytest.mark.parametrize("cells", [["1,234%", "5%"], ["$1.250", "$2.500"], ["$1,234", "$1.250"]])
def test_a_sign_that_may_separate_thousands_or_decimals_is_refused_by_its_place(cells):
    with pytest.raises(BadInput, match=r"^0: '.*' may be a number with thousands .*--d.columns x=category"):
        find_kind("x", cells, str)


@pytest.mark.parametrize("cells", [["12%", "$3", "12%"], ["3 kg", "4 kg"], ["50% off", "10% off"], ["%", "$"]])
def test_other_texts_stay_categories(cells):
    assert find_kind("x", cells, str)[0].kind == "category"


def test_one_cell_that_is_no_number_among_many_is_refused():
    with pytest.raises(BadInput, match="20: '4O%', where nearly all others are numbers with a unit"):
        find_kind("x", [*(f"{i}%" for i in range(20)), "4O%"], str)


def test_a_target_of_money_is_a_number_to_predict():
    assert guess({"price": [f"${i},200.50" for i in range(1, 20)]}) == "values"
    assert guess({"rate": ["5%", "10%"] * 9}) == "classes", "two values, as of plain numbers"
    assert parse(["$1,200.50", "$7"], "number", str).values.tolist() == [1200.5, 7]
