"""Order in time of the lines of a series: refused or told, in any column; gaps and repeated times are named."""

from datetime import date, datetime, timedelta

import pytest

from zoo.train.data.dataset import load_data
from zoo.train.data.formats.csv_column import read_column
from zoo.train.errors import BadInput

DAYS = [date(2023, 1, 29) + timedelta(days=k) for k in range(6)]
FORMS = (
    *("%Y%m%d", "%Y.%m.%d", "%d/%m/%y %H:%M", "%Y-%m-%dT00:00:00Z", "%A, %B %d, %Y", "%a %d %b %Y", "%d-%b-%y"),
    *("%Y年%m月%d日", "%d. %B %Y", "%b %d %Y", "%d/%b/%Y", "%m/%d/%Y %I:%M %p", "%Y-%b-%d"),
)


@pytest.fixture
def told(tmp_path):
    """Reads the column p beside another one, and returns the notes."""

    def read(name, cells, values=None):
        lines = [f'"{cell}",{value}' for cell, value in zip(cells, values or range(len(cells)), strict=True)]
        (tmp_path / "f.csv").write_text("\n".join([f"{name},p", *lines]), encoding="utf-8")
        notes = []
        assert read_column(tmp_path / "f.csv", "p", notes.append)[1].tolist() == list(range(len(cells)))
        return [note.replace(f"{tmp_path / 'f.csv'}, column {name!r}: ", "") for note in notes]

    return read


@pytest.mark.parametrize("form", FORMS)
def test_dates_of_every_usual_form_are_read_in_any_column_and_must_not_descend(told, form):
    cells = [day.strftime(form) for day in DAYS]
    for name in ("Date", "session"):
        assert told(name, cells) == ["the order in time, 2023-01-29 to 2023-02-03"]
        with pytest.raises(BadInput, match=r"line 3, column .*; sort the lines by time, the oldest first"):
            told(name, cells[::-1])


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Year", range(2005, 1999, -1)),
        ("Year", [2000, 2003, 2001, 2004]),
        ("timestamp", [1_700_000_000 - 60 * k for k in range(5)]),
        ("time", [0.5, 0.4, 0.3]),
        ("quarter", ["2024Q1", "2023Q4", "2023Q3"]),
        ("month", ["2024-03", "2024-02", "2024-01"]),
    ],
)
def test_numbers_that_are_the_time_must_ascend(told, name, cells):
    with pytest.raises(BadInput, match="sort the lines by time, the oldest first"):
        told(name, list(cells))


def test_years_and_months_in_columns_of_their_own_ascend_together(tmp_path):
    rows = [f"{year},{month},1" for year in (2021, 2022) for month in (11, 12)]
    (tmp_path / "f.csv").write_text("\n".join(["year,month,p", *rows]))
    assert len(read_column(tmp_path / "f.csv", "p")[1]) == 4
    (tmp_path / "f.csv").write_text("\n".join(["year,month,p", *rows[::-1]]))
    with pytest.raises(BadInput, match="line 3, column 'month': 11 follows 12"):
        read_column(tmp_path / "f.csv", "p")


@pytest.mark.parametrize(
    ("name", "cells", "notes"),
    [
        (
            "Year",
            [2000, 2001, 2002, 2004, 2005, 2005],
            ["2000 to 2005", "1 time is repeated, the first in line 7 (2005)", "1 gap longer than the usual step of 1"],
        ),
        (
            "date",
            ["2023-01-01", "2023-01-02", "2023-01-02", "2023-01-02", "2023-01-05", "2023-01-06", "2023-01-09"],
            [
                "2023-01-01 to 2023-01-09",
                "2 times are repeated, the first in line 4 (2023-01-02)",
                "2 gaps longer than the usual step of 1 day, the first between line 5 (2023-01-02) and line 6 (2023",
            ],
        ),
        ("date", ["2023-01-05", "2023-01-06", "2023-01-09", "2023-01-10"], ["2023-01-05 to 2023-01-10"]),
        ("month", ["2023-01", "2023-02", "2023-03", "2023-04"], ["2023-01-01 to 2023-04-01"]),
        ("stamp", [0, 60, 120, 300], ["no column that is read as times"]),
        ("timestamp", [0, 60, 120, 300], ["0 to 300", "between line 4 (120) and line 5 (300); the lines are taken as"]),
        ("id", [4, 3, 2], ["no column that is read as times", "'id' descends: if it is the time, sort the lines"]),
        ("date", ["FY21", "FY22"], ["no column that is", "not read as times, as in line 2 (FY21)"]),
        ("day", [30, 31, 1], ["no column that is", "'day' is not in order, or not read as times"]),
        ("birth year", [1980, 1990, 1970], ["no column that is", "'birth year' is not in order"]),
    ],
)
def test_the_order_in_time_its_gaps_and_repeated_times_are_told(told, name, cells, notes):
    found = told(name, cells)
    assert len(found) == len(notes)
    assert all(part in note for part, note in zip(notes, found, strict=True)), found


@pytest.mark.parametrize(
    ("name", "cells"),
    [("day", [1, 2, "Total"]), ("x", ["a", "b", "Sum:"]), ("x", ["2023-01-01", "2023-01-02", "2023-01-03", "all"])],
)
def test_a_footer_is_refused_in_any_column(told, name, cells):
    with pytest.raises(BadInput, match=rf"line {len(cells) + 1}, column .*{cells[-1]}"):
        told(name, cells)


def test_a_series_carries_the_notes_of_its_file(tmp_path):
    rows = "".join(f"{day:%d.%m.%Y};{k},5\n" for k, day in enumerate(DAYS))
    (tmp_path / "f.csv").write_text("sep=;\nTag;Wert\n" + rows)
    options = {"file": str(tmp_path / "f.csv"), "column": "Wert", "window": 2, "horizon": 1}
    data = load_data("csv", options=options)
    assert data.train.x[0, :, 0].tolist() == [0.5, 1.5]
    sign, order = data.notes
    assert "the comma is taken as the decimal sign, as in line 3: 0,5" in sign
    assert "column 'Tag': the order in time, 2023-01-29 to 2023-02-03" in order


@pytest.mark.parametrize(
    "form",
    [
        "{0.year}-{0.month}-{0.day}",
        "{0:%a %b %d %H:%M:%S %Y}",
        "{0:%a %b %d %Y}",
        "{0:%b. %d, %Y}",
        "{0:%B} {0.day}th, {0:%Y}",
        "{0:%Y-%m-%d %H:%M:%S} EST",
        "{0:%H:%M %d.%m.%Y}",
        "{0:%A %d %B %Y}",
    ],
)
def test_more_forms_of_dates_are_read_and_refused_where_the_newest_is_first(form, tmp_path):
    days = [datetime(2022, 12, 20) + timedelta(days=i) for i in range(8)]
    cells = [form.format(day) for day in days]

    def write(order):
        (tmp_path / "a.csv").write_text("When,close\n" + "".join(f'"{cell}",{i}\n' for i, cell in enumerate(order)))

    write(cells)
    assert read_column(tmp_path / "a.csv", "close")[1].tolist() == list(range(8))
    write(cells[::-1])
    with pytest.raises(BadInput, match="sort the lines by time, the oldest first"):
        read_column(tmp_path / "a.csv", "close")


def test_dates_beside_the_time_may_be_in_any_order_and_those_that_are_not_in_order_are_named(tmp_path):
    rows = [("2020-01-01", "1990-05-02"), ("2020-01-02", "1985-01-01"), ("2020-01-03", "1970-07-07")]
    (tmp_path / "a.csv").write_text("date,dob,v\n" + "".join(f"{day},{dob},1\n" for day, dob in rows))
    assert read_column(tmp_path / "a.csv", "v")[1].tolist() == [1, 1, 1]
    (tmp_path / "b.csv").write_text("Session,v\n2020-01-01,1\n2020-01-03,2\n2020-01-02,3\n")
    notes = []
    read_column(tmp_path / "b.csv", "v", notes.append)
    assert any("'Session' holds dates that are not in order: it is not taken as the time" in each for each in notes)
