"""Common parts of the measured pages: machine and versions, and writing texts into the README and docs/."""

import json
import os
import platform
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from zoo.train.runs.environment import versions

__all__ = ["DOCS", "HERE", "README", "between", "keep", "machine", "measured_on", "publish", "where"]

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
DOCS = HERE.parent / "docs"


def between(mark: str, text: str, page: str) -> str:
    """Replaces the text between two marks of a page; a page without the marks is returned unchanged."""
    pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", page, flags=re.DOTALL)


def publish(page: Path, **texts: str) -> None:
    """Writes texts into a page between the marks of their names."""
    whole = page.read_text(encoding="utf-8")
    for mark, text in texts.items():
        whole = between(mark, text, whole)
    page.write_text(whole, encoding="utf-8")


def machine() -> str:
    """Returns processor, cores and accelerators."""
    import jax

    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        model = found[1] if found else model
    device = jax.devices()[0]
    extra = "" if device.platform == "cpu" else f", {jax.device_count()} x {device.device_kind}"
    return f"{os.cpu_count()} cores of {model}{extra}"


def where() -> dict:
    """Returns machine, versions and date, which are stored with a measurement."""
    return {"machine": machine(), "versions": versions(), "date": time.strftime("%Y-%m-%d")}


def keep(kept: Path, rows: Mapping[str, Mapping]) -> dict[str, dict]:
    """Stores rows by name with machine, versions and date; returns all rows of the file."""
    known = json.loads(kept.read_text()) if kept.exists() else {}
    known |= {name: {**row, **where()} for name, row in rows.items()}
    kept.write_text(json.dumps(known, indent=1) + "\n")
    return known


def measured_on(kept: Sequence[Mapping]) -> str:
    """Returns the line below a table: machine, versions and dates of its rows."""
    lines = {
        f"{each['machine']}; {', '.join(f'{n} {v}' for n, v in each['versions'].items())}; {each['date']}"
        for each in kept
    }
    return "\n".join(f"Measured on {line}." for line in sorted(lines))
