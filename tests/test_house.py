"""The structure of the package: the rooms and their import directions, sizes of files and functions, packaging.

`ROOMS` is the table of docs/architecture.md: a room imports only rooms of the lines above its own, and its own files.
"""

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
FACE = {HOUSE / "__init__.py", HOUSE / "__main__.py", HOUSE / "sklearn" / "__init__.py"}
FLOORS = {"layers": 0, "zoo": 1, "train": 2}
ROOMS = (
    ("",),  # the files directly in train/
    ("runtime", "data", "losses", "metrics", "plots"),
    ("config", "tasks", "chart"),
    ("recipes", "distributed", "trained", "pipeline", "checkpoints"),
    ("trainers", "engine", "reporting", "inference/inputs", "inference/export"),
    ("evaluation",),
    ("runs", "inference"),
    ("sweeps", "in_memory", "playground", "playground/own", "playground/views"),
    ("cli",),
)
LARGE = ("data/sources", "plots", "recipes", "cli", "tasks", "trainers")  # lists of things of one kind
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


def room(path):
    """The folder of a file below train/, "" for train/ itself."""
    return "/".join(path.relative_to(HOUSE / "train").parts[:-1])


def level(name):
    """The line of `ROOMS` on which a room stands; data/formats and data/sources are parts of data."""
    found = [i for i, names in enumerate(ROOMS) if name in names or name.split("/")[0] in names]
    return next((i for i, names in enumerate(ROOMS) if name in names), found[0] if found else None)


TRAIN = [path for path in FILES if floor(path) == "train" and path.name != "__main__.py"]
MODULES = {
    ".".join(("zoo", *path.relative_to(HOUSE).with_suffix("").parts)).removesuffix(".__init__"): path for path in TRAIN
}
FACES = (HOUSE / "train" / "__init__.py",)  # imports lazily what stands above


@cache
def needed(path):
    """The files of train/ that a file imports, wherever in it the import stands."""
    names = {name: path for name, path in MODULES.items() if path not in FACES}
    return {names[name] for name in imported(path) if name in names} - {path}


def depth(path):
    """The longest chain of imports that begins at a file and stays in its room."""
    return 1 + max((depth(other) for other in needed(path) if room(other) == room(path)), default=0)


def test_no_files_import_each_other_in_a_circle():
    done, open_ = set(), []

    def visit(path):
        if path in open_:
            circle = [str(each.relative_to(HOUSE)) for each in open_[open_.index(path) :]]
            raise AssertionError(f"a circle of imports: {' -> '.join([*circle, circle[0]])}")
        if path not in done:
            open_.append(path)
            for other in sorted(needed(path)):
                visit(other)
            done.add(open_.pop())

    for path in TRAIN:
        visit(path)


def test_every_room_has_a_place_in_the_table():
    rooms = {room(path) for path in TRAIN}
    assert {name for name in rooms if level(name) is None} == set()
    assert {name for names in ROOMS for name in names} <= rooms


def test_a_room_imports_only_rooms_that_stand_above_it():
    for path in set(TRAIN) - set(FACES):
        for other in needed(path):
            here, there = room(path), room(other)
            if here.split("/")[0] != there.split("/")[0] or not there:
                assert here == there or level(there) < level(here), (
                    f"{path.relative_to(HOUSE)} imports {other.relative_to(HOUSE)}: {there} does not stand above {here}"
                )


def test_no_chain_of_imports_inside_a_room_is_longer_than_four_files():
    longest = {str(path.relative_to(HOUSE)): depth(path) for path in set(TRAIN) - set(FACES)}
    assert {name: length for name, length in longest.items() if length > 4} == {}


def test_rooms_stay_small():
    sizes = {}
    for path in TRAIN:
        sizes[room(path)] = sizes.get(room(path), 0) + 1
    assert sizes[""] + 1 <= 10, "at most ten files directly in train/, __main__.py among them"
    assert {name: size for name, size in sizes.items() if size > 15 and name not in LARGE} == {}


def test_files_and_functions_stay_small():
    for path in FILES:
        assert path.read_text(encoding="utf-8").count("\n") <= 300, f"{path}: one idea a file"
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1 - (ast.get_docstring(node) or "").count("\n")
                assert length <= 45, f"{path}: {node.name} has {length} lines without its docstring"


@pytest.mark.fault(row=9)
def test_no_archive_is_unpacked():
    """What is never unpacked writes nothing outside; archives are read as streams, in one file."""
    for path in FILES:
        found = {"tarfile", "zipfile", "lzma", "bz2"} & {name.split(".")[0] for name in imported(path)}
        allowed = {"tarfile"} if path == HOUSE / "train" / "data" / "sources" / "_records.py" else set()
        assert found == allowed, f"{path} imports {found}"
        text = path.read_text(encoding="utf-8")
        for call in ("unpack_archive", ".extract(", ".extractall("):
            assert call not in text, f"{path}: {call}"


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
