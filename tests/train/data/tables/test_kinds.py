"""Kinds of columns: as a reader of the table would name them, or refused where a cell may be a mistake."""

import pytest

from zoo.train.data.tables.cells import Cells
from zoo.train.data.tables.kinds import find_kind, given_kinds
from zoo.train.errors import BadInput

NUMBERED = [str(i) for i in range(7, 19)]
COLUMNS = [
    ("age", ["31", "45", "", "31"], "number"),
    ("weight", ["1.5", "2e3", "-.5"], "number"),
    ("year", ["2019", "2020", "2019"], "number"),
    ("balance", ["120", "7", "3033", "15", "20", "999"], "number"),  # all different, but no name of an identifier
    ("smoker", ["yes", "No", "", "yes"], "yes/no"),
    ("flag", ["0", "1", "1"], "yes/no"),
    ("bought", ["", "1", ""], "yes/no"),
    ("done", [True, False, None], "yes/no"),
    ("job", ["cook", "clerk", "cook"], "category"),
    ("postcode", ["01067", "80331", "01067"], "category"),
    ("rating", ["A", "B", "1", "2"], "category"),
    ("when", ["2024-01-31", "2023-02-01", ""], "date"),
    ("when", ["31.1.2024", "1.2.2023"], "date"),
    ("when", ["20240131", "20230201"], "date"),
    ("customer_id", ["5", "9", "7", "2", "4"], "identifier"),
    ("customerID", ["5", "9", "7", "2", "4"], "identifier"),
    ("n", NUMBERED, "identifier"),  # the number of the line
    ("paid", ["5", "9", "7", "2", "4"], "number"),
    ("name", [f"person {i}" for i in range(12)], "identifier"),
    ("mail", [f"{i // 2}@x.org" for i in range(60)] + [f"x{i}" for i in range(40)], "identifier"),
    ("country", ["de", "de", "de"], "ignore"),
    ("empty", ["", "n/a", None], "ignore"),
]


@pytest.mark.parametrize(("name", "cells", "kind"), COLUMNS, ids=[f"{name}-{kind}" for name, _, kind in COLUMNS])
def test_a_column_has_the_kind_that_a_reader_would_name(name, cells, kind):
    assert find_kind(name, cells, str)[0].kind == kind
    if all(isinstance(cell, str) for cell in cells):
        assert find_kind(name, Cells([cells]), str)[0].kind == kind  # as read from a file


def test_the_order_of_day_and_month_is_decided_by_the_column_or_told():
    assert find_kind("when", ["01/02/2024", "30/01/2024"], str)[0].form == "%d/%m/%Y"
    found, _ = find_kind("when", ["01/02/2024", "03/04/2024"], str)
    assert (found.form, found.why) == (
        "%m/%d/%Y",
        "read as %m/%d/%Y; if it is %d/%m/%Y: --d.columns when=date:%d/%m/%Y",
    )


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([*map(str, range(30, 60)), "4O"], r"30: '4O', where nearly all others are numbers: .*--d.missing 4O"),
        ([f"2024-01-{i:02}" for i in range(1, 30)] + ["soon"], r"29: 'soon', where nearly all others are dates"),
        (["0.50", "1,234", "2.50", "1,500"], r"^1: '1,234' may be a number with thousands separators"),
        (["2024-01-01", "2024-01-02", "tbd"] + [f"2024-01-{i:02}" for i in range(3, 30)], r"2: 'tbd', where nearly"),
    ],
)
def test_a_cell_that_may_be_a_mistake_is_refused_by_its_place(cells, message):
    with pytest.raises(BadInput, match=message):
        find_kind("x", cells, str)


def test_given_kinds_are_read_with_commas_in_the_names_of_columns():
    found = given_kinds("weight, kg=number, id=ignore,when=date:%d.%m.%Y", ["weight, kg", "id", "when"])
    assert [(name, each.kind, each.form) for name, each in found.items()] == [
        ("weight, kg", "number", ""),
        ("id", "ignore", ""),
        ("when", "date", "%d.%m.%Y"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aeg=number", "there is no column 'aeg'; did you mean age"),
        ("age=nubmer", "--d.columns age=nubmer: unknown kind; did you mean number"),
        ("age", "'age' has no kind; expected NAME=KIND"),
        ("age=number:%Y", "unknown kind"),
    ],
)
def test_kinds_that_cannot_be_given_are_refused_with_what_can(text, message):
    with pytest.raises(BadInput, match=message):
        given_kinds(text, ["age", "job"])


def test_long_numbers_that_differ_beyond_the_digits_of_floating_point_stay_apart():
    several = [str(10**18 + i % 3) for i in range(30)]
    assert find_kind("account", several, str)[0].kind == "category"
    assert find_kind("account", [int(each) for each in several], str)[0].kind == "category"
    assert find_kind("account", [str(10**18 + i) for i in range(30)], str)[0].kind == "identifier"
    assert find_kind("mass", [f"{i + 1}e18" for i in range(30)], str)[0].kind == "number"
