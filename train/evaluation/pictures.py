"""What a finished run shows of itself: which pictures are drawn, and which scores go with them."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ..data.resident import resident
from ..trained.model import Trained
from .report import answered, detailed

__all__ = ["draw"]

_ROWS = 64  # enough for a mean


def draw(result: Any) -> dict[str, Any]:
    """Draws into the run's `plots/` what its data and task allow, and gives back the scores behind the pictures.

    Args:
        result: a `Result` whose model was saved.
    """
    from ..plots.curves import PLAYERS, curves

    folder = result.folder / "plots"
    folder.mkdir(exist_ok=True)
    data, kind, model = result.setup.data, result.setup.source, result.load()
    makes = model.task.name == "generation"
    curves(result.rows, folder / "curves.png", result.best_epoch, result.setup.task.headline, PLAYERS if makes else ())
    if makes:
        return _made(replace(result, setup=replace(result.setup, data=resident(data))), model, folder)
    scores = _SCORES.get(data.task, _classes)(model, data, folder)
    if kind.kind == "points":
        _surface(model, data, folder)
    if kind.kind == "sequence" and not data.per_step and data.test.x.ndim == 3:
        _memory(result.setup, model, folder)
    if kind.kind == "series":
        from .forecasting import show_forecast

        scores |= {"forecast": show_forecast(model, data, folder)}
    if kind.kind == "image":
        _filters(model, folder)
    return scores


def _made(result: Any, model: Trained, folder: Any) -> dict[str, Any]:
    from ..trained.generate_images import is_image_generator

    if not is_image_generator(model) or len(result.setup.data.classes) < 2:
        return {}
    from .generated_images import show_images

    return {"images": show_images(result.setup, model, folder)}


def _classes(model: Trained, data: Any, folder: Any) -> dict[str, Any]:
    (x, _, lengths), (truth, said) = data.test, answered(model, data)
    if x.ndim == 4:
        from ..plots.images import mistakes

        shares = model.probabilities(x, lengths)
        mistakes(x, truth, said, shares.max(axis=-1), data.classes, folder / "mistakes.png")
    return _confusion(data, truth, said, folder)


def _tags(model: Trained, data: Any, folder: Any) -> dict[str, Any]:
    return _confusion(data, *answered(model, data), folder)


def _confusion(data: Any, truth: np.ndarray, said: np.ndarray, folder: Any) -> dict[str, Any]:
    from ..plots.confusion import confusion

    scores = detailed(data, truth, said)
    confusion(scores["confusion"], data.classes, folder / "confusion.png")
    return scores


def _regression(model: Trained, data: Any, folder: Any) -> dict[str, Any]:
    from ..plots.regression import regression

    truth, said = answered(model, data)
    if said.shape[1] == 1:
        regression(truth[:, 0], said[:, 0], folder / "regression.png", data.target)
    return detailed(data, truth, said)


def _memory(setup: Any, model: Trained, folder: Any) -> None:
    """What the last answer feels of each step, before the training and after it."""
    from ..pipeline.batches import scaled
    from ..plots.lags import gradient_by_lag, lags

    x = scaled(model.scaler, setup.data.test.x[:_ROWS])
    fresh = model.model.init(setup.key, x)
    made = {"before training": fresh, "after training": (model.params, model.state)}
    lags({name: gradient_by_lag(model.model, *each, x) for name, each in made.items()}, folder / "lags.png")


def _surface(model: Trained, data: Any, folder: Any) -> None:
    from ..plots.surface import decision_surface

    look = model.predict if data.task == "regression" else model.probabilities
    (x, y, _), (test_x, test_y, _) = data.train, data.test
    decision_surface(look, x, y, test_x, test_y, folder / "surface.png", data.classes)


def _filters(model: Trained, folder: Any) -> None:
    """The kernels that look at the picture itself: the first four-axed leaf with the input's channels."""
    from ..plots.images import filters

    channels = model.input_shape[-1]
    for leaf in jax.tree.leaves(model.params):
        if leaf.ndim == 4 and leaf.shape[2] == channels:
            filters(np.asarray(leaf), folder / "filters.png")
            return


# By task; all others are of classes.
_SCORES = {
    "regression": _regression,
    "tagging": _tags,
    "multilabel": lambda model, data, folder: {},
    "language": lambda model, data, folder: {},
}
