"""The results of a measurement: a JSON file and a page, written again after every row."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.train.errors import BadInput
from zoo.train.files import replace_file

from .tables import page

__all__ = ["JSON", "PAGE", "Record", "is_measured"]

JSON, PAGE = "results.json", "results.md"
_SAME = ("machine", "versions", "sizes")  # of what is continued


def is_measured(row: Mapping[str, Any] | None) -> bool:
    """Returns whether a row holds values, not the reason why there are none.

    >>> is_measured({"ms": 1.0}), is_measured({"failed": "no memory"}), is_measured(None)
    (True, False, False)
    """
    return bool(row) and not {"failed", "skipped"} & set(row)


class Record:
    """Rows of a measurement by section and name.

    Args:
        folder: folder of the two files; it is made where there is none.
        overwrite: whether to begin anew where there are results already.

    Raises:
        BadInput: if the folder cannot be made or its results are not readable.
    """

    def __init__(self, folder: Path, overwrite: bool = False):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"--out {folder} cannot be made: {error.strerror}") from None
        self.folder, self.about, self.rows = folder, {}, {}
        file = folder / JSON
        if file.exists() and not overwrite:
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
                self.about, self.rows = found["about"], found["rows"]
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{file} is no result of this command ({error}): choose another --out or --overwrite it"
                ) from None

    def begin(self, about: Mapping[str, Any]) -> int:
        """Sets machine, versions and date; returns the number of rows that are measured already.

        Raises:
            BadInput: if the rows that are there were measured elsewhere.
        """
        other = [name for name in _SAME if self.about and self.about.get(name) != about[name]]
        if other:
            name = other[0]
            raise BadInput(
                f"{self.folder / JSON} was measured with other {name} ({self.about.get(name)}, here {about[name]}): "
                "give another folder with --out, or replace it with --overwrite"
            )
        self.about = {**self.about, **about}
        self.write()
        return sum(is_measured(row) for rows in self.rows.values() for row in rows.values())

    def get(self, section: str, row: str) -> dict[str, Any] | None:
        """Returns a row; None if it was not reached."""
        return self.rows.get(section, {}).get(row)

    def add(self, section: str, row: str, values: Mapping[str, Any]) -> None:
        """Adds or replaces a row and writes both files."""
        self.rows.setdefault(section, {})[row] = dict(values)
        self.write()

    def write(self) -> None:
        """Writes both files; a kill at any time leaves the old or the new ones."""
        found = {"about": self.about, "rows": self.rows}
        replace_file(self.folder / JSON, (json.dumps(found, indent=1) + "\n").encode())
        replace_file(self.folder / PAGE, page(self.about, self.rows).encode())
