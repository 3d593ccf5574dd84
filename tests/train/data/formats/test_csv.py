"""Rows of a CSV file: delimiter, decimal sign and line numbers, or the reason why they are not clear."""

import pytest

from zoo.train.data.formats.csv import read_rows
from zoo.train.errors import BadInput
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import read_inputs

NUMBERS = [["1.5", "2"], ["-0.25", "3"]]
FORMS = {
    "Excel's first line": "sep=;\na;b\n1,5;2\n-0,25;3\n",
    "Excel's first line with quotes and a comma": '"sep=,"\r\na,b\r\n1.5,2\r\n-0.25,3\r\n',
    "a decimal comma between semicolons": "a;b\n1,5;2\n-0,25;3\n",
    "a decimal comma between tabs": "a\tb\n1,5\t2\n-0,25\t3\n",
    "a decimal comma in every cell": "a;b\n1,5;2,0\n-0,25;3,0\n",
    "line ends of an old Macintosh": "sep=|\ra|b\r1,5|2\r-0,25|3\r",
    "commas in a text between semicolons": "a;b\n1.5;2\n-0.25;3\n",
}


@pytest.fixture
def write(tmp_path):
    def at(text):
        (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "t.csv"

    return at


@pytest.mark.parametrize("form", FORMS)
def test_cells_are_separated_and_numbers_have_a_decimal_point(write, form):
    rows, notes = read_rows(write(FORMS[form]))
    assert [[float(cell) for cell in cells] for _, cells in rows[1:]] == [[1.5, 2], [-0.25, 3]]
    assert [line for line, _ in rows] == list(
        range(1 + ("sep=" in FORMS[form]), len(rows) + 1 + ("sep=" in FORMS[form]))
    )
    assert [("decimal sign" in note) for note in notes] == [True] * (",5" in FORMS[form])


def test_a_decimal_comma_without_a_header_is_no_delimiter(write):
    rows, notes = read_rows(write("1,5;2,5;3,5\n4,5;5,5;6,5\n"))
    assert [cells for _, cells in rows] == [["1.5", "2.5", "3.5"], ["4.5", "5.5", "6.5"]]
    assert "as in line 1: 1,5" in notes[0]
    (batch,) = read_inputs([str(write("1,5;2,5\n4,5;5,5\n"))], InputSpec("table", (2,), ("a", "b")))
    assert batch.x.tolist() == [[1.5, 2.5], [4.5, 5.5]]
    assert "decimal sign" in batch.notes[0]


def test_thousands_beside_a_decimal_comma_are_read_where_they_are_clear(write):
    rows, _ = read_rows(write("a;b\n1.234,5;2\n12.345.678,25;3\n"))
    assert [cells[0] for _, cells in rows[1:]] == ["1234.5", "12345678.25"]
    assert "the point is taken as the decimal sign, as in line 2: 1.234" in read_rows(write("a;b\n1.234;2\n"))[1][0]
    assert read_rows(write("a;b\n1.234;2\n1.5;2\n"))[1] == []
    with pytest.raises(BadInput, match=r"line 2 \(1,5\), so that the point in line 2 \(1\.234\) is not clear"):
        read_rows(write("a;b\n1,5;1.234\n2,5;2.500\n"))
    with pytest.raises(BadInput, match=r"the point in line 3 \(2\.5\) is not clear"):
        read_rows(write("a;b\n1,5;1\n2.5;2\n"))


def test_a_comma_that_may_separate_thousands_stays(write):
    assert read_rows(write("a;b\n1,234;2\n")) == ([(1, ["a", "b"]), (2, ["1,234", "2"])], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n".encode("utf-16"), "is not UTF-8 text: byte 0 .*as in UTF-16. Save the file as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16-le"), "holds the character NUL in line 1, as UTF-16 and binary files do"),
        (b"a,b\n1,\0\n", "holds the character NUL in line 2"),
        (b"a,b\n" + b"1,2\n" * 5000 + b"1,\xe9\n", r"byte 20006 \(line 5002\) is 0xe9"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place_and_the_cause(write, content, message):
    with pytest.raises(BadInput, match=rf"t\.csv {message}|t\.csv is not UTF-8 text: {message}"):
        read_rows(write(content))
