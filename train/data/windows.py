"""A series of numbers cut into windows to forecast from and the values that follow, parted in the order of time.

The last fifth is for testing, walking forward: the forecast is made at every moment of it, each time from the values
known by then. So a test window may reach back into the training part, but no value that is forecast in the test is
ever a target, or an input, of training.
"""

from typing import TYPE_CHECKING

from ..errors import BadInput
from .dataset import Split
from .options import within

if TYPE_CHECKING:
    import numpy as np

__all__ = ["check_sizes", "chronological_split", "differenced", "shortest", "sliding_windows"]

_MOST = 100_000  # steps of a window or a horizon


def sliding_windows(values: "np.ndarray", window: int, horizon: int, whose: str) -> tuple[Split, Split]:
    """All windows of a series, for training and for testing, each in the order of time and one step apart.

    Args:
        values: the series (steps,), oldest first.
        window: steps that a forecast is made from.
        horizon: steps that are forecast.
        whose: the series' name in an error.

    Returns:
        Training and test, each with x float32 (windows, window, 1) and y float32 (windows, horizon).

    Raises:
        BadInput: if the sizes are not positive, or the series is too short for one window in each part.

    >>> import numpy as np
    >>> train, test = sliding_windows(np.arange(10.0), 3, 2, "ten")
    >>> train.x[-1, :, 0].tolist(), train.y[-1].tolist(), test.x[0, :, 0].tolist(), test.y.tolist()
    ([3.0, 4.0, 5.0], [6.0, 7.0], [5.0, 6.0, 7.0], [[8.0, 9.0]])
    """
    import numpy as np

    check_sizes(window, horizon)
    least = shortest(window, horizon)
    if len(values) < least:
        raise BadInput(
            f"{whose} has {len(values):,} values, and a window of {window} with a horizon of {horizon} needs at least "
            f"{least:,} (the last fifth is for testing): give more values, or a smaller --d.window or --d.horizon"
        )
    cut = len(values) - len(values) // 5
    # A forecast of the test starts at the cut or after it.
    parts = values[:cut], values[cut - window :]
    both = [np.lib.stride_tricks.sliding_window_view(part, window + horizon).astype(np.float32) for part in parts]
    train, test = (Split(each[:, :window, None].copy(), each[:, window:].copy()) for each in both)
    return train, test


def shortest(window: int, horizon: int) -> int:
    """How many values give one window to train on and one to test on.

    >>> shortest(window=3, horizon=2)
    10
    """
    return max(5 * horizon, 5 * (window + horizon - 1) // 4 + 1)


def chronological_split(split: Split, share: float) -> tuple[Split, Split]:
    """Parts windows in those to train on and the last of them to choose by; no value is forecast in both.

    Windows drawn at random would not do: their neighbours, all but one value the same, would be trained on.

    Args:
        split: windows in the order of time, one step apart.
        share: of the windows to hold back, above 0 and below 1; at least one is.

    Raises:
        BadInput: if the share is not in between, or nothing would be left to train on.
    """
    windows, horizon = split.y.shape
    if not 0 < share < 1:
        raise BadInput(f"the share of windows to hold back must be above 0 and below 1, got {share}")
    first = windows - max(1, round(share * windows))
    last = first - (horizon - 1)  # later ones forecast values that are held back
    if last < 1:
        raise BadInput(
            f"cannot hold back a share of {share:g} of {windows} windows that forecast {horizon} steps each: "
            "none would be left to train on"
        )
    return Split(split.x[:last], split.y[:last]), Split(split.x[first:], split.y[first:])


def differenced(split: Split) -> Split:
    """The same windows, and what follows each, as differences from its last value: a level drops out, also a new one.

    >>> import numpy as np
    >>> x, y, _ = differenced(Split(np.array([[[7.0], [9.0]]]), np.array([[10.0, 8.0]])))
    >>> x.tolist(), y.tolist()
    ([[[-2.0], [0.0]]], [[1.0, -1.0]])
    """
    last = split.x[:, -1:]
    return Split(split.x - last, split.y - last[..., 0])


def check_sizes(window: int, horizon: int) -> None:
    """Raises BadInput if window or horizon is no size."""
    within("window", window, 1, _MOST)
    within("horizon", horizon, 1, _MOST)
