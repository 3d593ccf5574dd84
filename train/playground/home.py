"""Command, Python code and recipe that repeat a run, and the model file of what is trained."""

import csv
import io
import shlex
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from zoo._catalogue import card

from .. import tasks, trainers
from ..config.file import OPTION_TABLES, write_config
from ..config.recipe import Recipe, book, recipe_for
from ..data.sources.playground import features_of
from ..option_types import format_value
from ..runs.best_model import ModelInMemory, best_model_callback
from .build import Built
from .own.patterns import Patterns
from .own.points import Points, features_given
from .own.series import Series
from .state import recipe_of

__all__ = ["home", "model_file"]

_TABLES = {"regression": "table_values"}
_FILES = ("points.csv", "points-test.csv")
_SERIES, _PATTERNS = "series.csv", "patterns.txt"


def home(built: Built, step: int, endless: bool) -> dict[str, Any]:
    """Returns the texts that repeat a run.

    Args:
        built: The run.
        step: Steps done.
        endless: Whether the run has no length of its own, so that the repetition ends after the steps done.

    Returns:
        `command`, "" where only Python can repeat the run, `python`, `toml`, and `files`, texts by name.
    """
    recipe = replace(built.parts.recipe, steps=max(step, 1)) if endless else built.parts.recipe
    own, usual = built.state.own, recipe_of(replace(built.state, given={}), built.stock)  # with all options spelled out
    if own is None:
        words = ["--dataset", recipe.dataset]
        command, python = _command(recipe, usual, words), _python(recipe, usual)
        return {"command": command, "python": python, "toml": write_config(recipe), "files": {}}
    if isinstance(own, Points):
        return _of_points(own, built, recipe)
    if isinstance(own, Series):
        return _of_series(own, recipe, usual)
    return _of_patterns(own, built, recipe)


def _of_points(own: Points, built: Built, recipe: Recipe) -> dict[str, Any]:
    """Returns the texts that repeat a run on points of the user."""
    files, test = _csv(own, features_given(built.state.given)), bool(own.share)
    python = _python_of_points(built, recipe, test)
    if "table" not in book(recipe.model).kinds:
        return {"command": "", "python": python, "toml": "", "files": files}
    d = {"file": _FILES[0], "target": "label", **({"test_file": _FILES[1]} if test else {})}
    table = replace(recipe, dataset=_TABLES.get(built.parts.data.task, "table"), d=d)
    words = ["--csv", _FILES[0], "--target", "label", *(["--test-csv", _FILES[1]] if test else [])]
    usual = recipe_for(recipe.model, table.dataset)
    usual = replace(usual, d={}, m={**_spelled(recipe, recipe.m), **usual.m})
    command = _command(replace(table, d={}), usual, words)
    return {"command": command, "python": python, "toml": write_config(table), "files": files}


def _of_series(own: Series, recipe: Recipe, usual: Recipe) -> dict[str, Any]:
    """Returns the texts that repeat a run on a series of the user."""
    recipe = replace(recipe, d={"file": _SERIES, "column": "value", **recipe.d})
    files = {_SERIES: "\n".join(["value", *map(repr, own.values)]) + "\n"}
    command, python = _command(recipe, usual, ["--dataset", recipe.dataset]), _python(recipe, usual)
    return {"command": command, "python": python, "toml": write_config(recipe), "files": files}


def _of_patterns(own: Patterns, built: Built, recipe: Recipe) -> dict[str, Any]:
    """Returns the Python code that repeats a run on pictures of the user; no command reads them."""
    lines = [
        "import numpy as np", "import zoo", "",
        f"with open({_PATTERNS!r}) as file:",
        "    bits = [[int(cell) for cell in line.strip()] for line in file]",
        f"x = np.array(bits, np.uint8).reshape(-1, {own.rows}, {own.columns}, 1)",
        f"model = zoo.fit({recipe.model!r}, x, test=0{_given(built, recipe)})",
    ]  # fmt: skip
    files = {_PATTERNS: "\n".join(own.cells) + "\n"}
    return {"command": "", "python": "\n".join(lines) + "\n", "toml": "", "files": files}


def model_file(built: Built, fit: dict, step: int) -> bytes:
    """Returns the content of the model file of a fit, which `zoo.load` reads."""
    keep = ModelInMemory(built.parts)
    fit = built.parts.advance.prepared(fit, built.parts.key, step)
    best = best_model_callback(built.parts, keep, None)
    rows = built.parts.evaluate(fit, step)
    for row in rows:
        best.on_metrics(row, fit)
    return keep.load(rows).to_bytes()


def _command(recipe: Recipe, stock: Recipe, words: list[str]) -> str:
    found = ["python", "-m", "zoo.train", "--model", recipe.model, *words]
    for name, value in _differences(recipe, stock).items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            found.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            found += [
                f"--{flag}",
                *(format_value(value).split() if isinstance(value, tuple) else [format_value(value)]),
            ]
    return shlex.join(found)


def _differences(recipe: Recipe, stock: Recipe) -> dict[str, Any]:
    """Returns the values of a recipe that differ from those of another one, by the names of their flags."""
    skipped = {"model", "dataset", "variant", "trainer", "expect", *OPTION_TABLES}
    found = {each.name: getattr(recipe, each.name) for each in fields(Recipe) if each.name not in skipped}
    found = {name: value for name, value in found.items() if value != getattr(stock, name)}
    for table in OPTION_TABLES:
        usual = getattr(stock, table)
        given = {name: value for name, value in getattr(recipe, table).items() if _missing(usual, name) != value}
        found |= {f"{table}.{name}": value for name, value in given.items()}
    return {name: value for name, value in found.items() if not (name == "epochs" and recipe.steps is not None)}


def _spelled(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the defaults of the options of a model that a recipe spells out."""
    return {each.name: each.default for each in card(recipe.model).options if each.name in given}


def _missing(usual: Mapping[str, Any], name: str) -> Any:
    return usual.get(name, _missing)


def _python(recipe: Recipe, usual: Recipe) -> str:
    found = _differences(recipe, usual)
    own = {name: value for name, value in found.items() if "." not in name}
    changed = {name.partition(".")[0] for name in found if "." in name}
    own |= {table: dict(getattr(recipe, table)) for table in OPTION_TABLES if table in changed}
    values = "".join(f",\n    {name}={value!r}" for name, value in own.items())
    return (
        "from dataclasses import replace\n\nfrom zoo.train import recipe_for, run\n\n"
        f"recipe = replace(\n    recipe_for({recipe.model!r}, {recipe.dataset!r}){values},\n)\n"
        "model = run(recipe).load()\n"
    )


def _python_of_points(built: Built, recipe: Recipe, test: bool) -> str:
    kind = "float" if built.parts.data.task == "regression" else "str"
    lines = [
        "import csv", "", "import numpy as np", "import zoo", "", "", "def read(name):",
        '    """Returns the features and the labels of a file."""',
        '    with open(name, newline="", encoding="utf-8") as file:', "        rows = list(csv.reader(file))[1:]",
        f"    return np.array([row[:-1] for row in rows], float), [{kind}(row[-1]) for row in rows]", "", "",
        f"x, y = read({_FILES[0]!r})",
        f"model = zoo.fit({recipe.model!r}, x, y, test={f'read({_FILES[1]!r})' if test else 0}{_given(built, recipe)})",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _given(built: Built, recipe: Recipe) -> str:
    """Returns the values of a recipe that differ from those by which `zoo.fit` begins, as its arguments."""
    usual = recipe_for(recipe.model, built.parts.source)
    rules = (*trainers.options(usual.trainer), *tasks.options(usual.task))
    t = {each.name: each.default for each in rules}
    usual = replace(usual, m={**_spelled(recipe, recipe.m), **usual.m}, t={**t, **usual.t})
    found = _differences(recipe, usual)
    own: dict[str, Any] = {name: value for name, value in found.items() if "." not in name}
    for table in "mt":
        if changed := {name[2:]: value for name, value in found.items() if name[:2] == f"{table}."}:
            own[table] = changed
    return "".join(f", {name}={value!r}" for name, value in own.items())


def _csv(points: Points, names: tuple[str, ...]) -> dict[str, str]:
    """Returns the files of a user's points: their features and labels, training and test points apart."""
    xy, label = points.splits()
    found = {}
    for file, split in zip(_FILES, ("train", "test"), strict=True):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*names, "label"])
        rows = zip(features_of(xy[split], names).astype(float).tolist(), label[split].tolist(), strict=True)
        writer.writerows([*row, each] for row, each in rows)
        found[file] = text.getvalue()
    return found if points.share else {_FILES[0]: found[_FILES[0]]}
