"""Warnings during adversarial training: the samples have collapsed, or the discriminator is never wrong."""

import sys
from collections.abc import Callable
from typing import Any

from ..callback import Callback

__all__ = ["GanMonitor", "gan_callbacks"]

_MIN_SPREAD = 0.3  # of the samples relative to the data; below it they count as collapsed
_GRACE = 0.25  # fraction of the run without a check: every generator begins with samples that are all alike
_SURE, _PATIENCE = 0.01, 5  # margin of D(x) to 1 and of D(G(z)) to 0, and the number of successive logs
_PROBABILITY_LOSSES = ("minimax", "non_saturating")  # under which D gives probabilities


def gan_callbacks(setup: Any) -> list[Callback]:
    """Makes the callbacks of adversarial training; none for other models.

    Args:
        setup: parts of the run.
    """
    return [GanMonitor()] if hasattr(setup.model, "discriminator") else []


class GanMonitor(Callback):
    """Warns, once each, of collapsed samples and of a discriminator that is never wrong.

    Args:
        print_fn: prints a line; by default on stderr.
    """

    def __init__(self, print_fn: Callable[[str], None] = lambda text: print(text, file=sys.stderr)):
        self._print_fn, self._warned, self._sure_logs = print_fn, set(), 0

    def on_start(self, setup: Any, folder: Any) -> None:
        """Reads the length of the run and whether the discriminator gives probabilities."""
        self._from = _GRACE * setup.plan.steps
        self._probabilities = setup.recipe.t.get("loss", "non_saturating") in _PROBABILITY_LOSSES

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Checks a row of metrics."""
        if row["split"] == "train":
            self._check_discriminator(row)
        elif row["step"] >= self._from and row.get("spread", 1.0) < _MIN_SPREAD:
            self._warn(
                "collapse",
                f"at step {row['step']} the samples vary {row['spread']:.2g} times as much as the data: the generator "
                "has collapsed to few samples. Try --t.r1 1, --t.instance-noise 0.1 or a lower --lr",
            )

    def _check_discriminator(self, row: dict) -> None:
        sure = self._probabilities and row.get("d_real", 0) > 1 - _SURE and row.get("d_fake", 1) < _SURE
        self._sure_logs = self._sure_logs + 1 if sure else 0
        if self._sure_logs >= _PATIENCE:
            self._warn(
                "discriminator",
                f"at step {row['step']} the discriminator is never wrong (D(x) {row['d_real']:.3g}, D(G(z)) "
                f"{row['d_fake']:.2g}): the generator learns little. Try --t.r1 1, --label-smoothing 0.1, "
                "--t.instance-noise 0.1 or a lower --t.d-lr",
            )

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            self._print_fn(f"warning: {text}")
