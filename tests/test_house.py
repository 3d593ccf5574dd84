"""The house stands as it was drawn: what may import what, how large things are, what is packaged."""

import ast
import os
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

import zoo

HOUSE = Path(zoo.__file__).parent
PROJECT = Path(__file__).parent.parent
FACE = {HOUSE / "__init__.py", HOUSE / "__main__.py"}
FLOORS = {"layers": 0, "zoo": 1, "train": 2}
# In a checkout two floors are links, which rglob does not follow.
FILES = sorted(
    Path(folder) / name
    for folder, _, names in os.walk(HOUSE, followlinks=True)
    for name in names
    if name.endswith(".py")
)


def floor(path):
    top = path.relative_to(HOUSE).parts[0]
    return top if top in ("layers", "train") else "zoo"


@cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path):
    """The full names of the modules that a file imports from the house."""
    package, names = ("zoo", *path.relative_to(HOUSE).parent.parts), []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return names


def test_there_is_a_house_to_look_at():
    assert len(FILES) > 40


def test_no_floor_knows_what_stands_above_it():
    for path in set(FILES) - FACE:
        for name in imported(path):
            bare = name.split(".")[0] in ("layers", "train")
            assert not bare, f"{path}: {name}: say zoo.{name}, or a user's own file is taken"
            if name.startswith("zoo.layers") or name == "zoo.layers":
                continue
            above = "train" if name.startswith("zoo.train") else "zoo" if name.split(".")[0] == "zoo" else "layers"
            assert FLOORS[above] <= FLOORS[floor(path)], f"{path}: {floor(path)} imports {name}"


def test_files_and_functions_stay_small():
    for path in FILES:
        assert path.read_text(encoding="utf-8").count("\n") <= 300, f"{path}: one idea a file"
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1 - (ast.get_docstring(node) or "").count("\n")
                assert length <= 45, f"{path}: {node.name} has {length} lines without its docstring"


@pytest.mark.fault(row=9)
def test_no_archive_is_unpacked():
    """What is never unpacked writes nothing outside; a source in an archive needs `filter="data"`, and tests of it."""
    for path in FILES:
        found = {"tarfile", "zipfile", "lzma", "bz2"} & {name.split(".")[0] for name in imported(path)}
        assert not found, f"{path} imports {found}"
        assert "unpack_archive" not in path.read_text(encoding="utf-8"), path


@pytest.mark.fault(row=10)
def test_nothing_is_unpickled_or_executed():
    forbidden = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    for path in FILES:
        found = forbidden & {name.split(".")[0] for name in imported(path)}
        assert not found, f"{path} imports {found}"
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path


def test_every_folder_of_the_tree_is_packaged():
    listed = set(tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent for path in FILES}
    there = {".".join(("zoo", *folder.relative_to(HOUSE).parts)) for folder in folders}
    assert listed == there


def test_nothing_is_pinned_from_above():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert all("<" not in line and "==" not in line for line in wanted)
