"""Tables, series, sequences and texts from files; errors name the line."""

import numpy as np
import pytest

from zoo.train.errors import BadInput
from zoo.train.inference.inputs.batch import InputSpec
from zoo.train.inference.inputs.read import read_inputs

TABLE = InputSpec("table", (2,), ("width", "height"))
SERIES = InputSpec("series", (3, 1), ("load",))
STEPS = InputSpec("sequence", (30, 2), ("number", "mark"))
TOKENS = InputSpec("sequence", (6,), vocabulary=("a", "b", "blank"))
LETTERS = InputSpec("text", (16,), vocabulary=("\n", "a", "b"))


@pytest.fixture
def file(tmp_path):
    def write(text, name="t.csv"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def read(path, spec, **options):
    (batch,) = read_inputs([path], spec, **options)
    return batch


def test_columns_are_found_by_name_in_any_order(file):
    batch = read(file("id;height;width\n7;2;1\n\n8;4;3\n"), TABLE)
    assert batch.x.tolist() == [[1, 2], [3, 4]]
    assert [name.rpartition(":")[2] for name in batch.names] == ["2", "4"]
    assert batch.notes == ()


def test_without_a_header_columns_are_read_by_position(file):
    assert read(file("1,2\n3,4\n"), TABLE).x.tolist() == [[1, 2], [3, 4]]


def test_a_header_of_other_names_gives_a_note(file):
    batch = read(file("a,b\n1,2\n"), TABLE)
    assert batch.x.tolist() == [[1, 2]]
    assert "its columns (a, b, ...) are read in their order, as 2 columns: width, height" in batch.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv is empty: expected lines of 2 columns: width, height"),
        ("width,height\n", "t.csv has no values below its header"),
        ("width,depth\n1,2\n", "t.csv, line 1: there is no column 'height'"),
        ("width,height,width\n1,2,3\n", "t.csv, line 1: 2 columns have the name 'width'"),
        ("1,2,3\n", "t.csv, line 1: 3 columns, expected 2 columns: width, height"),
        ("1,2\n3\n", "t.csv, line 2: 1 cells, but the first line has 2"),
        ("width,height\n1,2\n3,x\n", "t.csv, line 3, column 'height': 'x' is not a number"),
        ("1,2\n3,\n", "t.csv, line 2, column 2: the value is missing"),
        ("1,2\n3,1e99\n", "t.csv, line 2, column 2: '1e99' is too large"),
    ],
)
def test_an_invalid_table_raises_with_its_place(file, text, message):
    with pytest.raises(BadInput, match=message):
        read(file(text), TABLE)


def test_a_series_is_read_from_its_last_values_with_a_note(file):
    path = file("day,load,price\n" + "".join(f"{i},{i},{-i}\n" for i in range(9)))
    batch = read(path, SERIES)
    assert batch.x[0, :, 0].tolist() == [6, 7, 8]
    assert "column 'load': forecast from the last 3 of 9 values" in batch.notes[0]
    assert read(path, SERIES, column="price").x[0, :, 0].tolist() == [-6, -7, -8]
    with pytest.raises(BadInput, match="did you mean price"):
        read(path, SERIES, column="prise")
    with pytest.raises(BadInput, match="has 2 values, and the model's window is 3"):
        read(file("load\n1\n2\n"), SERIES)


def test_lines_are_the_steps_of_a_sequence(file):
    assert read(file("mark,number\n0,1\n1,2\n"), STEPS).x.tolist() == [[[1, 0], [2, 1]]]


def test_lines_of_tokens_are_sequences(file):
    first, second = read_inputs([file("a b blank\nb\n\n", "t.txt")], TOKENS)
    assert (first.x.tolist(), second.x.tolist()) == ([[0, 1, 2]], [[1]])
    with pytest.raises(BadInput, match=r"t.txt, line 2: 'c' is not a token of the model \(a, b, blank\)"):
        read_inputs([file("a\nb c\n", "t.txt")], TOKENS)


def test_a_text_is_a_row_of_tokens_and_an_unknown_one_raises(file):
    assert read(file("ab\nba", "t.md"), LETTERS).x.tolist() == [[1, 2, 0, 2, 1]]
    with pytest.raises(
        BadInput, match=r"t.md: the character 'c' \(line 2, column 1\) is not in the model's vocabulary"
    ):
        read(file("ab\ncb", "t.md"), LETTERS)
    with pytest.raises(BadInput, match=r"t\.md has 1 characters: there is no next one"):
        read(file("a", "t.md"), LETTERS)


def test_all_files_are_read_or_none_and_examples_of_one_shape_are_a_batch(file, tmp_path):
    good, bad = file("1,2\n"), file("1,x\n", "b.csv")
    np.save(tmp_path / "c.npy", np.array([[5.0, 6.0]]))
    (batch,) = read_inputs([good, str(tmp_path / "c.npy")], TABLE)
    assert batch.x.tolist() == [[1, 2], [5, 6]]
    with pytest.raises(BadInput, match=r"b\.csv, line 1, column 2"):
        read_inputs([good, bad], TABLE)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.csv", "no such file; did you mean t.csv"),
        ("t.xlsx", r"unsupported file type .xlsx; the model accepts tables \(.csv\), .npy"),
        ("", r"is a folder; the model accepts tables"),
    ],
)
def test_unsupported_files_raise_with_the_accepted_ones(file, tmp_path, name, message):
    file("1,2\n")
    file("", "t.xlsx")
    with pytest.raises(BadInput, match=message):
        read_inputs([str(tmp_path / name)], TABLE)


def test_a_folder_without_images_raises(tmp_path):
    with pytest.raises(BadInput, match=r"has no images \(.png, .jpg, .webp, "):
        read_inputs([str(tmp_path)], InputSpec("image", (8, 8, 1), range=(0, 1)))
