"""Points of a user: clicked, from a CSV text, or on both sides of a function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ...config.recipe import Recipe, recipe_for
from ...config.schema import Option
from ...data.sources.playground import features_of
from ...errors import BadInput
from ...option_types import coerce
from .checks import FAR, check_fields, is_number, share_of

if TYPE_CHECKING:
    import numpy as np

    from ...pipeline.arrays import OpenArrays

__all__ = ["Points", "features_given"]

_MOST = 5000
_SEED = 0  # of the split


@dataclass(frozen=True)
class Points:
    """Points that a user made.

    Attributes:
        xy: Coordinates of each point.
        label: Class of each point as a text, or its value as a number.
        share: Share of the points that is held out for testing; 0: scores are those of the training points.
    """

    NAME: ClassVar[str] = "points"

    xy: tuple[tuple[float, float], ...]
    label: tuple[str | float, ...]
    share: float = 0.2

    @classmethod
    def read(cls, found: Any) -> "Points":
        """Checks points that a page sent.

        Raises:
            BadInput: If they have another form, or are too many.
        """
        check_fields("points", found, "xy", "label", "share")
        xy, label, share = found.get("xy"), found.get("label"), share_of(found.get("share", 0.2))
        if not isinstance(xy, list) or not isinstance(label, list) or len(xy) != len(label):
            raise BadInput("points need xy and label, two lists of the same length")
        if not 2 <= len(xy) <= _MOST:
            raise BadInput(f"give 2 to {_MOST:,} points, got {len(xy):,}")
        for i, place in enumerate(xy):
            if not (isinstance(place, list) and len(place) == 2 and all(is_number(each) for each in place)):
                raise BadInput(f"point {i} (counted from 0) must be two numbers from {-FAR:g} to {FAR:g}")
        texts = all(isinstance(each, str) and 0 < len(each) <= 40 for each in label)
        if not texts and not all(is_number(each) for each in label):
            raise BadInput("labels must all be texts of 1 to 40 characters, or all numbers")
        return cls(tuple((float(x), float(y)) for x, y in xy), tuple(label), share)

    def flags(self, stock: Recipe) -> tuple[Option, ...]:
        """Returns the knobs of the data; the features are computed where the points are read."""
        return ()

    def splits(self) -> "tuple[dict[str, np.ndarray], dict[str, np.ndarray]]":
        """Returns coordinates and labels of the training and of the test points, by split."""
        import numpy as np

        from ...data.split import Split, train_val_split

        xy, label = np.asarray(self.xy, np.float64), np.asarray(self.label)
        numbers = np.unique(label, return_inverse=True)[1].astype(np.int32) if label.dtype.kind == "U" else label
        if not self.share:
            return {"train": xy, "test": xy}, {"train": label, "test": label}
        parts = train_val_split(Split(np.arange(len(xy)), numbers), self.share, _SEED)
        train, test = (part.x for part in parts)
        return {"train": xy[train], "test": xy[test]}, {"train": label[train], "test": label[test]}

    def opened(self, model: str, given: Mapping[str, Any]) -> "OpenArrays":
        """Returns the points as data of a run, with the recipe that the knobs start from.

        Args:
            model: Name of the model.
            given: Values of knobs by name; of them the features count.
        """
        from ...pipeline.arrays import GivenArrays, OpenArrays

        (xy, label), names = self.splits(), features_given(given)
        x = {name: features_of(each, names) for name, each in xy.items()}
        kind, data = GivenArrays(x["train"], label["train"], (x["test"], label["test"])).described(model, "")
        data = replace(data, features=names)
        stock = replace(recipe_for(model, kind), dataset=kind.name, d={}, expect=None)
        return OpenArrays(kind, data, stock)


def features_given(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the names of the features that a model of points reads.

    >>> features_given({"d.features": ["x", "xy"]})
    ('x', 'xy')
    """
    return coerce(tuple[str, ...], given.get("d.features", ("x", "y")), "--d.features")
