"""Importance of the columns of a table: how much a score falls when the values of a column are permuted.

Permutation importance (Breiman 2001, Random Forests; Fisher, Rudin and Dominici 2019) of the test examples. A column
that repeats another one may score low, as the model can read the other.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..data.dataset import Dataset, Place, Source, Split
from ..errors import BadInput
from ..evaluation.saved_model import evaluator_of, scored
from ..trained.model import Trained

__all__ = ["Importance", "importance", "importance_csv", "permuted"]


class Importance(NamedTuple):
    """Holds the importance of columns, the largest first.

    Attributes:
        metric: name of the score.
        score: score of the examples as they are.
        columns: name, mean fall of the score and its standard deviation over the repeats, one row a column.
        repeats: number of permutations of each column.
    """

    metric: str
    score: float
    columns: tuple[tuple[str, float, float], ...]
    repeats: int


def importance(
    trained: Trained,
    kind: Source,
    data: Dataset,
    repeats: int = 10,
    seed: int = 0,
    place: Place = Place(),  # noqa: B008
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Importance:
    """Computes the importance of each column for the headline metric of a model on the test examples.

    Args:
        trained: the model.
        kind: source of the data, a table or points.
        data: data that fit the model.
        repeats: number of permutations of each column.
        seed: seed of the permutations.
        place: folder of data files.
        groups: features by name that are permuted together; None: all those of a table's column, as one for each of its
            categories and the one of its missing values; where rows are arrays of numbers, each on its own.

    Raises:
        BadInput: if the examples are no rows of a table.
    """
    if kind.kind not in ("table", "points"):
        raise BadInput(f"--importance needs the columns of a table; {kind.name} is {kind.kind} data")
    evaluator, split = evaluator_of(trained, kind, data, place), data.test
    groups = groups or _groups(data, split.x.shape[1])
    metric, sign = trained.task.headline, 1 if trained.task.higher_is_better else -1
    score = scored(trained, evaluator)[metric]
    rows = []
    for i, (name, columns) in enumerate(groups.items()):
        others = (evaluator.on(permuted(split, columns, (seed, i, repeat))) for repeat in range(repeats))
        falls = [sign * (score - scored(trained, other)[metric]) for other in others]
        rows.append((name, float(np.mean(falls)), float(np.std(falls))))
    return Importance(metric, score, tuple(sorted(rows, key=lambda row: -row[1])), repeats)


def _groups(data: Dataset, count: int) -> dict[str, list[int]]:
    """Returns the features of each column of a table by its name."""
    names = data.features or tuple(f"feature {j}" for j in range(count))
    if data.encoder is None:
        return {name: [j] for j, name in enumerate(names)}
    owners = data.encoder.owners
    return {name: [j for j, owner in enumerate(owners) if owner == name] for name in dict.fromkeys(owners)}


def importance_csv(found: Importance) -> bytes:
    """Formats the importance of columns as a CSV file."""
    import csv
    import io

    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["column", f"fall of {found.metric}", "standard deviation"])
    lines.writerows(found.columns)
    return text.getvalue().encode()


def permuted(split: Split, columns: Sequence[int], seed: tuple[int, ...]) -> Split:
    """Returns a split whose rows have the values of some columns of other rows, the same row for all of these.

    >>> x = np.arange(8).reshape(4, 2)
    >>> found = permuted(Split(x, x[:, 0]), [1], (0,)).x
    >>> found[:, 0].tolist(), sorted(found[:, 1].tolist())
    ([0, 2, 4, 6], [1, 3, 5, 7])
    """
    x = np.array(split.x)
    order = np.argsort(np.random.PCG64(seed).random_raw(len(x)), kind="stable")
    x[:, list(columns)] = x[order][:, list(columns)]
    return split._replace(x=x)
