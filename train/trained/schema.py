"""Schema of the description in a model file: each field with the form of its value, checked where a file is read.

Files of earlier versions lack some fields: these have a default, or may be absent. Unknown fields are kept. Needs
neither jax nor numpy.
"""

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields
from typing import Any, NamedTuple, get_args, get_type_hints

from .. import tasks
from ..config.recipe import Loss, Precision, Recipe
from ..data.dataset import Kind
from ..data.formats.image import Resize
from ..data.tables.encoder import TableEncoder
from ..errors import BadInput
from ..option_types import coerce

__all__ = ["described"]

LARGEST = 1 << 28
"""Largest number of values of one example."""

_ABSENT, _REQUIRED = object(), object()
_SHOWN = 60  # characters of a wrong value in a message
_TABLES = ("m", "d", "t")  # fields of a recipe that are options
_CLASSES = ("binary", "multiclass", "multilabel", "tagging")  # tasks whose outputs are classes with names
_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
)  # fmt: skip
_AXES = {"image": 3, "series": 2, "text": 1}  # of an example


class _Form(NamedTuple):
    """Form of a value: its words for messages, and its check."""

    words: str
    fits: Callable[[Any], bool]


class _Field(NamedTuple):
    """Field of a description. A default of `_ABSENT` leaves a missing field out."""

    form: _Form | Mapping[str, "_Field"]
    default: Any = _REQUIRED


def _is_count(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value < 1 << 62


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_plain(value: Any) -> bool:
    """Returns whether a value may be that of an option."""
    values = value if isinstance(value, list) else [value]
    return all(each is None or isinstance(each, str | bool) or _is_number(each) for each in values)


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(_is_count(size, 1) for size in value) and math.prod(value) <= LARGEST


def _is_row(value: Any) -> bool:
    """Returns whether a value is a row of metrics: numbers, of earlier versions NaN and infinity too, or null."""
    if not isinstance(value, dict):
        return False
    numbers = {name: each for name, each in value.items() if name not in ("split", "step", "not_finite")}
    known = _is_text(value.get("split", "")) and _is_count(value.get("step", 0)) and value.get("step", 0) < 1 << 32
    words = _maps(value.get("not_finite", {}), _is_text)
    return (
        known
        and words
        and all(each is None or isinstance(each, float) or _is_number(each) for each in numbers.values())
    )


def _is_table(value: Any) -> bool:
    try:
        TableEncoder.from_json(value)
    except ValueError:
        return False
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_labels(values: list) -> bool:
    return all(map(_is_text, values)) or all(type(each) is int and abs(each) < 1 << 63 for each in values)


def _maps(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(fits, value.values()))


def _one_of(kind: Any) -> _Form:
    return _Form(f"one of {', '.join(get_args(kind))}", lambda value: value in get_args(kind))


def _or_none(form: _Form) -> _Form:
    return _Form(f"{form.words} or null", lambda value: value is None or form.fits(value))


_TEXT = _Form("a text", _is_text)
_NAME = _Form("a text that is not empty", lambda value: _is_text(value) and bool(value))
_TEXTS = _Form("a list of texts", lambda value: isinstance(value, list) and all(map(_is_text, value)))
_LABELS = _Form("a list of texts or of whole numbers", lambda value: isinstance(value, list) and _are_labels(value))
_BOOL = _Form("true or false", lambda value: isinstance(value, bool))
_COUNT = _Form("a whole number of at least 0", _is_count)
_NUMBER = _Form("a finite number", _is_number)
_NUMBERS = _Form("a list of finite numbers", lambda value: isinstance(value, list) and all(map(_is_number, value)))
_WEIGHTS = _Form("a list of positive numbers", lambda value: _NUMBERS.fits(value) and all(each > 0 for each in value))
_SHAPE = _Form(f"a list of whole numbers of at least 1, whose product is at most {LARGEST:,}", _is_shape)
_OPTIONS = _Form("options by name: numbers, texts, true, false, null or lists of them", lambda v: _maps(v, _is_plain))
_ORIGIN = _Form("texts by name", lambda value: _maps(value, lambda each: _is_text(each) or _maps(each, _is_text)))
_RESIZE = _Form(f"none or {_one_of(Resize).words}", lambda value: value == "none" or value in get_args(Resize))
_DTYPE = _Form("a type of numbers, such as float32", lambda value: value in _DTYPES)

_FIELDS: Mapping[str, _Field] = {
    "model": _Field(_NAME),
    "origin": _Field(_ORIGIN, _ABSENT),
    "options": _Field(_OPTIONS),
    "dataset": _Field(_NAME),
    "task": _Field(_NAME),
    "headline": _Field(_TEXT, ""),
    "loss": _Field(_one_of(Loss)),
    "dtype": _Field(_one_of(Precision), "float32"),
    "fingerprint": _Field(_or_none(_TEXT), _ABSENT),
    "kind": _Field(_one_of(Kind)),
    "made_for": _Field(
        {
            "outputs": _Field(_COUNT),
            "each": _Field(_BOOL, False),
            "vocabulary": _Field(_COUNT, 0),
            "shape": _Field(_SHAPE, []),
        }
    ),
    "vocabulary": _Field(_TEXTS, []),
    "input_shape": _Field(_Form(f"a shape: {_SHAPE.words}", lambda value: _is_shape(value) and bool(value))),
    "input_dtype": _Field(_DTYPE, "float32"),
    "input_range": _Field(_or_none(_Form("a list of the least and the largest number", _is_range)), _ABSENT),
    "input_edge": _Field(_or_none(_NUMBER), _ABSENT),
    "pictures": _Field({"size": _Field(_COUNT), "resize": _Field(_RESIZE, "crop")}, _ABSENT),
    "classes": _Field(_TEXTS, []),
    "labels": _Field(_LABELS, []),
    "held_out": _Field(_BOOL, True),
    "features": _Field(_TEXTS, []),
    "target": _Field(_TEXT, ""),
    "table": _Field(_Form("the columns of a table as `TableEncoder.to_json` describes them", _is_table), _ABSENT),
    "relative": _Field(_BOOL, False),
    "level": _Field(_Form("a finite number of at least 0", lambda v: _is_number(v) and v >= 0), _ABSENT),
    "class_weights": _Field(_WEIGHTS, _ABSENT),
    "baseline": _Field({"name": _Field(_NAME), "outputs": _Field(_NUMBERS), "last": _Field(_NUMBERS, [])}, _ABSENT),
    "calibration": _Field(_OPTIONS, _ABSENT),
    "metrics": _Field(_Form("a row of numbers by name, of a split and a step", _is_row), {}),
    "recipe": _Field(_Form("a recipe by fields", lambda value: isinstance(value, dict)), {}),
}


def described(about: Mapping[str, Any]) -> dict[str, Any]:
    """Checks the description of a model file and fills in what files of earlier versions lack.

    Args:
        about: description, values of JSON.

    Raises:
        ValueError: if a field is missing or its value has another form; the message names field, value and form.

    >>> described({"model": "mlp", "options": []})
    Traceback (most recent call last):
    ValueError: `options` must be options by name: numbers, texts, true, false, null or lists of them, got []
    """
    found = _checked("", _FIELDS, about)
    found["recipe"] = _recipe(found["recipe"])
    for field, words in _contradictions(found):
        raise ValueError(f"`{field}` {words}")
    return found


def _checked(path: str, schema: Mapping[str, _Field], values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise ValueError(f"`{path.rstrip('.')}` must be values by name, got {_shown(values)}")
    found = dict(values)
    for name, (form, default) in schema.items():
        if name not in values:
            if default is _REQUIRED:
                raise ValueError(f"`{path}{name}` is missing")
            if default is not _ABSENT:
                found[name] = copy(default)
        elif not isinstance(form, _Form):
            found[name] = _checked(f"{path}{name}.", form, values[name])
        elif not form.fits(values[name]):
            raise ValueError(f"`{path}{name}` must be {form.words}, got {_shown(values[name])}")
    return found


def _recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Checks the fields of a recipe by their types; a file without a recipe is that of a classifier of images."""
    if not recipe:
        return {}
    kinds, known = get_type_hints(Recipe, include_extras=True), {each.name for each in fields(Recipe)}
    for name in (known - {"expect", *_TABLES}) & set(recipe):
        try:
            coerce(kinds[name], recipe[name], f"`recipe.{name}`")
        except (BadInput, TypeError) as error:
            raise ValueError(str(error)) from None
    names = {name: _Field(_NAME) for name in ("model", "dataset")}
    return _checked("recipe.", names | {name: _Field(_OPTIONS, {}) for name in _TABLES}, dict(recipe))


def _contradictions(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns fields that contradict others, each with the reason."""
    made, task, shape, names = about["made_for"], about["task"], about["input_shape"], len(about["classes"])
    classes = {"binary": 2}.get(task, made["outputs"]) if task in _CLASSES else names
    axes = _AXES.get(about["kind"], len(shape)) if task != "generation" else len(shape)
    side = about.get("pictures", {}).get("size", 0)
    widths = {shape[-1], *made["shape"][-1:]}
    rules = (
        (about["headline"] in ("split", "not_finite"), "headline", "must be the name of a metric"),
        (made["outputs"] < 1, "made_for.outputs", f"must be at least 1, got {made['outputs']}"),
        (names != classes, "classes", f"has {names} names, the task {task} of {made['outputs']} outputs has {classes}"),
        (len(about["vocabulary"]) != made["vocabulary"], "vocabulary", f"has {len(about['vocabulary'])} tokens, "
         f"`made_for.vocabulary` states {made['vocabulary']}"),
        (task == "generation" and 0 < names < made["outputs"], "classes",
         f"has {names} names, `made_for.outputs` states {made['outputs']} classes"),
        (made["each"] != tasks.per_step(task), "made_for.each",
         f"is {made['each']}, which contradicts the task {task}"),
        (task == "language" and not made["vocabulary"], "vocabulary", "is empty, but the task is language"),
        (about["kind"] == "text" and not made["vocabulary"], "vocabulary", "is empty, but the kind of data is text"),
        (task == "regression" and names, "classes", f"has {names} names, but the task is regression"),
        (len(set(about["classes"])) < names, "classes", "has one name twice"),
        (len(about.get("class_weights", ())) not in (0, names), "class_weights", f"must have {names} weights"),
        (about["labels"] and len(about["labels"]) != names, "labels",
         f"has {len(about['labels'])} values for {names} classes"),
        (about["relative"] and about["kind"] != "series", "relative", f"is true, but the data are {about['kind']}"),
        (side and shape[:2] != [side, side], "pictures.size", f"is {side}, but `input_shape` is {shape}"),
        (axes != len(shape), "input_shape", f"must have {axes} sizes for {about['kind']} data, got {shape}"),
        (about["features"] and len(about["features"]) not in widths, "features",
         f"has {len(about['features'])} names for inputs of shape {shape}"),
    )  # fmt: skip
    return [(field, words) for wrong, field, words in rules if wrong]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
