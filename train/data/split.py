"""Seeded, stratified splits: cross-validation folds, and training and validation examples."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import BadInput
from .dataset import Dataset, Split
from .on_disk import DiskArray, take

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_foldable", "folds", "hold_back_last", "joined", "of_fold", "parse_fold", "taken", "train_val_split"]


def folds(y: "np.ndarray", count: int = 5, seed: int = 0) -> "np.ndarray":
    """Assigns each example to a fold, 0 to count - 1; sizes of folds and of their classes differ by at most one.

    Integers of shape (examples,) are classes; with other targets, examples are only shuffled.

    >>> import numpy as np
    >>> y = np.array([0] * 10 + [1] * 5)
    >>> [y[folds(y) == fold].tolist() for fold in range(2)]
    [[0, 0, 1], [0, 0, 1]]
    """
    import numpy as np

    fold = np.empty(len(y), np.int64)
    fold[_stratified_order(y, seed)] = np.arange(len(y)) % count
    return fold


def parse_fold(text: str) -> tuple[int, int]:
    """Parses `i/n`, the fold i of n, counted from 0; "" is (0, 0).

    Raises:
        BadInput: if it has another form, or there is no such fold.

    >>> parse_fold("1/5")
    (1, 5)
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text) if text else None
    part, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if text and not (count > 1 and part < count):
        raise BadInput(f"--fold {text}: expected a fold of several, counted from 0, 0/5 to 4/5")
    return part, count


def of_fold(data: Dataset, kind: str, fold: str) -> Dataset:
    """Returns a data set whose test split is a fold of all its examples; without a fold the data set as it is.

    The columns of a table are encoded anew, by the training examples of the fold.

    Args:
        data: data set.
        kind: kind of the data.
        fold: `i/n` or "".

    Raises:
        BadInput: if the examples are in the order of time or on the disk, or there are fewer of them than folds.
    """
    part, count = parse_fold(fold)
    if not count:
        return data
    check_foldable(kind, data.name, f"--fold {fold}")
    if isinstance(data.train.x, DiskArray) or isinstance(data.test.x, DiskArray):
        raise BadInput(f"--fold {fold}: the examples of {data.name} do not fit in memory (--in-memory)")
    whole = joined(data.train, data.test) if data.held_out else data.train
    if count > len(whole.x):
        raise BadInput(f"--fold {fold}: {data.name} has {len(whole.x)} examples, fewer than folds")
    held = folds(whole.y, count) == part
    if data.split_anew is not None:
        return data.split_anew((~held).nonzero()[0], held.nonzero()[0])
    return replace(data, train=taken(whole, ~held), test=taken(whole, held), held_out=True)


def check_foldable(kind: str, name: str, flag: str) -> None:
    """Raises BadInput if the examples of a data set are in the order of time, which folds would break."""
    if kind in ("text", "series"):
        raise BadInput(
            f"{flag}: {name} is {kind} data, whose test split comes after its training part in time; folds would train "
            "on what comes later. Omit it"
        )


def joined(train: Split, test: Split) -> Split:
    """Returns the examples of two splits in memory as one, those of the first before the others."""
    import numpy as np

    x, y = (np.concatenate(pair) for pair in ((train.x, test.x), (train.y, test.y)))
    pairs = zip(train[2:], test[2:], strict=True)
    return Split(x, y, *(None if a is None or b is None else np.concatenate([a, b]) for a, b in pairs))


def train_val_split(split: Split, share: float, seed: int = 0) -> tuple[Split, Split]:
    """Splits examples into training and validation, stratified by class; each part keeps the order.

    Args:
        split: examples.
        share: fraction for validation.
        seed: seed of the random choice.

    Returns:
        Training and validation examples: `round(share * examples)` for validation, at least one of each if share > 0.
        A class that would have no training example gets one, in exchange with the class with the most.

    Raises:
        BadInput: if the fraction is not in [0, 1), or a single example is to be split.
    """
    import numpy as np

    n = len(split.x)
    _check_share(share, n)
    count = min(max(round(share * n), 1), n - 1) if share else 0
    # Evenly spaced in an order sorted by class, so that every class gives its fraction to within one example.
    held = np.zeros(n, bool)
    order = _stratified_order(split.y, seed)
    held[order] = np.arange(n) * count % max(n, 1) < count
    _keep_every_class(split.y, held, order)
    return taken(split, ~held), taken(split, held)


def _keep_every_class(y: "np.ndarray", held: "np.ndarray", order: "np.ndarray") -> None:
    """Exchanges the first held back example of a class without others for one of the class with the most others."""
    import numpy as np

    if not _is_classes(y):
        return
    classes, index = np.unique(y, return_inverse=True)
    if len(classes) == len(y):  # numbers of examples, no classes
        return
    kept = np.bincount(index[~held], minlength=len(classes))
    for missing in np.flatnonzero(kept == 0):
        most = kept.argmax()
        if kept[most] < 2:  # an exchange would take the last example of a class
            return
        held[order[held[order] & (index[order] == missing)][0]] = False
        held[order[~held[order] & (index[order] == most)][0]] = True
        kept[missing], kept[most] = 1, kept[most] - 1


def hold_back_last(split: Split, share: float) -> tuple[Split, Split]:
    """Splits a text or a series in chronological order: the last fraction is for validation.

    Raises:
        BadInput: if the fraction is not in [0, 1), or a single step is to be split.
    """
    n = len(split.x)
    _check_share(share, n)
    first = n - (min(max(round(share * n), 1), n - 1) if share else 0)
    return taken(split, slice(None, first)), taken(split, slice(first, None))


def taken(split: Split, which: "np.ndarray | slice") -> Split:
    """Returns some examples of a split."""
    x, y, *more = split
    return Split(take(x, which), take(y, which), *(None if each is None else take(each, which) for each in more))


def _check_share(share: float, n: int) -> None:
    if not 0 <= share < 1:
        raise BadInput(f"the fraction of examples for validation must be at least 0 and below 1, got {share}")
    if share and n < 2:
        raise BadInput(f"cannot split {n} example into training and validation; at least 2 are needed")


def _stratified_order(y: "np.ndarray", seed: int) -> "np.ndarray":
    """Returns a seeded order sorted by class, from raw bits, which numpy keeps stable, unlike its shuffles."""
    import numpy as np

    order = np.argsort(np.random.PCG64(abs(seed)).random_raw(len(y)), kind="stable")
    if _is_classes(y):
        order = order[np.argsort(y[order], kind="stable")]
    return order


def _is_classes(y: "np.ndarray") -> bool:
    return y.ndim == 1 and y.dtype.kind in "iu"
