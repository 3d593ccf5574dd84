"""A column of a CSV file: accepted forms, errors of files that cannot be read."""

import re

import pytest

from zoo.train.data.formats.csv_column import read_column
from zoo.train.errors import BadInput


@pytest.fixture
def csv(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "prices.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


FORMS = {
    "commas": "day,price\nMon,1.5\nTue,-2\nWed,3e2\n",
    "semicolons": "day;price\nMon;1.5\nTue;-2\nWed;3e2\n",
    "tabs": "day\tprice\nMon\t1.5\nTue\t-2\nWed\t3e2\n",
    "windows": "day,price\r\nMon,1.5\r\nTue,-2\r\nWed,3e2\r\n",
    "quotes": '"day","price"\n"Mon, early","1.5"\n"two\nlines","-2"\nWed,"3e2"',
    "spaces and empty lines": "day , price \nMon, 1.5\n\nTue,-2 \n , \nWed,\t3e2\n\n",
    "a byte order mark": "\ufeffprice,day\n1.5,Mon\n-2,Tue\n3e2,Wed\n",
    "signs of every script": "день,price\nпн,1.5\nвт,-2\nср,3e2\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_column_is_read_from_a_file_with(form, csv):
    name, values = read_column(csv(FORMS[form]), "price")
    assert name == "price"
    assert values.tolist() == [1.5, -2, 300]


def test_the_only_column_needs_no_name(csv):
    assert read_column(csv("load\n1\n2\n"))[0] == "load"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", "price", "prices.csv is empty"),
        ("\n\n", "price", "prices.csv is empty"),
        ("day,price\n1,2\n", "", "has several columns: add --column with one of: day, price"),
        ("day,Price\n1,2\n", "price", "line 1: there is no column 'price'; did you mean Price? (it has: day, Price)"),
        ("day,price\n1,2\n", "prise", "line 1: there is no column 'prise'; did you mean price? (it has: day, price)"),
        ("day,price\n1,2\n", "volume", "there is no column 'volume' (it has: day, price)"),
        ("price,price\n1,2\n", "price", "line 1: 2 columns have the name 'price'"),
        ("1,2\n3,4\n", "price", "line 1: expected column names, found numbers (1, 2)"),
        ("day,price\n1,2\n2,\n", "price", "line 3, column 'price': the value is missing ('')"),
        ("day,price\n1,2\n2,NaN\n", "price", "line 3, column 'price': the value is missing ('NaN')"),
        ("day,price\n1,n/a\n", "price", "line 2, column 'price': the value is missing ('n/a')"),
        ("day,price\n1,2\n\n2,two\n", "price", "line 4, column 'price': 'two' is not a number"),
        ('day,price\n"a\nb",2\nc,two\n', "price", "line 4, column 'price': 'two' is not a number"),
        ("day;price\n1;2,555\n", "price", "'2,555' is not a number; write it with a decimal point"),
        ('day,price\n1,"1,234.5"\n', "price", "without thousands separators"),
        ("day,price\n1,1_000\n", "price", "'1_000' is not a number"),
        ("day,price\n1,inf\n", "price", "'inf' is too large"),
        ("day,price\n1,1e300\n", "price", "line 2, column 'price': '1e300' is too large"),
        ("day,price\n1,2\n3\n", "price", "line 3: 1 cells, but the first line has 2 columns"),
        ("day,price\n1,2,3\n", "price", "line 2: 3 cells, but the first line has 2 columns"),
        ('day,price\n1,2\n3,"4\n', "price", "line 3: not valid CSV"),
        (
            "Date,price\n2024-01-03,2\n2024-01-02,3\n",
            "price",
            "line 3, column 'Date': 2024-01-02 follows 2024-01-03; sort the lines by time, the oldest first",
        ),
    ],
)
def test_a_value_that_cannot_be_read_raises_with_its_place(text, column, message, csv):
    path = csv(text)
    with pytest.raises(BadInput, match=re.escape(message).replace(r"\.\*", ".*")) as caught:
        read_column(path, column)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "dates",
    [
        ("2024-01-02", "2024-01-02"),
        ("13/01/2024", "02/02/2024"),
        ("28.02.2024", "01.03.2024"),
        ("02/28/2024", "03/01/2024"),
        ("Jan 02, 2023", "Feb 01, 2023"),
    ],
)
def test_ascending_dates_of_the_usual_forms_are_accepted(csv, dates):
    assert read_column(csv(f'Trade Date,price\n"{dates[0]}",2\n"{dates[1]}",3\n'), "price")[1].tolist() == [2, 3]


@pytest.mark.parametrize("name", ["date", "Trade Date", "Sitzung"])
@pytest.mark.parametrize(
    "dates",
    [
        ("03/01/2024", "02/28/2024"),
        ("01.03.2024", "28.02.2024"),
        ("Feb 01, 2023", "Jan 02, 2023"),
        ("03/01/2024", "02/01/2024"),
        ("2024-01-02", "2024-01-01T00:00:00+00:00"),
    ],
)
def test_descending_dates_in_any_column_are_refused_with_the_line(csv, dates, name):
    with pytest.raises(BadInput, match=r"line 3, column .*; sort the lines by time, the oldest first"):
        read_column(csv(f'{name},price\n"{dates[0]}",2\n"{dates[1]}",3\n'), "price")


def test_dates_that_ascend_or_descend_with_the_order_of_day_and_month_are_refused(csv):
    with pytest.raises(BadInput, match="write them as YYYY-MM-DD"):
        read_column(csv("date,price\n03/01/2024,2\n02/02/2024,3\n01/03/2024,4\n"), "price")


def test_a_footer_among_the_dates_is_named(csv):
    with pytest.raises(BadInput, match=r"line 4, column 'date': 'Total' is not a date"):
        read_column(csv("date,price\n01/02/2024,2\n01/03/2024,3\nTotal,5\n"), "price")


def test_a_second_column_of_dates_in_no_order_is_no_time(csv):
    text = "date,born,price\n2024-01-01,1980-05-01,1\n2024-01-02,1970-05-01,2\n2024-01-03,1990-05-01,3\n"
    assert read_column(csv(text), "price")[1].tolist() == [1, 2, 3]


def test_an_empty_line_between_values_of_one_column_is_a_missing_value(csv):
    with pytest.raises(BadInput, match=r"line 4: the line is empty, a value of 'price' is missing"):
        read_column(csv("price\n1\n2\n\n4\n"))
    for regular in ("price\n\n1\n2\n3\n\n\n", "price\n\n1\n\n2\n\n3\n"):
        assert read_column(csv(regular))[1].tolist() == [1, 2, 3]


def test_a_file_that_is_not_text_raises(csv):
    with pytest.raises(BadInput, match=r"prices.csv holds the character NUL in line 1"):
        read_column(csv("day,pri\0ce\n"), "day")


def test_a_missing_file_raises_with_the_nearest_name(csv, tmp_path):
    csv("day,price\n")
    with pytest.raises(BadInput, match=r"price\.csv: No such file or directory; did you mean .*prices\.csv\?"):
        read_column(tmp_path / "price.csv", "price")
    with pytest.raises(BadInput, match="is a folder"):
        read_column(tmp_path, "price")
