"""A series of a user: drawn, pasted, or the values of a function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...config.recipe import Recipe, recipe_for
from ...config.schema import Option, data_flags
from ...data.dataset import source
from ...data.sources.series import csv_series, series_data
from ...errors import BadInput
from ...option_types import coerce_options
from .checks import FAR, check_fields, is_number

if TYPE_CHECKING:
    from ...pipeline.arrays import OpenArrays

__all__ = ["Series"]

_LEAST, _MOST = 20, 5000
_SOURCE = "csv"  # the data set by which the command line reads the same values
_FILE = ("file", "column", "encoding")  # options of that data set that the values here replace


@dataclass(frozen=True)
class Series:
    """A series that a user made.

    Attributes:
        values: The values, the oldest first.
    """

    NAME: ClassVar[str] = "series"

    values: tuple[float, ...]

    @classmethod
    def read(cls, found: Any) -> "Series":
        """Checks a series that a page sent.

        Raises:
            BadInput: If it has another form, or too few or too many values.

        >>> Series.read({"values": [1, 2]})
        Traceback (most recent call last):
        zoo.train.errors.BadInput: give a series of 20 to 5,000 values, got 2
        """
        check_fields("series", found, "values")
        values = found.get("values")
        if not isinstance(values, list) or not _LEAST <= len(values) <= _MOST:
            count = f"{len(values):,}" if isinstance(values, list) else "no list"
            raise BadInput(f"give a series of {_LEAST} to {_MOST:,} values, got {count}")
        for i, value in enumerate(values):
            if not is_number(value):
                raise BadInput(f"value {i} of the series (counted from 0) must be a number from {-FAR:g} to {FAR:g}")
        return cls(tuple(map(float, values)))

    def flags(self, stock: Recipe) -> tuple[Option, ...]:
        """Returns the knobs of the data, window and horizon among them."""
        every = data_flags(source(_SOURCE), stock.d)
        return tuple(flag for flag in every if flag.name.removeprefix("d.") not in _FILE)

    def opened(self, model: str, given: Mapping[str, Any]) -> "OpenArrays":
        """Returns the series as data of a run, with the recipe that the knobs start from.

        Args:
            model: Name of the model.
            given: Values of knobs by name; of them those of the data count.

        Raises:
            BadInput: If the series is too short for its window and horizon.
        """
        import numpy as np

        from ...pipeline.arrays import OpenArrays

        stock = recipe_for(model, _SOURCE)
        usual = {flag.name[2:]: flag.default for flag in self.flags(stock)}
        own = {name[2:]: value for name, value in given.items() if name[:2] == "d." and name[2:] in usual}
        d = coerce_options(_SOURCE, csv_series, usual | own)
        data = series_data(_SOURCE, np.asarray(self.values), d.pop("window"), d.pop("horizon"), "value", **d)
        return OpenArrays(source(_SOURCE), data, stock)
