"""Encoder of tables: features row by row as computed by hand, from the statistics of the training rows alone."""

import json
import math
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from zoo.train.data.tables.encoder import TableEncoder, fit
from zoo.train.errors import BadInput

TRAIN = {
    "age": ["20", "", "30", "40"],
    "job": ["cook", "clerk", "NA", "clerk"],
    "owner": ["yes", "no", "no", ""],
    "since": ["2024-01-01", "2024-01-08", "2024-01-15", "?"],
}
SPREAD = math.sqrt(50)  # of 20, 30 (the median), 30, 40


@pytest.fixture(scope="module")
def encoder():
    return fit(TRAIN)


def test_features_are_named_after_columns_categories_and_parts(encoder):
    assert encoder.features == (
        *("age", "age missing", "job=clerk", "job=cook", "job=(other)", "job missing", "owner", "owner missing"),
        *("since days", "since day", "since missing"),
    )
    assert encoder.owners[:3] == ("age", "age", "job")


def test_rows_are_encoded_as_by_hand(encoder):
    days = np.array([0.0, 7, 14, 7])  # since the first one; the last is missing and becomes the median
    scaled = (days - days.mean()) / days.std()
    expected = [
        [-10 / SPREAD, 0, 0, 1, 0, 0, 1, 0, scaled[0], scaled[0], 0],
        [0, 1, 1, 0, 0, 0, 0, 0, scaled[1], scaled[1], 0],
        [0, 0, 1, 0, 0, 1, 0, 0, scaled[2], scaled[2], 0],
        [10 / SPREAD, 0, 1, 0, 0, 0, 0, 1, scaled[3], scaled[3], 1],
    ]
    x = encoder.transform(TRAIN)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-7)


WEIGHTS = [(1, 1, 1, 3), (5, 1, 2, 2), (2, 3, 1, 4), (1, 1, 6, 1)]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_whole_weight_counts_as_many_rows_in_medians_categories_and_scales(weight):
    weight = np.array(weight)
    copies = {name: np.repeat(np.array(cells), weight).tolist() for name, cells in TRAIN.items()}
    weighted, repeated = fit(TRAIN, weight=weight / 7), fit(copies)
    assert weighted.features == repeated.features
    for mine, theirs in zip(weighted.columns, repeated.columns, strict=True):
        np.testing.assert_allclose(mine.fill, theirs.fill, rtol=1e-12)
    np.testing.assert_allclose(weighted.transform(TRAIN), repeated.transform(TRAIN), rtol=1e-5, atol=1e-6)


def test_the_heaviest_category_stands_for_a_missing_one():
    table = {"job": ["cook", "clerk", "", "clerk"], "age": ["20", "30", "", "90"], "owner": ["yes", "no", "", "no"]}
    found = {column.name: column for column in fit(table, weight=np.array([9.0, 1, 1, 1])).columns}
    assert (found["job"].categories, found["age"].fill, found["owner"].fill) == (("cook", "clerk"), (20.0,), (1.0,))


def test_unseen_and_missing_cells_of_new_rows_have_their_place_and_are_told(encoder):
    notes = []
    new = {"job": ["pilot", ""], "since": ["2024-01-08", "2024-02-29"], "age": [None, 40], "owner": ["no", True]}
    x = encoder.transform(new, note=notes.append)
    np.testing.assert_allclose(x[:, :8], [[0, 1, 0, 0, 1, 0, 0, 0], [10 / SPREAD, 0, 1, 0, 0, 1, 1, 0]], rtol=1e-6)
    assert notes == [
        "column 'age': 1 missing value is taken as 30",
        "column 'job': 1 missing value is taken as clerk",
        "column 'job': the training rows have no pilot: taken as (other)",
    ]


def test_columns_in_any_order_and_more_of_them_give_the_same_bits(encoder):
    shuffled = {"more": ["x"] * 4, **{name: TRAIN[name] for name in reversed(TRAIN)}}
    assert encoder.transform(shuffled).tobytes() == encoder.transform(TRAIN).tobytes()


def test_an_encoder_survives_json_to_the_bit(encoder):
    again = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    assert again.transform(TRAIN).tobytes() == encoder.transform(TRAIN).tobytes()


def test_texts_and_values_of_a_frame_give_the_same_bits(encoder):
    frame = {
        "age": np.array([20, np.nan, 30, 40]),
        "job": np.array(["cook", "clerk", None, "clerk"], object),
        "owner": [True, False, False, None],
        "since": [date(2024, 1, 1), datetime(2024, 1, 8), date(2024, 1, 15), None],
    }
    assert fit(frame) == encoder
    assert encoder.transform(frame).tobytes() == encoder.transform(TRAIN).tobytes()
    stamps = np.array(["2024-01-01", "2024-01-08", "2024-01-15", "NaT"], "datetime64[ns]")
    assert encoder.transform({**frame, "since": stamps}).tobytes() == encoder.transform(TRAIN).tobytes()


def test_what_other_rows_hold_does_not_reach_the_encoder():
    """A leak would be seen here: the rows of the test have other medians, means and categories."""
    test = {"age": ["900", "1000"], "job": ["pilot", "pilot"], "owner": ["yes", "yes"], "since": ["1999-01-01"] * 2}
    encoder = fit(TRAIN)
    before = json.dumps(encoder.to_json())
    encoder.transform(test)
    assert json.dumps(encoder.to_json()) == before
    age = encoder.columns[0]
    assert (age.fill, age.shift) == ((30.0,), (30.0,))
    assert age.scale == pytest.approx((1 / SPREAD,))


def test_rare_categories_are_joined_and_the_others_keep_their_feature():
    town = ["Ulm"] * 60 + ["Bonn"] * 37 + ["Hof"] * 2 + ["Au"]
    every = ("town=Ulm", "town=Bonn", "town=Hof", "town=Au", "town=(other)")
    assert fit({"town": town}).features == every  # one in a hundred is enough
    encoder = fit({"town": [*town * 10, *["Bonn"] * 1000]})
    assert encoder.features == ("town=Bonn", "town=Ulm", "town=Hof", "town=Au", "town=(other)")  # ten are enough
    encoder = fit({"town": [*town * 10, *["Bonn"] * 1000]}, rare=11)
    assert encoder.features == ("town=Bonn", "town=Ulm", "town=Hof", "town=(other)")
    assert encoder.columns[0].rare == 10
    assert encoder.transform({"town": ["Au", "Rom", "Bonn"]}).tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 0]]
    assert fit({"town": town}, most=1).features == ("town=Ulm", "town=(other)")


def test_numbers_keep_their_digits_as_float64():
    stamps = ["1700000000.25", "1700000000.5", "1700000001"]  # float32 has steps of 128 there
    x = fit({"stamp": stamps}).transform({"stamp": stamps})
    offsets = np.array([0.25, 0.5, 1])
    np.testing.assert_allclose(x[:, 0], (offsets - offsets.mean()) / offsets.std(), rtol=1e-6)


def test_parts_of_dates_are_those_of_the_calendar():
    when = ["2024-02-29 06:30", "2023-12-31 18:00", "1969-12-31 00:00"]
    encoder = fit({"when": when})
    (column,) = encoder.columns
    assert column.parts == ("days", "month", "day", "weekday", "hour")
    parts = np.array([[19782 + 6.5 / 24, 2, 29, 3, 6.5], [19722.75, 12, 31, 6, 18], [-1, 12, 31, 2, 0]])
    np.testing.assert_allclose(encoder.transform({"when": when}), (parts - parts.mean(0)) / parts.std(0), atol=1e-6)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"age": ["1"]}, r"there is no column 'job' and 2 more; expected are age, job, owner, since"),
        (TRAIN | {"age": ["1", "2", "x", "4"]}, r"column 'age', row 2 \(counted from 0\): 'x' is not a number"),
        (TRAIN | {"age": ["1", "2", "3", "1e40"]}, r"row 3 .*: '1e40' is too large"),
        (TRAIN | {"owner": ["yes", "maybe", "", ""]}, r"column 'owner', row 1 .*: 'maybe' is not yes or no"),
        (
            TRAIN | {"since": ["2024-01-01", "01.02.2024", "", ""]},
            r"column 'since', row 1 .*: '01.02.2024' is not a date",
        ),
        (TRAIN | {"job": ["cook"]}, r"column 'job' has 1 rows, others have 4"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_their_place(encoder, table, message):
    with pytest.raises(BadInput, match=message):
        encoder.transform(table)


def test_a_number_far_from_those_of_the_training_is_refused_by_its_column():
    encoder = fit({"a": [1.0, 1.0 + 1e-9], "b": [1.0, 2.0]})
    with pytest.raises(BadInput, match=r"column 'a': 1e\+30 lies so far|column 'a': 9e\+29 lies so far"):
        encoder.transform({"a": [9e29], "b": [1.0]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "must have a list of columns"),
        ({"columns": [{"name": "a", "kind": "number"}]}, "'shift' of the column 'a' must be 1 finite numbers"),
        ({"columns": [{"name": "a", "kind": "colour", "fill": [0.0]}]}, "unknown kind 'colour'"),
        ({"columns": [{"name": "a", "kind": "yes/no", "fill": [0.0], "missing": 3}]}, "'missing' of the column 'a'"),
        ({"columns": [{"name": "a", "kind": "category", "fill": [7.0]}]}, "'fill' of the column 'a' must be the place"),
        ({"ignored": ["a"]}, "'ignored' must be reasons by name"),
    ],
)
def test_a_damaged_description_is_refused(encoder, change, message):
    with pytest.raises(ValueError, match=message):
        TableEncoder.from_json(encoder.to_json() | change)


def test_spans_of_time_in_a_frame_are_numbers_of_seconds():
    column = fit({"span": [timedelta(minutes=1), None, timedelta(minutes=3), timedelta(minutes=5)]}).columns[0]
    assert (column.kind, column.fill[0], column.shift[0]) == ("number", 180, 180)


def test_a_cell_that_holds_several_values_is_refused_by_its_place():
    with pytest.raises(BadInput, match=r"column 'tags', row 1 .*: expected a number, a text or a date, found a list"):
        fit({"tags": ["a", ["a", "b"], "c"]})
