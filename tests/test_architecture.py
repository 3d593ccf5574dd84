"""docs/architecture.md agrees with the tree: rooms, import directions, and the names and files that it mentions."""

import ast
import re
from pathlib import Path

import pytest

from tests.test_house import HOUSE, PROJECT, ROOMS, TRAIN, level, parsed, room

PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = re.search(r"\| line \| room \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE)
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in (TABLE[1] if TABLE else "").splitlines()]
NAMED = sorted({each.removesuffix("/") for each in re.findall(r"`((?:train|zoo|tests|\.ci)/[\w./]*)`", PAGE)})


def room_of(row):
    name = row[1].strip("`")
    return "" if name == "train/" else name


def defined(path):
    """The names that a file defines at module level."""
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def test_every_room_stands_in_the_table_once():
    assert sorted(map(room_of, ROWS)) == sorted({room(path) for path in TRAIN})


def test_the_table_allows_the_imports_that_the_import_test_allows():
    for row in ROWS:
        above = level(room_of(row))
        allowed = ["nothing", "line 1", *(f"lines 1 to {each}" for each in range(2, len(ROOMS)))][above]
        assert row[:3] == [str(above + 1), row[1], allowed], row[1]


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_the_main_names_of_a_room_are_defined_in_it(row):
    names = re.findall(r"`(\w+)`", row[4])
    there = {name for path in TRAIN if room(path) == room_of(row) for name in defined(path)}
    assert names
    assert set(names) <= there


def test_every_file_that_the_page_names_exists():
    root = {"train": HOUSE / "train", "zoo": HOUSE, "tests": PROJECT / "tests", ".ci": PROJECT / ".ci"}
    patterns = ("NAME", "FAMILY")  # placeholders of files that a reader writes
    files = [each for each in NAMED if not any(word in each for word in patterns)]
    assert len(files) > 25
    for each in files:
        top, *rest = Path(each).parts
        if root[top].exists():  # the wheel is tested without .ci
            assert root[top].joinpath(*rest).exists(), each


def test_the_page_is_short():
    assert PAGE.count("\n") <= 150
