"""Data sets included in scikit-learn, read from its files without importing it, which would take a second.

The test split is one of five fixed, shuffled folds, stratified by class: the five runs `--d.fold 0` to `--d.fold 4`
are a cross-validation.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import DataUnavailable
from ...option_types import Bounds
from ..dataset import Dataset, Place, Source, Split

if TYPE_CHECKING:
    import numpy as np

Fold = Annotated[int, Bounds(0, 4)]

__all__ = ["SOURCES", "breast_cancer", "diabetes", "digits", "iris", "wine"]

_DIGITS = tuple("0123456789")
_IRIS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
)  # fmt: skip
_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
_CELLS = (
    tuple(f"mean {m}" for m in _NUCLEUS) + tuple(f"{m} error" for m in _NUCLEUS) + tuple(f"worst {m}" for m in _NUCLEUS)
)
# Of the first seeds, the one for which a linear classifier scores most evenly on the five folds of digits: each fold
# then represents all.
_FOLDS = 2
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


def digits(place: Place, *, fold: Fold = 0) -> Dataset:
    """Loads 1,797 handwritten digits, uint8 (N, 8, 8, 1) from 0 to 16. Source: UCI, Alpaydin and Kaynak 1998.

    Args:
        place: not used; the files are installed with scikit-learn.
        fold: index of the held-out fold, 0 to 4.
    """
    import numpy as np

    rows = _table("digits.csv.gz")
    x = rows[:, :64].astype(np.uint8).reshape(-1, 8, 8, 1)
    return _dataset("digits", x, rows[:, 64], _DIGITS, (), fold)


def iris(place: Place, *, fold: Fold = 0) -> Dataset:
    """Loads 150 flowers of three species, four lengths in cm. Source: Fisher 1936.

    Args:
        place: not used; the files are installed with scikit-learn.
        fold: index of the held-out fold, 0 to 4.
    """
    return _load_table("iris", "iris.csv", ("setosa", "versicolor", "virginica"), _IRIS, fold)


def wine(place: Place, *, fold: Fold = 0) -> Dataset:
    """Loads 178 wines of three growers, 13 chemical measurements. Source: UCI, Aeberhard and Forina 1991.

    Args:
        place: not used; the files are installed with scikit-learn.
        fold: index of the held-out fold, 0 to 4.
    """
    return _load_table("wine", "wine_data.csv", ("class_0", "class_1", "class_2"), _WINE, fold)


def breast_cancer(place: Place, *, fold: Fold = 0) -> Dataset:
    """Loads 569 tumours, malignant (0) or benign (1), 30 measurements of cell nuclei. Source: UCI, Wolberg 1995.

    Args:
        place: not used; the files are installed with scikit-learn.
        fold: index of the held-out fold, 0 to 4.
    """
    return _load_table("breast_cancer", "breast_cancer.csv", ("malignant", "benign"), _CELLS, fold)


def diabetes(place: Place, *, fold: Fold = 0) -> Dataset:
    """Loads 442 patients and their disease progression. Source: Efron, Hastie, Johnstone and Tibshirani 2004.

    The ten columns keep their units (scikit-learn's `scaled=False`), because the scaler is fitted on the training
    split only; scikit-learn's default scales by statistics of the whole table, test examples included.

    Args:
        place: not used; the files are installed with scikit-learn.
        fold: index of the held-out fold, 0 to 4.
    """
    import numpy as np

    x = _table("diabetes_data_raw.csv.gz", delimiter=None).astype(np.float32)
    y = _table("diabetes_target.csv.gz").reshape(-1).astype(np.float32)
    parts = _split(x, y, fold)
    return Dataset("diabetes", "regression", *parts, features=_DIABETES, target="disease progression in a year (score)")


def _load_table(name: str, file: str, classes: tuple[str, ...], features: tuple[str, ...], fold: int) -> Dataset:
    import numpy as np

    rows = _table(file, skip=1)
    return _dataset(name, rows[:, :-1].astype(np.float32), rows[:, -1], classes, features, fold)


def _dataset(name: str, x: "np.ndarray", y: "np.ndarray", classes: tuple, features: tuple, fold: int) -> Dataset:
    train, test = _split(x, y.astype("int32"), fold)
    return Dataset(name, "binary" if len(classes) == 2 else "multiclass", train, test, classes, features)


def _split(x: "np.ndarray", y: "np.ndarray", fold: int) -> tuple[Split, Split]:
    from ..split import folds

    held = folds(y, seed=_FOLDS) == fold
    return Split(x[~held], y[~held]), Split(x[held], y[held])


def _table(file: str, skip: int = 0, delimiter: str | None = ",") -> "np.ndarray":
    import numpy as np

    path = _folder() / file
    try:
        return np.loadtxt(path, delimiter=delimiter, skiprows=skip, ndmin=2)
    except (OSError, EOFError, ValueError) as error:
        advice = "reinstall scikit-learn: pip install --force-reinstall --no-deps scikit-learn"
        raise DataUnavailable(f"cannot read {path}, a file of scikit-learn: {error}; {advice}") from error


def _folder() -> Path:
    found = find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise DataUnavailable("this data set is part of scikit-learn, which is not installed: pip install scikit-learn")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data"


SOURCES = (
    Source("digits", "1,797 handwritten digits, 8x8 (UCI)", "image", "multiclass", (8, 8, 1), 10, digits),
    Source("iris", "150 flowers of three species, 4 lengths (Fisher 1936)", "table", "multiclass", (4,), 3, iris),
    Source("wine", "178 wines of three growers, 13 measurements (UCI)", "table", "multiclass", (13,), 3, wine),
    Source(
        "breast_cancer", "569 tumours, malignant or benign, 30 measurements (UCI)", "table", "binary", (30,), 1,
        breast_cancer,
    ),
    Source(
        "diabetes", "442 patients, 10 measurements, disease progression in a year (Efron et al. 2004)", "table",
        "regression", (10,), 1, diabetes,
    ),
)  # fmt: skip
