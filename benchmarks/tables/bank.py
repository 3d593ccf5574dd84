"""Makes a table of bank customers, and compares the ROC AUC of the zoo's mlp with scikit-learn's on the same split.

The customers are invented: whether one took a loan depends on age (the young and the old), job, the logarithm of the
balance, the credit history, the season and an earlier contact, and on chance. 12 of 100 did.
"""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["compare", "rank_auc", "write_bank"]

_JOBS = {"admin": 0.0, "blue-collar": -0.5, "manager": 0.3, "retired": 0.6, "student": 0.8, "technician": 0.0}
_RARE = {"astronaut": 1.0, "diver": 0.5}
_HISTORY = {"excellent": 0.9, "good": 0.3, "poor": -1.0, "none known": -0.2}
_NUMBERS, _TEXTS, _FLAGS = ("age", "balance", "campaign"), ("job", "credit_history"), ("housing", "contacted")
_BASE = -3.3  # of the log-odds, so that 12 of 100 say yes


def write_bank(path: Path, rows: int = 20_000, seed: int = 0) -> None:
    """Writes the table: an identifier, numbers, categories, yes and no, dates, missing values, and the target loan."""
    draw = np.random.default_rng(seed)
    age = draw.integers(18, 90, rows)
    job = draw.choice([*_JOBS, *_RARE], rows, p=[0.25, 0.25, 0.2, 0.1, 0.098, 0.1, 0.001, 0.001])
    balance = np.round(np.exp(draw.normal(7, 1.2, rows)), 2)
    history = draw.choice([*_HISTORY], rows, p=[0.2, 0.5, 0.2, 0.1])
    campaign = draw.poisson(2, rows) + 1
    housing, contacted = draw.random(rows) < 0.55, draw.random(rows) < 0.2
    days = np.datetime64("2023-01-01") + draw.integers(0, 730, rows)
    month = days.astype("datetime64[M]").astype(int) % 12
    effects = {**_JOBS, **_RARE, **_HISTORY}
    odds = (
        _BASE
        + 1.6 * np.abs(age - 45) / 45
        + np.array([effects[each] for each in job])
        + np.array([effects[each] for each in history])
        + 0.5 * (np.log(balance) - 7)
        + 0.8 * contacted
        - 0.4 * housing
        - 0.25 * (campaign - 3)
        + 0.4 * np.cos(2 * np.pi * month / 12)
    )
    loan = draw.random(rows) < 1 / (1 + np.exp(-odds))
    gone = draw.random((3, rows)) < np.array([0.05, 0.1, 0.08])[:, None]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(["customer", "age", "job", "balance", "credit_history", "campaign", "housing", "contacted",
                         "last_contact", "loan"])  # fmt: skip
        for i in range(rows):
            writer.writerow([
                f"K{i * 7919 % 1_000_003:07}", "" if gone[0, i] else age[i], "unknown" if gone[1, i] else job[i],
                f"{balance[i]:.2f}".replace(".", ","), "" if gone[2, i] else history[i], campaign[i],
                _word(housing[i]), _word(contacted[i]), _german(days[i]), _word(loan[i]),
            ])  # fmt: skip


def compare(rows: int = 20_000, seed: int = 0) -> dict[str, float]:
    """Trains on the table of `write_bank` and returns the ROC AUC on the test rows, by method."""
    from zoo.train import RunOptions, recipe_for, run

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bank.csv"
        write_bank(file, rows, seed)
        train, test = _halves(file)
        recipe = recipe_for("mlp", "table")
        options = {"file": str(train), "target": "loan", "test_file": str(test)}
        recipe = type(recipe)(**{**vars(recipe), "d": options})
        result = run(recipe, RunOptions(out=Path(folder) / "run", quiet=True, pictures=False, ckpt_every="off"))
        data = result.setup.data
        scores = result.load().probabilities(data.test.x)[:, 1]
        found = {"zoo, mlp": rank_auc(data.test.y, scores)}
        return found | _by_scikit_learn(train, test)


def rank_auc(y: Any, scores: Any) -> float:
    """Computes the area under the ROC curve by ranks, ties counted half.

    >>> rank_auc(np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.4, 0.4]))
    0.875
    """
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ones = y == 1
    return float((ranks[ones].sum() - ones.sum() * (ones.sum() + 1) / 2) / (ones.sum() * (~ones).sum()))


def _halves(file: Path) -> tuple[Path, Path]:
    """Writes every fifth row to a file of its own, in another order of the columns."""
    rows = list(csv.reader(file.open(newline="", encoding="utf-8"), delimiter=";"))
    parts = ([row for i, row in enumerate(rows) if i % 5 or not i], [rows[0][::-1]])
    parts[1].extend(row[::-1] for i, row in enumerate(rows) if i and not i % 5)
    paths = (file.with_name("train.csv"), file.with_name("test.csv"))
    for path, some in zip(paths, parts, strict=True):
        path.write_text("".join(";".join(row) + "\n" for row in some), encoding="utf-8")
    return paths


def _by_scikit_learn(train: Path, test: Path) -> dict[str, float]:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    (x, y), (x_test, y_test) = (_arrays(path) for path in (train, test))
    count, texts = x.shape[1] - len(_TEXTS), list(range(x.shape[1] - len(_TEXTS), x.shape[1]))
    numbers = list(range(count))
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    trees = make_pipeline(
        ColumnTransformer([("texts", ordinal, texts)], remainder="passthrough"),
        # its type is annotated as the default alone
        HistGradientBoostingClassifier(
            categorical_features=list(range(len(texts))),  # pyright: ignore[reportArgumentType]
            random_state=0,
        ),
    )
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=10)
    logistic = make_pipeline(
        ColumnTransformer([("numbers", scaled, numbers), ("texts", one_hot, texts)]), LogisticRegression(max_iter=1000)
    )
    named = {"scikit-learn, HistGradientBoosting": trees, "scikit-learn, logistic pipeline": logistic}
    return {name: rank_auc(y_test, each.fit(x, y).predict_proba(x_test)[:, 1]) for name, each in named.items()}


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns numbers, flags and parts of the date, then texts, as one array of objects, and the target."""
    rows = list(csv.DictReader(path.open(newline="", encoding="utf-8"), delimiter=";"))
    return np.array([_features(row) for row in rows], object), np.array([row["loan"] == "yes" for row in rows], int)


def _features(row: Mapping[str, str]) -> Sequence[Any]:
    day, month, year = map(int, row["last_contact"].split("."))
    numbers = [float(row[name].replace(",", ".") or "nan") for name in _NUMBERS]
    flags = [float(row[name] == "yes") for name in _FLAGS]
    return [*numbers, *flags, float(day), float(month), float(year), *(row[name] or "none" for name in _TEXTS)]


def _german(day: np.datetime64) -> str:
    year, month, date = str(day).split("-")
    return f"{date}.{month}.{year}"


def _word(flag: np.bool_) -> str:
    return "yes" if flag else "no"
