"""`zoo.fit`: trains a model on data in memory and returns it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from signal import Signals
from types import MappingProxyType
from typing import Any

from zoo import _catalogue

from ..callback import Callback
from ..config.recipe import Recipe, book, check_compatible, recipe_for
from ..data.dataset import Source
from ..errors import BadInput, ZooError, warn
from ..option_types import did_you_mean
from ..pipeline.arrays import GivenArrays, OpenArrays
from ..pipeline.given_batches import is_batches, with_state
from ..pipeline.stream import Stream
from ..runs.result import Result
from ..runs.run import run
from ..trained.model import Trained
from ..trainers import stored
from .settings import in_python, settings_of

__all__ = ["fit", "trained"]


def fit(
    model: str,
    X: Any,
    y: Any = None,
    *,
    test: Any = 0.2,
    val: Any = None,
    classes: Sequence[str] = (),
    column_kinds: Mapping[str, str] = MappingProxyType({}),
    sample_weight: Any = None,
    recipe: str = "",
    out: Any = None,
    quiet: bool = False,
    callbacks: Sequence[Callback] = (),
    **settings: Any,
) -> Trained:
    """Trains a model on data in memory.

    What the arrays hold is decided by their axes and types, printed, and overruled by `task=`: two axes are a table,
    three are sequences (images, if the model reads no sequences), four are images with channels; texts, integers and
    booleans in y are classes, floats are numbers to predict, rows of 0 and 1 labels.

    Args:
        model: name of a model, or a reference to a function that makes one, as of `--model`.
        X: examples (n, ...): an array of numpy or JAX, a list, or a frame of pandas or polars; without y also batches
            `(x, y)` or `{"x": x, "y": y}`: a list, or an iterator with `steps_per_epoch=N`.
        y: targets (n,) or (n, outputs); None for a model that learns without any.
        test: test examples `(X, y)` or `(X, y, sample_weight)`, or the share of the examples that is held out,
            stratified by class; 0 trains on all of them, and scores are those of the training examples.
        val: validation examples `(X, y)` or `(X, y, sample_weight)`, by which the best model is chosen.
        classes: names of the classes, by number.
        column_kinds: kinds of the columns of a frame by name, where others are found than wanted: number, category,
            yes/no, date, identifier, ignore. Texts become categories, missing values are filled.
        sample_weight: weight of each example (n,), from 0 up, in the loss, the scores and the baseline: a whole number
            means what as many copies of the example would. None: all count the same.
        recipe: name of one of the model's named recipes.
        out: folder of the run, as that of `python -m zoo.train`; None writes nothing to disk.
        quiet: whether to print only warnings.
        callbacks: called during the run.
        **settings: fields of the recipe (`epochs`, `lr`, `batch_size`, `seed`, `task`, ...), options of the model
            (`hidden`, ...) and of the trainer, options of the run (`patience`, `on_nan`, ...), by the names of their
            flags; `m={...}` and `t={...}` hold options of model and trainer whose names are ambiguous.

    Returns:
        The trained model: `predict`, `predict_proba`, `score`, `save`, `metrics` of the test examples, `history`.

    Raises:
        BadInput: if data or settings are unsuitable; the message names the first bad row, or the nearest known name.
        RunFailed: if the training fails.

    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 40).reshape(20, 2)
    >>> fit("mlp", x, np.where(x[:, 0] > 0, "up", "down"), epochs=30, lr=0.03, quiet=True).predict(x[-2:]).tolist()
    ['up', 'up']
    """
    result = trained(
        model, X, y, test, val, classes, column_kinds, sample_weight, recipe, out, quiet, callbacks, settings
    )
    if result.signal:
        warn(f"stopped by {Signals(result.signal).name}: the model is that of the steps so far")
    return result.load()


def trained(
    model: str,
    x: Any,
    y: Any,
    test: Any,
    val: Any,
    classes: Sequence[str],
    column_kinds: Mapping[str, str],
    sample_weight: Any,
    recipe: str,
    out: Any,
    quiet: bool,
    callbacks: Sequence[Callback],
    settings: Mapping[str, Any],
) -> Result:
    """Runs the training of `fit` and returns its result; arguments and errors as there."""
    try:
        settings = dict(settings)
        given: GivenArrays | Stream = GivenArrays(x, y, test, val, classes, column_kinds, sample_weight)
        if y is None and is_batches(x):
            if sample_weight is not None:
                raise BadInput("sample_weight is for arrays X and y; batches have no weights of examples: leave it out")
            given = _stream(x, test, val, classes, settings.pop("steps_per_epoch", 0))
        return _trained(model, given, recipe, settings, out, quiet, callbacks)
    except ZooError as error:
        raise in_python(error).with_traceback(error.__traceback__) from error.__cause__


def _trained(
    model: str,
    given: GivenArrays | Stream,
    variant: str,
    settings: dict[str, Any],
    out: Any,
    quiet: bool,
    callbacks: Sequence[Callback],
) -> Result:
    try:
        model = _catalogue.resolve(model)
    except ValueError as error:
        raise BadInput(str(error)) from None
    task = str(settings.get("task", ""))
    if isinstance(given, Stream):
        kind = given.opened(replace(recipe_for(model), task=task)).kind
        recipe, options = settings_of(_stock(model, kind, variant), settings, out=out, quiet=quiet)
        return run(recipe, options, callbacks, data=replace(given.opened(recipe), folderless=True))
    kind, data = given.described(model, task)
    recipe, options = settings_of(_stock(model, kind, variant), settings, out=out, quiet=quiet)
    if stored(recipe) and not isinstance(given.test, tuple | list):  # a memory is scored on what it stores
        kind, data = replace(given, test=0).described(model, task)
    return run(recipe, options, callbacks, data=OpenArrays(kind, data, recipe))


def _stream(batches: Any, test: Any, val: Any, classes: Sequence[str], steps_per_epoch: int) -> Stream:
    """Returns batches as a stream, read anew each time that it is opened.

    Raises:
        BadInput: if there are no test examples, or the number of batches of an epoch is unknown.
    """
    if not isinstance(test, tuple | list):
        raise BadInput("batches need test examples of their own: give test=(X_test, y_test)")
    steps_per_epoch = steps_per_epoch or (len(batches) if hasattr(batches, "__len__") else 0)
    if not steps_per_epoch:
        raise BadInput("give the number of batches that count as an epoch, steps_per_epoch=N")
    splits = [None if each is None else dict(zip("xy", each, strict=True)) for each in (test, val)]
    assert splits[0] is not None
    return Stream(with_state(batches), splits[0], steps_per_epoch, tuple(classes), splits[1])


def _stock(model: str, kind: Source, variant: str) -> Recipe:
    """Returns the recipe of a model for such data, or its named one."""
    if not variant:
        return recipe_for(model, kind)
    check_compatible(model, kind)
    named = {each.variant: each for each in book(model).recipes if each.variant}
    if variant not in named:
        raise BadInput(f"{model} has no recipe {variant!r}{did_you_mean(variant, named)} (it has {', '.join(named)})")
    return replace(named[variant], dataset=kind.name, d={}, expect=None)
