"""Windows of a series: inputs and the values that follow them, split in chronological order.

The last fifth is the test split, evaluated by walking forward: a forecast is made at every step from the values up to
it. A test window may therefore begin in the training part, but no target of the test split is an input or a target of
training.
"""

from typing import TYPE_CHECKING, Annotated

from ..errors import BadInput
from ..option_types import Bounds, check_bounds
from .dataset import Split

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Size", "changes", "chronological_split", "differenced", "hold_back_steps", "shortest", "sliding_windows"]
__all__ += ["whole_series"]

Size = Annotated[int, Bounds(1, 100_000)]
"""Length of a window or a horizon in steps."""


def sliding_windows(values: "np.ndarray", window: int, horizon: int, where: str) -> tuple[Split, Split]:
    """Cuts a series into all windows of training and test split, in chronological order and one step apart.

    Args:
        values: series (steps,), the oldest value first.
        window: number of steps in the input.
        horizon: number of steps to forecast.
        where: name of the series in errors.

    Returns:
        Training and test split, each with x float64 (windows, window, 1) and y float64 (windows, horizon).

    Raises:
        BadInput: if a size is out of bounds, or the series is too short for one window in each split.

    >>> import numpy as np
    >>> train, test = sliding_windows(np.arange(10.0), 3, 2, "ten")
    >>> train.x[-1, :, 0].tolist(), train.y[-1].tolist(), test.x[0, :, 0].tolist(), test.y.tolist()
    ([3.0, 4.0, 5.0], [6.0, 7.0], [5.0, 6.0, 7.0], [[8.0, 9.0]])
    """
    import numpy as np

    check_bounds(Size, window, "--d.window")
    check_bounds(Size, horizon, "--d.horizon")
    least = shortest(window, horizon)
    if len(values) < least:
        raise BadInput(
            f"{where} has {len(values):,} values, and a window of {window} with a horizon of {horizon} needs at least "
            f"{least:,} (the last fifth is the test split): add values, or reduce --d.window or --d.horizon"
        )
    cut = len(values) - len(values) // 5
    # The first target of the test split is the value at the cut.
    parts = values[:cut], values[cut - window :]
    both = [np.lib.stride_tricks.sliding_window_view(part, window + horizon).astype(np.float64) for part in parts]
    train, test = (Split(each[:, :window, None].copy(), each[:, window:].copy()) for each in both)
    return train, test


def whole_series(values: "np.ndarray", horizon: int, where: str) -> tuple[Split, Split]:
    """Splits a series into its first four fifths for training and its last fifth as the test split, without windows.

    Args:
        values: series (steps,), the oldest value first.
        horizon: number of steps to forecast.
        where: name of the series in errors.

    Returns:
        Training and test split, each with x float64 (1, steps, 1) and y, the value after each step but the last.

    Raises:
        BadInput: if the horizon is out of bounds, or the test split would not be longer than the horizon.
    """
    import numpy as np

    check_bounds(Size, horizon, "--d.horizon")
    cut = len(values) - len(values) // 5
    if len(values) - cut <= horizon:
        raise BadInput(
            f"{where} has {len(values):,} values, and a horizon of {horizon} needs at least {5 * horizon + 5:,} (the "
            "last fifth is the test split): add values, or reduce --d.horizon"
        )
    values = values.astype(np.float64)[None, :, None]
    return _next_values(values[:, :cut]), _next_values(values[:, cut:])


def hold_back_steps(split: Split, share: float) -> tuple[Split, Split]:
    """Splits whole series into training and validation, the last steps; at least two for each.

    Raises:
        BadInput: if the fraction leaves none for training.
    """
    steps = split.x.shape[1]
    first = steps - max(2, round(share * steps))
    if first < 2:
        raise BadInput(f"a validation fraction of {share:g} of {steps} steps leaves none for training: reduce it")
    return _next_values(split.x[:, :first]), _next_values(split.x[:, first:])


def _next_values(x: "np.ndarray") -> Split:
    return Split(x, x[:, 1:])


def shortest(window: int, horizon: int) -> int:
    """Returns the number of values that give one window for training and one for testing.

    >>> shortest(window=3, horizon=2)
    10
    """
    return max(5 * horizon, 5 * (window + horizon - 1) // 4 + 1)


def chronological_split(split: Split, share: float) -> tuple[Split, Split]:
    """Splits windows into training and validation, the last windows; no value is a target of both.

    A random split would leak: neighbours of the validation windows, which differ in one value, would be in training.

    Args:
        split: windows in chronological order, one step apart.
        share: fraction of the windows for validation, above 0 and below 1; at least one window.

    Raises:
        BadInput: if the fraction is out of bounds, or no window is left for training.
    """
    windows, horizon = split.y.shape
    if not 0 < share < 1:
        raise BadInput(f"the fraction of windows for validation must be above 0 and below 1, got {share}")
    first = windows - max(1, round(share * windows))
    last = first - (horizon - 1)  # later windows have targets of the validation split
    if last < 1:
        raise BadInput(
            f"a validation fraction of {share:g} of {windows} windows with a horizon of {horizon} steps leaves no "
            "window for training: reduce it"
        )
    return Split(split.x[:last], split.y[:last]), Split(split.x[first:], split.y[first:])


def differenced(split: Split) -> Split:
    """Returns the windows and their targets as differences from the last input value, which removes any level.

    >>> import numpy as np
    >>> x, y, *_ = differenced(Split(np.array([[[7.0], [9.0]]]), np.array([[10.0, 8.0]])))
    >>> x.tolist(), y.tolist()
    ([[[-2.0], [0.0]]], [[1.0, -1.0]])
    """
    return Split(changes(split.x), split.y.astype("float64") - split.x[:, -1])


def changes(x: "np.ndarray") -> "np.ndarray":
    """Returns windows (windows, window, 1) as differences from their last value, in float64."""
    x = x.astype("float64")
    return x - x[:, -1:]
