"""Figures of tasks: `Task.figures` names functions of this file, or holds functions `(Drawing) -> None` of its own.

Each function draws one PNG where the data have the form for it, and may add scores.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .. import tasks
from ..data.dataset import Dataset
from ..data.normalize import scaled
from ..trained.model import Trained
from ..trainer import named_key
from .report import judged

__all__ = [
    "Drawing",
    "centres",
    "clusters",
    "confusion",
    "decisions",
    "filters",
    "forecast",
    "generated_images",
    "lags",
    "mistakes",
    "regression",
    "samples",
    "surface",
]

_ROWS = 64  # examples of a mean gradient
_COLUMNS = 10  # examples beside each other
_POINTS = 5000  # of a scatter plot
_CURVES = 8  # as many colours there are
_CENTRES = 100  # images of centres
_EXPLAINED, _LEAST = 8, 16  # mistakes that are explained, and the least side of their images


@dataclass(frozen=True)
class Drawing:
    """Parts of a finished run that a figure may show.

    Attributes:
        setup: the run.
        model: the model that was kept.
        data: its data.
        folder: where the PNGs go.
        scores: scores of `result.json`, plain values or arrays by name; figures may add some. The terminal shows the
            line `summary` of each that is a mapping.
    """

    setup: Any
    model: Trained
    data: Dataset
    folder: Path
    scores: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Kind of the data: image, table, points, sequence, text or series. Points beyond a plane: table."""
        kind = self.setup.source.kind
        return "table" if kind == "points" and self.data.test.x.shape[1:] != (2,) else kind

    @cached_property
    def compared(self) -> tuple[np.ndarray, np.ndarray]:
        """Truth and predictions of the test examples."""
        assert self.model.task.compare is not None, f"the task {self.model.task.name} has no `compare`"
        return self.model.task.compare(self.model, self.data)


def confusion(drawing: Drawing) -> None:
    """Draws the confusion matrix."""
    from ..plots.confusion import confusion as draw

    draw(drawing.scores["confusion"], drawing.data.classes, drawing.folder / "confusion.png")


def decisions(drawing: Drawing) -> None:
    """Draws ROC, precision-recall and calibration curves; of several classes those of each against the rest."""
    from ..metrics.decisions import reliability
    from ..metrics.ranking import average_precision, ranked, roc_auc
    from ..plots.decisions import decisions as draw
    from ..plots.style import class_names

    found = judged(drawing.model, drawing.data)
    names = class_names(drawing.data.classes, found.probabilities.shape[1])
    curves: tuple[dict, dict] = {}, {}
    for j in [1] if found.binary else range(len(names)):
        y, scores = found.y == j, found.probabilities[:, j]
        counts = ranked(y, scores, found.weight)
        areas = (measure(y, scores, found.weight) for measure in (roc_auc, average_precision))
        for curve, area, points in zip(curves, areas, (counts.roc, counts.precision_recall), strict=True):
            if area is not None:
                curve[j] = (area, points)
    roc, precision_recall = (
        {f"{names[j]} {area:.3f}": points for j, (area, points) in sorted(_lowest(curve).items())} for curve in curves
    )
    path, total = drawing.folder / "decisions.png", len(names)
    if found.binary:
        draw(
            roc,
            precision_recall,
            reliability(found),
            path,
            float(np.average(found.y == 1, weights=found.weight)),
            names[1],
        )
        return
    note = "of one against the rest" if total <= _CURVES else f"of the {_CURVES} lowest of {total}"
    draw(roc, precision_recall, reliability(found), path, note=note)


def _lowest(curves: dict[int, tuple]) -> dict[int, tuple]:
    """Returns the curves with the smallest areas, as many as have different colours."""
    return {j: curves[j] for j in sorted(curves, key=lambda j: curves[j][0])[:_CURVES]}


def mistakes(drawing: Drawing) -> None:
    """Draws the images that were classified wrongly with the highest confidence, and what the first of them rest on."""
    from ..plots.explained import explained
    from ..plots.images import mistakes as draw
    from ..plots.images import pixels_of, worst_mistakes
    from ..trained.attribution import explain

    x, _, lengths = drawing.data.test[:3]
    if x.ndim != 4:
        return
    truth, predicted = drawing.compared
    confidence = drawing.model.probabilities(x, lengths).max(axis=-1)
    draw(x, truth, predicted, confidence, drawing.data.classes, drawing.folder / "mistakes.png")
    worst, captions = worst_mistakes(truth, predicted, confidence, drawing.data.classes, _EXPLAINED)
    if len(worst) and min(x.shape[1:3]) >= _LEAST and x.shape[-1] in (1, 3):
        maps, method = explain(drawing.model, x[worst])
        shown, title = pixels_of(x, worst), "what the most confident mistakes rest on"
        explained(shown, maps, captions, drawing.folder / "mistakes_explained.png", title, method)


def regression(drawing: Drawing) -> None:
    """Draws predicted against true values, of one output."""
    from ..plots.regression import regression as draw

    truth, predicted = drawing.compared
    if predicted.shape[1] == 1:
        draw(truth[:, 0], predicted[:, 0], drawing.folder / "regression.png", drawing.data.target)


def surface(drawing: Drawing) -> None:
    """Draws the predictions over the plane, whose further features are computed from x and y."""
    from ..data.sources.playground import features_of
    from ..plots.surface import decision_surface

    model, data, names = drawing.model, drawing.data, drawing.data.features
    if drawing.setup.source.kind != "points" or not (drawing.kind == "points" or {"x", "y"} <= {*names}):
        return
    of_features = model.predict if model.task.probabilities is None else model.probabilities
    more = drawing.kind != "points"
    place = [names.index(name) for name in ("x", "y")] if more else [0, 1]
    predict = (lambda plane: of_features(features_of(plane, names))) if more else of_features
    (x, y), (test_x, test_y) = data.train[:2], data.test[:2]
    path = drawing.folder / "surface.png"
    decision_surface(predict, x[:, place], y, test_x[:, place], test_y, path, data.classes)


def lags(drawing: Drawing) -> None:
    """Draws the gradient of the last output with respect to each time step, before and after training."""
    from ..plots.lags import gradient_by_lag
    from ..plots.lags import lags as draw

    setup, model = drawing.setup, drawing.model
    if drawing.kind != "sequence" or tasks.per_step(drawing.data.task) or drawing.data.test.x.ndim != 3:
        return
    x = scaled(model.scaler, drawing.data.test.x[:_ROWS])
    weights = {"before training": model.model.init(setup.key, x), "after training": (model.params, model.state)}
    draw({name: gradient_by_lag(model.model, *each, x) for name, each in weights.items()}, drawing.folder / "lags.png")


def forecast(drawing: Drawing) -> None:
    """Draws the forecasts of a series, and scores them beside baselines."""
    from .forecasting import in_words, show_forecast

    if drawing.kind != "series":
        return
    found = show_forecast(drawing.model, drawing.data, drawing.folder)
    worse = found["skill"] is not None and found["skill"] <= 0
    hint = ". If the series drifts, --d.relative may help" if worse and not drawing.data.relative else ""
    drawing.scores["forecast"] = found | {"summary": in_words(found) + hint}


def filters(drawing: Drawing) -> None:
    """Draws the kernels of the first convolution, the first leaf of four axes with the channels of the input."""
    from ..plots.images import filters as draw

    if drawing.kind != "image":
        return
    channels = drawing.model.input_shape[-1]
    for leaf in jax.tree.leaves(drawing.model.params):
        if leaf.ndim == 4 and leaf.shape[2] == channels:
            draw(np.asarray(leaf), drawing.folder / "filters.png")
            return


def centres(drawing: Drawing) -> None:
    """Draws the centres of a model's units, where it has any: as images, or with their widths among points."""
    find, kind, path = getattr(drawing.model.model, "centres", None), drawing.kind, drawing.folder / "centres.png"
    if find is None or kind not in ("image", "points"):
        return
    scaler, shape = drawing.model.scaler, drawing.model.input_shape
    found, widths = (np.asarray(each, np.float64) for each in find(drawing.model.params))
    places = found.reshape(-1, *shape) if scaler is None else scaler.invert(found.reshape(-1, *shape))
    if kind == "points":
        from ..plots.centres import centres as draw

        x, y = drawing.data.train[:2]
        draw(places, widths[:, None] / (1 if scaler is None else scaler.scale), x, y, drawing.data.classes, path)
    elif shape[-1] in (1, 3):
        from ..plots.grid import grid, pixels

        most, title = places[:_CENTRES], f"{len(places)} centres" + f" (first {_CENTRES} shown)" * (len(places) > 100)
        grid(pixels(most), [""] * len(most), 20, title, "", path)


def generated_images(drawing: Drawing) -> None:
    """Draws images generated from noise, and scores them beside real ones."""
    from ..trained.generate_images import is_image_generator
    from .generated_images import in_words, show_images

    if not is_image_generator(drawing.model) or len(drawing.data.classes) < 2:
        return
    found = show_images(replace(drawing.setup, data=drawing.data), drawing.model, drawing.folder)
    drawing.scores["images"] = found | {"summary": in_words(found)}


def samples(drawing: Drawing) -> None:
    """Draws samples of a model of the density, where it can be sampled and the data are images or points."""
    if not hasattr(drawing.model.model, "sample") or drawing.kind not in ("image", "points"):
        return
    path = drawing.folder / "samples.png"
    real, key = np.asarray(drawing.data.test.x[:_POINTS]), named_key(drawing.setup.key, "pictures")
    if drawing.kind == "image":
        from ..plots.grid import grid, pixels

        made = drawing.model.sample(_ROWS, key)
        grid(pixels(np.clip(made, real.min(), real.max())), [""] * len(made), 16, f"{len(made)} samples", "", path)
        return
    from ..plots.samples import cloud

    cloud(real, drawing.model.sample(len(real), key), path, "samples and test points")


def clusters(drawing: Drawing) -> None:
    """Draws the clusters: their mean test images, or their areas in the plane."""
    model, path = drawing.model, drawing.folder / "clusters.png"
    x, test_x = drawing.data.train.x, drawing.data.test.x
    _, assigned = drawing.compared
    if drawing.kind == "image" and test_x.shape[-1] in (1, 3):
        from ..plots.grid import grid, pixels

        used = np.unique(assigned)
        means = np.stack([test_x[assigned == unit].mean(axis=0) for unit in used])
        captions = [f"{unit} ({(assigned == unit).sum():,})" for unit in used]
        grid(pixels(means), captions, 8, "mean image of each cluster", "number of test images", path)
    elif drawing.kind == "points":
        from ..plots.surface import decision_surface

        count = model.outputs(test_x[:1]).shape[-1]
        names = tuple(map(str, range(count)))
        decision_surface(
            lambda points: np.eye(count)[model.predict(points)], x, model.predict(x), test_x, assigned, path, names
        )
