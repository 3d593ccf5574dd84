"""Figures of a density: filters, chains of samples and completions of a Boltzmann machine, and its chains in training.

A figure is drawn of models with the capability that it needs, on images of one or three channels.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..trainer import named_key

__all__ = ["chains", "completion", "draw_filters", "fantasies", "independent"]

_COLUMNS = 10  # images beside each other
_SWEEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_CHAINS = 100  # that an animation shows
_MOST = 10_000  # training examples whose features are counted
_SCORED = 100  # images that are completed for the score


def draw_filters(drawing: Any) -> None:
    """Draws the weights of the hidden units of a first dense layer as images."""
    from ..plots.images import filters

    model = drawing.model
    if not _is_image(drawing) or not (kernel := _first_weights(model.params, model.input_shape)).size:
        return
    filters(kernel.reshape(*model.input_shape, -1), drawing.folder / "filters.png")


def chains(drawing: Any) -> None:
    """Draws Gibbs chains that begin at test images, after more and more sweeps."""
    from ..plots.pairs import pairs

    if not _is_machine(drawing):
        return
    model, x = drawing.model, np.asarray(drawing.data.test.x[:_COLUMNS])
    v, key = _visible(model, scaled(model.scaler, x)), named_key(drawing.setup.key, "pictures")
    rows = {"test image": _shown(model, v)}
    move = jax.jit(model.model.gibbs)  # one program for all numbers of sweeps
    for before, now in pairwise(_SWEEPS):
        v = move(model.params, v, named_key(key, "chains", now), now - before)
        rows[f"after {now} sweep{'s' * (now > 1)}"] = _shown(model, v)
    pairs(rows, drawing.folder / "chains.png", "chains of samples that begin at test images")


def completion(drawing: Any) -> None:
    """Draws test images whose lower half is completed from the upper one, and scores the completions."""
    from ..plots.pairs import pairs

    complete = getattr(drawing.model.model, "complete", None)
    if complete is None or not _is_machine(drawing):
        return
    model, x = drawing.model, np.asarray(drawing.data.test.x[:_SCORED])
    z, known = scaled(model.scaler, x), np.ones(x.shape[1:], np.float32)
    known[-(x.shape[1] // 2) :] = 0
    key = named_key(drawing.setup.key, "completion")
    made = np.asarray(jax.jit(complete)(model.params, model.state, z, known, key))
    drawing.scores["completion"] = _score(model, z, made, known)
    true = _shown(model, _visible(model, z)[:_COLUMNS])
    rows = {"given": np.where(known > 0, true, 0.5), "completed": _shown(model, made[:_COLUMNS]), "test image": true}
    pairs(rows, drawing.folder / "completion.png", "means of the lower half, given the upper one")


def _score(model: Any, z: Any, made: np.ndarray, known: np.ndarray) -> dict[str, Any]:
    """Returns the root mean squared error of the hidden half, and that of the mean of the training images."""
    hidden, truth = known.ravel() == 0, _visible(model, z)
    base = np.asarray(model.state["base"], np.float64)
    usual = 1 / (1 + np.exp(-base)) if model.model.binary else base
    own, other = (
        float(np.sqrt(np.square(each - truth)[:, hidden].mean())) for each in (made.reshape(len(made), -1), usual)
    )
    words = f"lower halves completed with an error of {own:.3f} (root mean square), the mean image has {other:.3f}"
    return {"rmse": own, "rmse_of_mean": other, "summary": words}


def independent(drawing: Any) -> None:
    """Scores test examples by independent features, each distributed as in the training examples: a baseline."""
    score, model = getattr(drawing.model.model, "independent", None), drawing.model
    if score is None:
        return
    train, test = (scaled(model.scaler, np.asarray(each)) for each in (drawing.data.train.x, drawing.data.test.x))
    nats = float(
        np.mean(jax.jit(score)(train[np.linspace(0, len(train) - 1, min(_MOST, len(train))).astype(int)], test))
    )
    words = f"log-likelihood {nats:.5g} nats if the features were independent of each other"
    drawing.scores["independent"] = {"log_likelihood": nats, "summary": words}


def fantasies(setup: Any) -> Callable[[dict, Path, str], None] | None:
    """Returns the function that draws the Gibbs chains of a fit in training; None: it has none, or no images."""
    from ..plots.grid import grid

    shape = setup.example.shape
    if setup.source.kind != "image" or shape[-1] not in (1, 3) or not hasattr(setup.model, "gibbs"):
        return None

    def draw(fit, path, title):
        made = np.asarray(jax.device_get(fit["chains"]))[:_CHAINS]
        images = _unit_range(setup.model, made, shape)
        grid(images, [""] * len(images), 20, title, "states of Gibbs chains", path)

    return draw


def _is_image(drawing: Any) -> bool:
    return drawing.kind == "image" and drawing.model.input_shape[-1] in (1, 3)


def _is_machine(drawing: Any) -> bool:
    return _is_image(drawing) and hasattr(drawing.model.model, "gibbs")


def _first_weights(params: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the first matrix with a row for each number of an example; an empty array if there is none."""
    for leaf in jax.tree.leaves(params):
        if leaf.ndim == 2 and len(leaf) == np.prod(shape):
            return np.asarray(leaf)
    return np.zeros(0)


def _visible(model: Any, z: Any) -> np.ndarray:
    return np.asarray(jax.jit(model.model.visible)(z))


def _shown(model: Any, v: Any) -> np.ndarray:
    return _unit_range(model.model, np.asarray(v), model.input_shape)


def _unit_range(model: Any, v: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Returns visible states as images in [0, 1]; Gaussian ones within two standard deviations of 0 after scaling."""
    images = v.reshape(-1, *shape)
    return images if model.binary else np.clip(images / 4 + 0.5, 0, 1)
