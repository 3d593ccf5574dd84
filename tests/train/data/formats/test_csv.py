"""Rows of a CSV file: delimiter, decimal sign and line numbers, or the reason why they are not clear."""

import pytest

from zoo.train.data.formats.csv import read_rows
from zoo.train.data.formats.utf8 import text_parts
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
        (b"a,b\n1,\0\n", "holds the character NUL in line 2"),
        ("a,b\né,2\n".encode() + b"1,2\n" * 5000 + b"1,\xe9\n", r"byte 20011 \(line 5003\) is 0xe9"),
        (b"a,b\n" + b"1,\xe9\n" * 5 + b"1,\x81\n", r"byte 6 \(line 2\) is 0xe9"),
        (b"a,b\n1,\xe9\n\0\0\n", r"byte 6 \(line 2\) is 0xe9"),
        (b"\xef\xbb\xbfa,b\n1,\xe9\n", r"is not UTF-8 text"),
    ],
)
def test_what_is_no_text_is_refused_with_the_place_and_the_cause(write, content, message):
    with pytest.raises(BadInput, match=rf"t\.csv {message}|t\.csv is not UTF-8 text: {message}"):
        read_rows(write(content))


CAFES = "name,price\nCaf\u00e9,1\nM\u00fcnchen \u2013 Bar,2\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CAFES.encode(), ""),
        (CAFES.encode("utf-8-sig"), ""),
        (CAFES.encode("utf-16"), "t.csv is read as utf-16, by its first bytes; if that is wrong, --d.encoding NAME"),
        (CAFES.encode("utf-16-be"), "is read as utf-16-be"),
        (CAFES.encode("utf-16-le"), "is read as utf-16-le"),
        (CAFES.encode("utf-32"), "is read as utf-32"),
        (CAFES.encode("cp1252"), "t.csv is not UTF-8, byte 14 (line 2) is 0xe9: read as Windows-1252 (cp1252)"),
    ],
)
def test_other_encodings_are_guessed_and_told(write, content, told):
    rows, notes = read_rows(write(content))
    assert [cells for _, cells in rows] == [["name", "price"], ["Caf\u00e9", "1"], ["M\u00fcnchen \u2013 Bar", "2"]]
    assert len(notes) == bool(told)
    assert told in "".join(notes)


def test_the_guess_is_the_same_for_pieces_of_any_size(write):
    for encoding in ("cp1252", "utf-16"):
        path, notes = write(CAFES.encode(encoding)), []
        for piece in (1000,) if encoding == "utf-16" else (1, 2, 3, 1000):
            assert "".join(text_parts(path, piece=piece, note=notes.append)) == CAFES
        assert len(set(notes)) == 1


def test_an_encoding_that_is_given_is_not_guessed(write):
    path = write("name\n\u017elu\u0165\n".encode("cp1250"))
    assert read_rows(path, "cp1250") == ([(1, ["name"]), (2, ["\u017elu\u0165"])], [])
    with pytest.raises(BadInput, match=r"t.csv is not utf-8 text: byte 5 .* Name its encoding with --d.encoding"):
        read_rows(path, "utf-8")
    with pytest.raises(BadInput, match=r"--d.encoding utf-9 is not known: give one of Python's, as utf-8"):
        read_rows(path, "utf-9")


@pytest.mark.parametrize(("written", "named"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-32", "utf-32")])
def test_the_mark_of_the_byte_order_is_no_part_of_the_first_name(write, written, named):
    assert read_rows(write("name\n1\n".encode(written)), named)[0][0] == (1, ["name"])


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("utf-16", r"t.csv is not utf-16 text: .* Name its encoding with --d.encoding"),
        ("undefined", "--d.encoding undefined is not known"),
        ("utf-8\0", "is not known"),
    ],
)
def test_an_encoding_that_cannot_read_the_file_is_refused(write, named, message):
    with pytest.raises(BadInput, match=message):
        read_rows(write(b"name\n1\n"), named)
