"""Reads and writes a recipe as a TOML or JSON file. Nothing in it is executed, and no module it names is imported."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from ..errors import BadInput
from ..files import check_regular
from ..option_types import coerce, did_you_mean, to_toml
from .recipe import Expect, Recipe
from .schema import Option, run_flags

__all__ = ["OPTION_TABLES", "expected", "file_values", "model_origin", "read_config", "write_config"]

OPTION_TABLES = {"m": "the model", "d": "the data set", "t": "the trainer"}
"""The fields of a recipe that hold options, and their owners."""

_LARGEST, _LARGEST_TOML = 16 << 20, 256 << 10  # bytes; config.json of a run grows each time it is resumed
_MOST_DOTS = 200  # in a line of TOML
_FIELDS = tuple(each.name for each in fields(Recipe))


def read_config(path: Path) -> dict[str, Any]:
    """Reads the fields of a recipe from a configuration file, or from a run.

    Args:
        path: TOML or JSON file, `config.json` of a run, or folder of a run.

    Raises:
        BadInput: if it cannot be read, is neither TOML nor JSON, or has a key that is no field of a recipe.
    """
    found = _load(path)
    if isinstance(found, dict) and isinstance(found.get("recipe"), dict):
        found = found["recipe"]
    if not isinstance(found, dict):
        raise BadInput(f"--config {path} must hold a table of a recipe's fields, got {type(found).__name__}")
    for key in found:
        if key not in _FIELDS:
            raise BadInput(f"--config {path}: {_unknown(key)}")
    for name in OPTION_TABLES:
        if not isinstance(found.get(name, {}), dict):
            raise BadInput(f"--config {path}: {name} must be a table, got {found[name]!r}")
    for name in ("model", "dataset", "variant", "trainer", "task"):
        coerce(str, found.get(name, ""), f"--config {path}: {name}")
    return found


def model_origin(path: Path) -> dict[str, str]:
    """Reads the origin of the model of a run, as `zoo._catalogue.origin` states it; empty if the file has none.

    Args:
        path: `config.json` of a run, or its folder.
    """
    try:
        found = _load(path)
    except BadInput:
        return {}
    origin = found.get("origin") if isinstance(found, dict) else None
    return {str(key): str(value) for key, value in origin.items()} if isinstance(origin, dict) else {}


def file_values(path: Path, found: Mapping[str, Any], flags: Iterable[Option]) -> dict[str, Any]:
    """Returns the values of a configuration by the names of their flags.

    Raises:
        BadInput: if a value has another type, or an option does not exist.
    """
    kinds = {flag.name: flag.kind for flag in flags}
    flat = {key: value for key, value in found.items() if key in kinds}
    flat |= {f"{table}.{key}": value for table in OPTION_TABLES for key, value in found.get(table, {}).items()}
    for key in flat:
        if key not in kinds:
            others = [name for name in kinds if name.startswith(key[:2])]
            has = ", ".join(others) or "no option"
            raise BadInput(
                f"--config {path}: {OPTION_TABLES[key[0]]} has no option {key}"
                f"{did_you_mean(key, others)} (it has {has})"
            )
    return {key: coerce(kinds[key], value, f"--config {path}: {key}") for key, value in flat.items()}


def expected(path: Path, value: Any) -> Expect | None:
    """Returns the expected result that a configuration states.

    Raises:
        BadInput: if it is no table of metric, value and source, or its bounds contradict each other.
    """
    if value is None or value == "none":
        return None
    kinds = get_type_hints(Expect)
    if not isinstance(value, dict) or not set(value) <= set(kinds) or not {"metric", "value", "source"} <= set(value):
        raise BadInput(f"--config {path}: expect must be a table of metric, value, source, got {value!r}")
    try:
        return Expect(
            **{key: coerce(kinds[key], each, f"--config {path}: expect.{key}") for key, each in value.items()}
        )
    except ValueError as error:
        raise BadInput(f"--config {path}: {error}") from None


def write_config(recipe: Recipe) -> str:
    """Formats a recipe as TOML that `--config` accepts.

    >>> write_config(Recipe("cnn", "digits")).splitlines()[:2]
    ['model = "cnn"', 'dataset = "digits"']
    """
    values = {name: getattr(recipe, name) for name in _FIELDS}
    tables = {table: values.pop(table) for table in OPTION_TABLES}
    expect = values.pop("expect")
    if expect is not None:
        tables["expect"] = vars(expect)
    lines = [f"{name} = {to_toml(value)}" for name, value in values.items()]
    for table, content in tables.items():
        lines += ["", f"[{table}]", *(f"{name} = {to_toml(value)}" for name, value in content.items())]
    return "\n".join(lines) + "\n"


def _load(path: Path) -> Any:
    path = path.expanduser()
    path = path / "config.json" if path.is_dir() else path
    check_regular(path, f"--config {path}")
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        # Of what is too large nothing is decoded. A byte order mark is no part of the text.
        text = "" if len(raw) > _LARGEST else raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text: save it as UTF-8"
        raise BadInput(f"--config {path} cannot be read: {reason}") from error
    is_json = path.suffix == ".json" or (path.suffix != ".toml" and text.lstrip().startswith("{"))
    _check_size(path, text, len(raw), is_json)
    try:
        return json.loads(text, object_pairs_hook=_once) if is_json else tomllib.loads(text)
    except RecursionError as error:
        raise BadInput(f"--config {path}: its values are nested too deeply for a recipe") from error
    except ValueError as error:
        raise BadInput(f"--config {path} is not valid {'JSON' if is_json else 'TOML'}: {error}") from error


def _check_size(path: Path, text: str, size: int, is_json: bool) -> None:
    """Refuses what is no recipe, as the time to read TOML grows with the square of the parts of a key."""
    most = _LARGEST if is_json else _LARGEST_TOML
    if size > most:
        raise BadInput(f"--config {path} is too large for a recipe: more than {most:,} bytes")
    for number, line in enumerate(() if is_json else text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS and not line.lstrip().startswith("#"):
            raise BadInput(f"--config {path}, line {number}: too many dots for a key of a recipe, which has two parts")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns the table of a JSON object; raises ValueError if a key is there twice, as TOML does."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, times = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {twice!r} is there {times} times: keep one")
    return found


def _unknown(key: str) -> str:
    if key in {flag.name for flag in run_flags()}:
        return f"{key} is an option of the run, not of the recipe: give it on the command line"
    return f"unknown key {key!r}{did_you_mean(key.replace('-', '_'), _FIELDS)}"
