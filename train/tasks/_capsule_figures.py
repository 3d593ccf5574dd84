"""Figures of a capsule network: reconstructions, what the numbers of a class capsule mean, agreement by iteration."""

from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled

__all__ = ["draw_agreement", "draw_dimensions", "draw_reconstructions"]

_SHOWN = 10  # images
_VARIED, _SPREAD = 11, 0.25  # values of each number, and their largest difference from its own, as in the paper
_EXAMPLES = 200  # whose routing is averaged


def draw_reconstructions(drawing: Any) -> None:
    """Draws test images above their reconstructions from the capsules of the predicted classes.

    Of images with several objects, the reconstruction of each object alone is drawn as well.
    """
    from ..plots.pairs import pairs

    if not _is_image(drawing):
        return
    x, poses, classes = _found(drawing, _SHOWN)
    rows = {"test image": x, "reconstructed": _rendered(drawing.model, poses, classes)}
    if (objects := classes.shape[1]) > 1:
        alone = (_rendered(drawing.model, poses, classes[:, i : i + 1]) for i in range(objects))
        rows |= {f"object {i + 1}": images for i, images in enumerate(alone)}
    title = "reconstructions from the capsules of the predicted classes"
    pairs({name: np.clip(each, 0, 1) for name, each in rows.items()}, drawing.folder / "reconstructions.png", title)


def draw_dimensions(drawing: Any) -> None:
    """Draws what each number of a class capsule means: a row for each, varied while the others stay as they are."""
    from ..plots.grid import grid

    if not _is_image(drawing):
        return
    _, poses, classes = _found(drawing, 1)
    features, shown = poses.shape[-1], int(classes[0, 0])
    varied = np.tile(poses, (features, _VARIED, 1, 1))
    numbers = np.arange(features)
    varied[numbers, :, shown, numbers] += np.linspace(-_SPREAD, _SPREAD, _VARIED, dtype=poses.dtype)
    chosen = np.full((features * _VARIED, 1), shown, np.int32)
    images = _rendered(drawing.model, varied.reshape(-1, *poses.shape[1:]), chosen)
    captions = [f"number {i + 1}" if j == 0 else "" for i in range(features) for j in range(_VARIED)]
    title = f"capsule of class {drawing.model.classes[shown]}, of one test image"
    note = f"each number from {_SPREAD} below its value to {_SPREAD} above"
    grid(np.clip(images, 0, 1), captions, _VARIED, title, note, drawing.folder / "dimensions.png")


def draw_agreement(drawing: Any) -> None:
    """Draws how far the routing has decided after each iteration, and how well predictions agree with the outputs."""
    from ..plots.routing import routing

    routed = _routed(drawing.model, drawing.data.test.x[:_EXAMPLES])[1]
    likely = np.argmax(routed.lengths, axis=-1)[:, None, None, None]
    own = (np.take_along_axis(np.asarray(each), likely, axis=-1) for each in (routed.shares, routed.agreement))
    shares, agreement = (each.mean(axis=(0, 2, 3)) for each in own)
    routing(shares, agreement, 1 / routed.y.shape[1], drawing.folder / "routing.png")


def _is_image(drawing: Any) -> bool:
    return drawing.model.input_shape[-1] in (1, 3)


def _found(drawing: Any, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the first test images as the model reads them, their capsules, and the predicted classes of each."""
    x, routed = _routed(drawing.model, drawing.data.test.x[:count])
    said = np.asarray(drawing.model.task.predict(routed.lengths))
    objects = 1 if said.ndim == 1 else int(said[0].sum())
    return x, np.asarray(routed.y), np.argsort(-np.asarray(routed.lengths), axis=-1, kind="stable")[:, :objects]


def _routed(model: Any, raw: Any) -> tuple[np.ndarray, Any]:
    """Returns raw images as the model reads them, and the routing of their capsules."""
    x = np.asarray(scaled(model.scaler, np.asarray(raw)))
    return x, jax.jit(model.model.routed)(model.params, model.state, x)


def _rendered(model: Any, poses: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(model.model.render)(model.params, model.state, poses, classes))
