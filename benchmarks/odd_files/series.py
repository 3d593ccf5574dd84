"""CSV files of a series, in the forms that programs and people write."""

from pathlib import Path

import numpy as np

from .case import Case, Random, chance, check, pick

__all__ = ["series"]

_STEPS, _WINDOW, _HORIZON = 60, 4, 2


def series(random: Random, folder: Path) -> Case:
    """Writes a CSV file with a column of numbers, and a time beside it in some."""
    unit = 10.0 ** random.integers(-200, 20)
    values = unit * (pick(random, (0, 0, 1, 1e6, 1e12)) + np.cumsum(random.normal(size=_STEPS)))
    values = np.clip(values, -9e29, 9e29)
    if chance(random, 0.1):
        values[:] = values[0]
    cells = [
        pick(random, (repr, lambda value: f"{value:.17e}", lambda value: f"+{value!r}"))(v)
        for v in abs(values).tolist()
    ]
    values = np.array([float(cell) for cell in cells])
    oddity = pick(random, _ODD) if chance(random, 0.35) else "plain"
    delimiter, end = pick(random, ",;\t|"), pick(random, ("\n", "\n", "\r\n"))
    rows = [["value"], *([cell] for cell in cells)]
    if chance(random, 0.6):
        rows = [["date", "value"], *([f"20{i // 12:02}-{i % 12 + 1:02}-01", cell] for i, cell in enumerate(cells))]
    rows, refused = _ODD[oddity](random, rows) if oddity in _ODD else (rows, None)
    quote = chance(random, 0.2)
    text = end.join(delimiter.join(f'"{cell}"' if quote else cell for cell in row) for row in rows) + end
    encoding = pick(random, _ENCODINGS) if chance(random, 0.2) else "utf-8"
    (folder / "all.csv").write_bytes(text.encode(encoding))
    oddity = oddity if encoding == "utf-8" else f"{oddity}, {encoding}"

    def holds(data):
        parts = data.train.x[:, 0, 0], data.train.x[-1, 1:, 0], data.train.y[-1]
        found, cut = np.concatenate(parts), len(values) - len(values) // 5
        check(np.array_equal(found, values[:cut]), "the training part is not as written")
        check(np.array_equal(data.test.y[:, 0], values[cut : len(values) - 1]), "the test part is not as written")

    options = {
        "file": str(folder / "all.csv"), "column": "value", "window": _WINDOW, "horizon": _HORIZON,
        "relative": chance(random, 0.5),
    }  # fmt: skip
    return Case(folder / "all.csv", lambda: "csv", lambda name: "rnn", holds, options, {"width": 2}, oddity, refused)


def _changed(random, rows, text):
    rows[int(random.integers(2, len(rows) - 1))][-1] = text  # an empty line at an end leaves no gap
    return rows


def _spoiled(text):
    return lambda random, rows: (_changed(random, rows, text), True)


def _longer(random, rows):
    rows[int(random.integers(1, len(rows)))].append("7")
    return rows, True


def _blank(random, rows):
    return [*rows[:7], [""], *rows[7:]], None


def _spaces(random, rows):
    return [[f" {cell} " for cell in row] for row in rows], None


def _footer(random, rows):
    return [*rows, ["Total", "1"] if len(rows[0]) > 1 else ["Total"]], True


_ODD = {
    "missing": _spoiled(""),
    "NA": _spoiled("NA"),
    "not a number": _spoiled("nan"),
    "infinite": _spoiled("inf"),
    "too large": _spoiled("1e400"),
    "a word": _spoiled("closed"),
    "hexadecimal": _spoiled("0x10"),
    "underscore": _spoiled("1_000"),
    "thousands": _spoiled("1'000.5"),
    "percent": _spoiled("5%"),
    "currency": _spoiled("$5"),
    "a longer row": _longer,
    "a blank line": _blank,
    "spaces": _spaces,
    "a footer": _footer,
    "no header": lambda random, rows: (rows[1:], True),
    "only a header": lambda random, rows: (rows[:1], True),
    "empty": lambda random, rows: ([[]], True),
    "too short": lambda random, rows: (rows[:6], True),
    "another column": lambda random, rows: ([[*rows[0][:-1], "price"], *rows[1:]], True),
}
_ENCODINGS = ("utf-8-sig", "utf-16", "utf-32")  # known by their mark of the byte order
