"""The interface by which a session draws a fit."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ...inference.layers import Network

__all__ = ["View"]


class View(Protocol):
    """Draws the fits of a run as arrays by name.

    Attributes:
        network: Layers of units, through which an error can be passed back; None: they are not shown.
    """

    network: Network | None

    def __call__(self, fit: dict) -> Mapping[str, np.ndarray]:
        """Returns the arrays of a frame."""
        ...

    def about(self) -> Mapping[str, Any]:
        """Returns what frames have in common; `stage` names how they are drawn."""
        ...

    def examples(self) -> Mapping[str, np.ndarray]:
        """Returns the arrays of the data, which no step changes."""
        ...

    def share(self, other: Any) -> None:
        """Takes the compiled programs of a view of a run with the same programs."""
