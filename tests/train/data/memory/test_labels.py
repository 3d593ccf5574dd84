"""What arrays, lists and frames in memory are taken for, and the messages for unsuitable ones."""

import jax.numpy as jnp
import numpy as np
import pytest

from zoo.train.data.memory.arrays import as_numbers, column_names
from zoo.train.data.memory.labels import targets_of
from zoo.train.data.split import of_fold
from zoo.train.errors import BadInput
from zoo.train.pipeline.arrays import GivenArrays

X = np.arange(24.0).reshape(8, 3)


@pytest.mark.parametrize(
    ("y", "task", "wanted", "classes", "labels"),
    [
        ([0, 1, 2, 1], "", "multiclass", ("0", "1", "2"), ()),
        ([True, False], "", "multiclass", ("0", "1"), ()),
        ([3, 5, 3], "", "multiclass", ("3", "5"), (3, 5)),
        (["b", "a"], "", "multiclass", ("a", "b"), ("a", "b")),
        (np.array(["b", "a"], object), "binary", "binary", ("a", "b"), ("a", "b")),
        ([0.5, 1.0], "", "regression", (), ()),
        ([0, 1], "regression", "regression", (), ()),
        ([[0, 1], [1, 1]], "", "multilabel", ("0", "1"), ()),
        ([[0, 1], [1, 0]], "", "multiclass", ("0", "1"), ()),
        ([[0, 1], [1, 0]], "multilabel", "multilabel", ("0", "1"), ()),
        ([[0, -1], [1, 0]], "tagging", "tagging", ("0", "1"), ()),
        ([1.0, 2.0], "multiclass", "multiclass", ("1", "2"), (1, 2)),
    ],
)
def test_the_type_of_targets_or_the_task_decides_what_they_are(y, task, wanted, classes, labels):
    found = targets_of([y], task)
    assert (found.task, found.classes, found.labels) == (wanted, classes, labels)


def test_classes_of_training_and_test_have_the_same_numbers():
    found = targets_of([["b", "c"], ["a", "c"]], "")
    assert [part.tolist() for part in found.parts] == [[1, 2], [0, 2]]


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        ([0.0, float("nan")], "", r"y, row 1 .*expected finite numbers, found nan"),
        (["a", None], "", r"y, row 1 .* is a missing value"),
        (["a", "a"], "", "y holds a single class, 'a'"),
        (["a", "b"], "regression", 'y holds texts, which are classes; task="regression" needs numbers'),
        ([], "", "y has no example"),
        ([1j, 2j], "", "y holds complex128"),
        (list(range(5, 45)), "", "40 different integers in 40 examples: to predict them as numbers, task="),
        ([0, 1, 2], "binary", 'task="binary" needs 2 classes, y has 3'),
        ([0.5, 1], "multiclass", r"y, row 0 .* is 0.5: expected classes"),
    ],
)
def test_unsuitable_targets_are_named_with_the_cure(y, task, message):
    with pytest.raises(BadInput, match=message):
        targets_of([y], task)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:5], "X has 5 examples, its y 8: the numbers must be equal"),
        (np.where(X == 7, np.nan, X), r"X, row 2, column 1 .*expected finite numbers, found nan"),
        (np.empty((0, 3)), r"X has shape \(0, 3\): expected at least one example"),
        (X[:, 0], r"X has shape \(8,\): .*a single column is X\[:, None\]"),
        ([[1, 2], [3]], "X is no array: its rows have different lengths"),
        (np.where(X == 7, "a", X.astype(object)), r"row 2, place 1 \(counted from 0\) is 'a', a str"),
        (X.astype(str), "X holds <U32, expected numbers"),
        (X.astype("M8[s]"), r"X holds datetime64\[s\], expected numbers"),
        (None, "X is None"),
        (3, "X is int: expected an array"),
    ],
)
def test_unsuitable_examples_are_named_with_the_cure(x, message):
    with pytest.raises(BadInput, match=message):
        GivenArrays(x, [0, 1] * 4).described("mlp", "")


@pytest.mark.parametrize("form", [np.asarray, jnp.asarray, np.ndarray.tolist, lambda x: x.astype(object)])
def test_arrays_of_any_library_and_lists_hold_the_same(form):
    np.testing.assert_array_equal(as_numbers(form(X), "X"), X)


def test_the_byte_order_of_the_machine_is_taken():
    assert as_numbers(X.astype(">f4"), "X").dtype == np.float32


def test_frames_of_pandas_give_their_columns_in_any_order():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1, 2, 3, 4], "size": [0.5, 1, 2, 3]})
    y = pandas.Series(["a", "b", "a", "b"], name="loan")
    given = GivenArrays(frame, y, test=(frame[["size", "age"]], y))
    kind, data = given.described("mlp", "")
    assert (kind.kind, data.features, data.labels) == ("table", ("age", "size"), ("a", "b"))
    np.testing.assert_array_equal(data.test.x, frame.to_numpy())
    with pytest.raises(BadInput, match="X of test has no column 'size'"):
        GivenArrays(frame, y, test=(frame[["age"]], y)).described("mlp", "")


def test_frames_of_polars_give_their_columns():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"age": [1, 2, 3, 4], "size": [0.5, 1, 2, 3]})
    _, data = GivenArrays(frame, polars.Series("y", [0.1, 0.2, 0.3, 0.4]), test=0).described("mlp", "")
    assert (data.features, data.task, data.target) == (("age", "size"), "regression", "y")
    np.testing.assert_array_equal(data.train.x, frame.to_numpy())


def test_a_frame_with_two_columns_of_one_name_is_refused():
    class Frame:
        columns = ("a", "a")

        def to_numpy(self):
            return X[:, :2]

    with pytest.raises(BadInput, match="two columns of the frame are named 'a'"):
        column_names(Frame())


class Column(list):
    to_list = list.copy

    def to_numpy(self):
        return np.array(self)


class Frame:
    """A frame as pandas and polars have it, for what they are used here."""

    def __init__(self, **columns):
        self.columns, self.cells = list(columns), columns

    def to_numpy(self):
        return np.array(list(self.cells.values()), object).T

    def __getitem__(self, names):
        return Column(self.cells[names]) if isinstance(names, str) else Frame(**{n: self.cells[n] for n in names})

    def __len__(self):
        return len(next(iter(self.cells.values())))


TABLE = Frame(age=[20, 30, None, 40] * 5, job=["cook", "clerk", "cook", "pilot"] * 5, id=list(range(20)))


def test_texts_and_missing_values_of_a_frame_are_encoded_by_the_training_rows_alone():
    given = GivenArrays(TABLE, [0, 1] * 10, column_kinds={"id": "ignore", "age": "number"})
    kind, data = given.described("mlp", "")
    assert (kind.kind, len(data.train.x), len(data.test.x)) == ("table", 16, 4)
    assert data.features == ("age", "age missing", "job=cook", "job=clerk", "job=pilot", "job=(other)")
    assert data.notes[0].startswith("X: a table of the columns age number, job category; id is left out")
    again = data.fitted_to(np.arange(4))
    assert again.encoder.columns[0] != data.encoder.columns[0]
    assert (len(again.train.x), len(again.test.x)) == (16, 4)


def test_rows_of_another_frame_are_encoded_as_those_of_the_training():
    rows = Frame(job=["cook", "waiter"], age=[20, None], id=[1, 2])
    _, data = GivenArrays(TABLE, [0, 1] * 10, test=(rows, [0, 1]), column_kinds={"id": "ignore"}).described("mlp", "")
    np.testing.assert_array_equal(data.test.x[:, 1:], [[0, 1, 0, 0, 0], [1, 0, 0, 0, 1]])
    with pytest.raises(BadInput, match="X of test has no column 'job'; did you mean jop"):
        GivenArrays(TABLE, [0, 1] * 10, test=(Frame(jop=["cook"], age=[2], id=[1]), [0])).described("mlp", "")


@pytest.mark.parametrize(
    ("y", "row"),
    [(["a", float("nan"), "b"], "1 .* is a missing value"), (["a", "b", 3], "2 .* is '3', a int"),
     ([1, 2.5, "b"], "2 .* is 'b', a str"), ([1, None], "1 .* is a missing value")],
)  # fmt: skip
def test_texts_with_missing_values_or_numbers_among_them_are_refused_by_the_row(y, row):
    with pytest.raises(BadInput, match=f"y, row {row}: expected texts alone or numbers alone"):
        targets_of([np.array(y, object)], "")


def test_the_rows_of_a_frame_are_encoded_by_the_training_rows_of_each_fold():
    """Medians by hand; the test rows are in the same frame, are the training rows, or are in a frame of their own."""
    ages = [float(i * i) for i in range(20)]
    y = [0, 1] * 10
    frame = Frame(age=ages, job=["cook", "clerk"] * 10)
    halves = [Frame(age=ages[rows], job=["cook", "clerk"] * 5) for rows in (slice(0, 10), slice(10, None))]
    given = [GivenArrays(frame, y), GivenArrays(frame, y, test=0), GivenArrays(halves[0], y[:10], (halves[1], y[10:]))]
    for each in given:
        data = each.described("mlp", "")[1]
        tested = []
        for i in range(4):
            part = of_fold(data, "table", f"{i}/4")
            age = part.encoder.columns[0]
            trained, held = (np.round(x[:, 0] / age.scale[0] + age.shift[0]) for x in (part.train.x, part.test.x))
            assert sorted([*trained, *held]) == ages
            assert age.fill[0] == np.median(trained)
            assert age.shift[0] == pytest.approx(np.mean(trained))
            tested += held.tolist()
        assert sorted(tested) == ages
