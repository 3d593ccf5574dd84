"""Says when a game between two players goes wrong: what is made is all alike, or the discriminator is never wrong."""

import sys
from collections.abc import Callable
from typing import Any

from ..callback import Callback
from .sample_pictures import SamplePictures, view_for

__all__ = ["GanMonitor", "gan_callbacks"]

_ALIKE = 0.3  # spread of the samples over that of the data, below which they are called collapsed
_LATE = 0.25  # of the run, before which nothing is judged: every generator begins with one blot
_SURE, _LONG = 0.01, 5  # D(x) within this of 1 and D(G(z)) of 0, so many logs one after another
_LIKELY = ("minimax", "non_saturating")  # the losses under which they are probabilities


def gan_callbacks(setup: Any, pictures: bool = True) -> list[Callback]:
    """Those who watch a generator learn; nobody, if the model makes nothing."""
    if setup.task.name != "generation":
        return []
    view = view_for(setup) if pictures else None
    return [GanMonitor(), *([SamplePictures(view)] if view else [])]


class GanMonitor(Callback):
    """Warns of collapse and of a discriminator that has won, each once.

    Args:
        say: prints a line; by default on stderr.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)):
        self._say, self._said, self._won = say, set(), 0

    def start(self, setup: Any, folder: Any) -> None:
        """Reads how long the run is, and whether D's words are probabilities."""
        self._from = _LATE * setup.plan.steps
        self._likely = setup.recipe.t.get("loss", "non_saturating") in _LIKELY

    def row(self, row: dict, fit: dict) -> None:
        """Looks at the row."""
        if row["split"] == "train":
            self._look_at_players(row)
        elif row["step"] >= self._from and row.get("spread", 1.0) < _ALIKE:
            self._warn(
                "collapse",
                f"at step {row['step']} the samples vary {row['spread']:.2g} times as much as the data: the generator "
                "has collapsed to few samples. Try --t.r1 1, --t.instance-noise 0.1 or a lower --lr",
            )

    def _look_at_players(self, row: dict) -> None:
        sure = self._likely and row.get("d_real", 0) > 1 - _SURE and row.get("d_fake", 1) < _SURE
        self._won = self._won + 1 if sure else 0
        if self._won >= _LONG:
            self._warn(
                "won",
                f"at step {row['step']} the discriminator is never wrong (D(x) {row['d_real']:.3g}, D(G(z)) "
                f"{row['d_fake']:.2g}): the generator learns little. Try --t.r1 1, --label-smoothing 0.1, "
                "--t.instance-noise 0.1 or a lower --t.d-lr",
            )

    def _warn(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(f"warning: {text}")
