"""A table of one's own: what it is taken for, its split, its files in odd forms, and the errors that name a place."""

import numpy as np
import pytest

from zoo.train import RunOptions
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Place, load_data, source
from zoo.train.data.sources.table import table_name
from zoo.train.data.split import of_fold
from zoo.train.errors import BadInput
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.pipeline.splits import fitted_to_training, scalers_for, validation_split
from zoo.train.sweeps.results import Setting
from zoo.train.sweeps.sweep import sweep
from zoo.train.trained.model import load

ROWS = [(f"c{i}", 20 + i % 7 * 5, ("cook", "clerk")[i % 3 == 0], 1.5 * i, ("no", "yes")[i % 4 == 0]) for i in range(40)]
NAMES = ("client", "age", "job", "balance", "loan")


def text(rows=ROWS, names=NAMES, by=",", decimal=".", quote=""):
    cells = [[str(cell).replace(".", decimal if isinstance(cell, float) else ".") for cell in row] for row in rows]
    return "".join(by.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in [names, *cells])


@pytest.fixture
def write(tmp_path):
    def at(content, name="bank.csv"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(tmp_path / name)

    return at


def loaded(file, target="loan", name="table", notes=None, **options):
    print_fn = (lambda line: None) if notes is None else notes.append
    return load_data(name, Place(print_fn=print_fn), {"file": file, "target": target, **options})


@pytest.fixture
def plain(write):
    return loaded(write(text()))


def same(a, b):
    pairs = zip((*a.train[:2], *a.test[:2]), (*b.train[:2], *b.test[:2]), strict=True)
    return all(np.array_equal(p, q) for p, q in pairs)


@pytest.mark.parametrize(
    "content",
    [
        text(by=";", decimal=","),
        text(by="\t"),
        text(by="|", quote='"'),
        "sep=;\n" + text(by=";"),
        b"\xef\xbb\xbf" + text().encode(),
        text().replace("\n", "\r\n"),
        text().replace("\n", "\r"),
        text().replace("\n", "\n\n"),
        text().replace(",", " , "),
    ],
)
def test_a_table_in_another_form_gives_the_same_bits(write, plain, content):
    assert same(loaded(write(content, "other.csv")), plain)


def test_columns_are_named_with_their_kinds_before_the_training(write):
    notes = []
    loaded(write(text().replace("25,clerk", ",clerk")), notes=notes)
    assert [line.partition("bank.csv: ")[2] for line in notes] == [
        "40 rows; target loan: 2 classes: no (30), yes (10)",
        "number: age, balance; category: job (2); 6 features",
        "left out: client (40 different texts in 40 rows); other kinds: --d.columns NAME=KIND,NAME=KIND",
        "missing values are filled with the median or the most frequent: age (2)",
    ]


def test_kinds_that_are_given_overrule_those_that_are_found(write):
    data = loaded(write(text()), columns="age=category,balance=ignore,client=category")
    ages = {name for name in data.features if name.startswith("age=")}
    assert ages == {*(f"age={20 + 5 * i}" for i in range(7)), "age=(other)"}
    assert not any(name.startswith("balance") for name in data.features)
    assert data.encoder.ignored["balance"] == "as given"
    with pytest.raises(BadInput, match=r"bank.csv, line 2, column 'job': 'clerk' is not a number"):
        loaded(write(text()), columns="job=number")


def test_the_split_is_seeded_and_keeps_the_shares_of_classes(write):
    file = write(text())
    data = loaded(file, test_share=0.25, seed=3)
    assert same(data, loaded(file, test_share=0.25, seed=3))
    assert (len(data.train.y), len(data.test.y)) == (30, 10)
    assert data.test.y.sum() in (2, 3)  # of a quarter of the 10
    assert not same(data, loaded(file, test_share=0.25, seed=4))


def test_a_test_file_has_its_columns_by_name_in_any_order(write):
    shuffled = [(row[3], row[4], row[1], row[0], row[2], "x") for row in ROWS[30:]]
    test = write(text(shuffled, ("balance", "loan", "age", "client", "job", "more")), "test.csv")
    train = write(text(ROWS[:30]), "train.csv")
    data = loaded(train, test_file=test)
    straight = loaded(train, test_file=write(text(ROWS[30:]), "straight.csv"))
    assert same(data, straight)
    assert (len(data.train.y), len(data.test.y)) == (30, 10)
    assert data.test.y.tolist() == [int(row[4] == "yes") for row in ROWS[30:]]
    without = write(text([row[1:] for row in ROWS[30:]], ("years", "job", "balance", "loan")), "without.csv")
    with pytest.raises(BadInput, match=r"without.csv, line 1: there is no column 'age'"):
        loaded(train, test_file=without)


def test_neither_test_rows_nor_those_for_validation_reach_the_encoder(write):
    """Their cells are replaced by others; medians, means and categories must stay those of the training rows."""
    recipe, options = Recipe("mlp", "table", val_share=0.25, seed=5), {"file": write(text()), "target": "loan"}
    whole = load_data("table", options=options)
    data = fitted_to_training(recipe, whole)
    _, train, held = validation_split(recipe, data, source("table"), None)
    assert (len(train.y), len(held.y), len(data.test.y)) == (24, 8, 8)
    balance = next(column for column in data.encoder.columns if column.name == "balance")
    kept = train.x[:, data.features.index("balance")] / balance.scale[0] + balance.shift[0]
    numbers = {round(float(each), 1) for each in kept}
    assert numbers < {row[3] for row in ROWS}
    assert balance.shift[0] == pytest.approx(np.mean([*numbers]))
    assert balance.fill[0] == pytest.approx(np.median([*numbers]))
    assert data.encoder != whole.encoder
    changed = [row if row[3] in numbers else (row[0], 900, "pilot", 1e6 + row[3], row[4]) for row in ROWS]
    again = load_data("table", options=options | {"file": write(text(changed), "changed.csv")})
    assert fitted_to_training(recipe, again).encoder == data.encoder


@pytest.mark.parametrize(
    ("target", "name", "task", "classes"),
    [
        ("loan", "table", "binary", ("no", "yes")),
        ("job", "table", "binary", ("clerk", "cook")),
        ("balance", "table_values", "regression", ()),
        ("age,balance", "table_values", "regression", ()),
        ("a,b", "table_labels", "multilabel", ("a", "b")),
        ("grade", "table", "multiclass", ("1", "2", "10")),
    ],
)
def test_the_target_is_taken_for_what_it_holds(write, target, name, task, classes):
    rows = [(*row, i % 2, ("no", "yes")[i % 3 == 0], (10, 2, 1)[i % 3]) for i, row in enumerate(ROWS)]
    file = write(text(rows, (*NAMES, "a", "b", "grade")))
    assert table_name(file, target) == name
    commas = write(text(rows, (*NAMES, "a", "b", "grade"), by=";", decimal=","), "commas.csv")
    assert table_name(commas, target) == name
    notes = []
    data = loaded(file, target, name, notes)
    assert (data.task, data.classes, data.target) == (task, classes, target.replace(",", ", "))
    assert not set(target.split(",")) & {each.partition("=")[0] for each in data.features}
    assert data.outputs == {"binary": 1, "multiclass": 3, "multilabel": 2}.get(task, len(target.split(",")))
    if target == "grade":
        assert "3 classes: 1 (13), 2 (13), 10 (14); to predict numbers instead, --task regression" in notes[0]
        assert table_name(file, target, "regression") == "table_values"
        y = loaded(file, target, "table_values").test.y
        assert set(y.tolist()) <= {1.0, 2.0, 10.0}


def test_a_table_without_a_target_has_all_columns_as_features(write):
    file, notes = write(text()), []
    data = loaded(file, "", "table_rows", notes)
    assert {each.partition("=")[0] for each in data.features} >= {"loan", "balance", "job"}
    assert (data.task, data.classes, data.target, data.outputs) == ("generation", (), "", 1)
    assert len(data.train.x) + len(data.test.x) == len(ROWS)
    assert "40 rows; target none, all columns are read" in notes[0]
    with pytest.raises(BadInput, match=r"--d.target loan: table_rows has no target; take --dataset table"):
        loaded(file, "loan", "table_rows")


def test_a_task_that_is_given_overrules_the_guess(write):
    file = write(text())
    assert table_name(file, "balance", "multiclass") == "table"
    assert table_name(file, "age,balance", "regression") == "table_values"
    with pytest.raises(BadInput, match=r"'balance' has 40 different values in 40 rows.*--task regression"):
        loaded(file, "balance", "table")
    with pytest.raises(BadInput, match=r"line 2, column 'loan': 'yes' is not a number"):
        loaded(file, "loan", "table_values")
    with pytest.raises(BadInput, match=r"2 columns are numbers to predict or yes and no, but 'loan' holds 'yes'"):
        table_name(file, "loan,job")


def test_rows_without_a_target_are_left_out_and_counted(write):
    notes = []
    data = loaded(write(text([*ROWS[:20], ("c", 30, "cook", 2.5, ""), *ROWS[20:]])), notes=notes)
    assert len(data.train.y) + len(data.test.y) == 40
    assert any("1 rows without a target are left out, the first in line 22" in line for line in notes)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, r"bank.csv is empty"),
        ("age,loan\n", {}, r"has no rows below its first line"),
        ("1,2\n3,4\n", {}, r"line 1: expected column names, found numbers \(1, 2\)"),
        ("age,age,loan\n1,2,no\n", {}, r"line 1: 2 columns have the name 'age'"),
        ("age,loan\n1,no\n2\n", {}, r"line 3: 1 cells, but the first line has 2 columns"),
        (text(), {"target": "lone"}, r"has no column 'lone'; did you mean loan"),
        (text(), {"target": ""}, r"--d.target NAME is missing"),
        (text() + "Total,,,1170.0,\n", {}, r"line 42: 'Total' looks like a sum below the rows"),
        (text().replace("57.0", "5O"), {}, r"line 40, column 'balance': '5O', where nearly all others are numbers"),
        (text().replace(",yes", ",no"), {}, r"the target 'loan' is 'no' in every row"),
        (
            text(by=";").replace(".5;", ",25;").replace("57.0", "57.125"),
            {},
            r"so that the point in line .* is not clear",
        ),
        (
            text().replace("28.5", '"1,028.5"').replace("30.0", '"1,5"'),
            {"columns": "client=ignore"},
            r"nearly all others",
        ),
        (text(decimal=",", quote='"'), {}, r"line 2, column 'balance': '0,0' may be a number with .* a decimal comma"),
        (text().encode("utf-16"), {"encoding": "utf-8"}, r"is not utf-8 text"),
    ],
)
def test_what_is_no_table_is_refused_with_the_place(write, content, options, message):
    with pytest.raises(BadInput, match=message):
        loaded(write(content), **{"target": "loan", **options})


def test_a_text_that_stands_for_a_missing_value_may_be_named(write):
    content = text().replace("57.0", "unknown")
    notes = []
    data = loaded(write(content), missing="n.n., Unknown", notes=notes)
    assert notes[-1].endswith("filled with the median or the most frequent: balance (1)")
    assert data.encoder.blanks == ("n.n.", "Unknown")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_a_bundled_set_written_to_files_gives_the_same_numbers_to_the_model(write, name):
    bundled = load_data(name)
    files = [write(text(*written(bundled, split)), f"{split}.csv") for split in ("train", "test")]
    own = loaded(files[0], "target", table_name(files[0], "target"), test_file=files[1])
    assert (own.task, len(own.features)) == (bundled.task, bundled.train.x.shape[1])
    recipe = Recipe("mlp", name)
    for split in ("train", "test"):
        pairs = [(data, getattr(data, split)) for data in (own, bundled)]
        x, there = (scalers_for(recipe, data, data.train)[0].apply(part.x) for data, part in pairs)
        np.testing.assert_allclose(x, there, atol=3e-6)
        np.testing.assert_array_equal(pairs[0][1].y, pairs[1][1].y)


def written(data, split):
    """Returns the rows of a split, with the target last, and the names of the columns."""
    part = getattr(data, split)
    rows = [(*map(float, x), y) for x, y in zip(part.x, part.y.tolist(), strict=True)]
    return rows, (*data.features, "target")


@pytest.mark.parametrize("own", [False, True], ids=["one file", "test file"])
def test_statistics_of_a_fold_are_those_of_its_training_rows_without_those_for_validation(write, own):
    """Medians by hand; a category that the held rows alone have is unknown to the fold."""
    rows = [(float(i * i), "cook" if i % 2 else f"job{i}", ("no", "yes")[i % 4 == 0]) for i in range(40)]
    names = ("balance", "job", "loan")
    options = {"file": write(text(rows[: 30 if own else 40], names)), "target": "loan", "rare": 1}
    options |= {"columns": "job=category"}
    options |= {"test_file": write(text(rows[30:], names), "test.csv")} if own else {}
    data, tested = load_data("table", options=options), []
    for i in range(4):
        recipe = Recipe("mlp", "table", fold=f"{i}/4", val_share=0.2)
        fold = of_fold(data, "table", recipe.fold)
        fitted = fitted_to_training(recipe, fold)
        _, train, val = validation_split(recipe, fitted, source("table"), None)
        for found, parts in ((fold, (fold.train, fold.test)), (fitted, (train, val, fitted.test))):
            balance = found.encoder.columns[0]
            numbers = [np.round(part.x[:, 0] / balance.scale[0] + balance.shift[0]) for part in parts]
            assert sorted(np.concatenate(numbers)) == [row[0] for row in rows]
            assert balance.fill[0] == np.median(numbers[0])
            assert balance.shift[0] == pytest.approx(np.mean(numbers[0]))
            jobs = {job for number, job, _ in rows if number in numbers[0]}
            assert set(found.encoder.columns[1].categories) == jobs
            assert val is not None
            for part, row_numbers in zip(parts, numbers, strict=True):
                assert part.y.tolist() == [int(row_number**0.5 % 4 == 0) for row_number in row_numbers]
        tested += numbers[-1].tolist()
    assert sorted(tested) == [row[0] for row in rows]


def test_classes_whose_names_stand_for_missing_values_are_named(write):
    notes, rows = [], [(*row[:4], ("None", "much", "some")[i % 3]) for i, row in enumerate(ROWS)]
    loaded(write(text(rows)), notes=notes)
    assert any("14 rows without a target are left out, the first in line 2 (empty, or None: rename" in n for n in notes)
    with pytest.raises(BadInput, match=r"'loan' is empty \(None, nan stand for missing values; rename those that are"):
        loaded(write(text([(*row[:4], ("None", "nan")[i % 2]) for i, row in enumerate(ROWS)])))


@pytest.mark.expensive
def test_seeds_whose_training_rows_have_different_categories_are_trained_each_with_its_own(write, tmp_path):
    rows = [(i % 9, f"job{i}" if i % 6 == 0 else "cook", ("no", "yes")[i % 4 == 0]) for i in range(40)]
    options = {
        "file": write(text(rows, ("age", "job", "loan"))),
        "target": "loan",
        "rare": 1,
        "columns": "job=category",
    }
    recipe = Recipe("logistic", "table", epochs=1, val_share=0.3, d=options)
    found = sweep([Setting({}, recipe)], [0, 1, 2], tmp_path / "runs", RunOptions(quiet=True, pictures=False))
    models = [load(found[0].folder / f"seed-{seed}") for seed in range(3)]
    assert len({model.input_shape for model in models}) > 1
    for model, line in zip(models, found[0].runs, strict=True):
        assert evaluate(model).metrics["accuracy"] == line["test"]
