"""Splits that a seed decides: folds, and examples held back. Classes keep their shares in every part."""

from typing import TYPE_CHECKING

from ..errors import BadInput
from .dataset import Split
from .on_disk import take

if TYPE_CHECKING:
    import numpy as np

__all__ = ["folds", "hold_back_last", "train_val_split"]


def folds(y: "np.ndarray", count: int = 5, seed: int = 0) -> "np.ndarray":
    """The fold of every example, 0 to count - 1, shuffled; folds and the classes in them differ by one example at most.

    Whole numbers of shape (examples,) are classes; of other targets the examples are only shuffled.

    >>> import numpy as np
    >>> y = np.array([0] * 10 + [1] * 5)
    >>> [y[folds(y) == fold].tolist() for fold in range(2)]
    [[0, 0, 1], [0, 0, 1]]
    """
    import numpy as np

    fold = np.empty(len(y), np.int64)
    fold[_dealing_order(y, seed)] = np.arange(len(y)) % count
    return fold


def train_val_split(split: Split, share: float, seed: int = 0) -> tuple[Split, Split]:
    """Parts the examples in those to train on and a share of them to choose by, each in the order that they came in.

    Returns:
        What is left for training, and what is held back: `round(share * examples)`, at least one of each if share > 0.

    Raises:
        BadInput: if the share is not in [0, 1), or one example is to be shared out.
    """
    import numpy as np

    n = len(split.x)
    _check_share(share, n)
    count = min(max(round(share * n), 1), n - 1) if share else 0
    # Evenly spaced along the order that keeps classes together: every class gives its share, to within one example.
    held = np.zeros(n, bool)
    held[_dealing_order(split.y, seed)] = np.arange(n) * count % max(n, 1) < count
    return _chosen(split, ~held), _chosen(split, held)


def hold_back_last(split: Split, share: float) -> tuple[Split, Split]:
    """Parts a text or a series where time does: what comes first is trained on, the last share is held back.

    Raises:
        BadInput: if the share is not in [0, 1), or one step is to be shared out.
    """
    n = len(split.x)
    _check_share(share, n)
    first = n - (min(max(round(share * n), 1), n - 1) if share else 0)
    return _chosen(split, slice(None, first)), _chosen(split, slice(first, None))


def _chosen(split: Split, which: "np.ndarray | slice") -> Split:
    x, y, lengths = split
    return Split(take(x, which), take(y, which), None if lengths is None else take(lengths, which))


def _check_share(share: float, n: int) -> None:
    if not 0 <= share < 1:
        raise BadInput(f"the share of examples to hold back must be at least 0 and below 1, got {share}")
    if share and n < 2:
        raise BadInput(f"cannot hold back a share of {n} example; at least 2 are needed")


def _dealing_order(y: "np.ndarray", seed: int) -> "np.ndarray":
    """Shuffled, class after class. From raw bits: numpy promises these for ever, but not its own shuffles."""
    import numpy as np

    order = np.argsort(np.random.PCG64(abs(seed)).random_raw(len(y)), kind="stable")
    if y.ndim == 1 and np.issubdtype(y.dtype, np.integer):
        order = order[np.argsort(y[order], kind="stable")]
    return order
