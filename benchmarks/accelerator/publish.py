"""Keeps results that were sent in, and writes the table by machine into docs/accelerators.md."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from zoo.train.errors import BadInput

from ..page import DOCS, publish
from .tables import by_machine

__all__ = ["KEPT", "publish_results"]

KEPT = Path(__file__).parent / "measured"
"""Folder of the results, a file for each machine."""


def publish_results(files: Sequence[Path], kept: Path = KEPT, page: Path = DOCS / "accelerators.md") -> int:
    """Adds results to those that are kept and writes the table of all into the page.

    Args:
        files: results.json of measurements in full sizes; a machine's earlier one is replaced.
        kept: folder of the results.
        page: Markdown page with the marks `accelerators`.

    Raises:
        BadInput: if a file is no result, or one of tiny sizes.
    """
    for file in files:
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            about = found["about"]
            sizes, name = about["sizes"], "-".join([*sorted(set(about["devices"])), about["versions"]["jax"]])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{file} is no results.json of this command: {error}") from None
        if sizes != "full":
            raise BadInput(f"{file} was measured in {sizes} sizes, whose times say nothing: use --sizes full")
        kept.mkdir(exist_ok=True)
        place = kept / (re.sub(r"[^a-z0-9.]+", "-", name.lower()) + ".json")
        place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(kept.glob("*.json"))]
    text = by_machine(results)
    publish(page, accelerators=text)
    print(text)
    return 0
