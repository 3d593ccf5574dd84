"""Figures of a capsule network: reconstructions, what the numbers of a class capsule mean, agreement by iteration."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.normalize import scaled

__all__ = ["draw_agreement", "draw_dimensions", "draw_reconstructions"]

_SHOWN = 10  # examples
_VARIED = 11  # values of each number, from -0.25 to 0.25 beside its own, as in the paper
_SPREAD = 0.25
_EXAMPLES = 200  # whose routing is averaged


def draw_reconstructions(drawing: Any) -> None:
    """Draws test images beside what the predicted classes' capsules say of them."""
    from ..plots.pairs import pairs

    x, poses, classes = _found(drawing, _SHOWN)
    made = _rendered(drawing.model, poses, classes)
    rows = {"test image": np.clip(x, 0, 1), "reconstructed": np.clip(made, 0, 1)}
    if classes.shape[1] > 1:
        for i in range(classes.shape[1]):
            rows[f"{i + 1}. object"] = np.clip(_rendered(drawing.model, poses, classes[:, i : i + 1]), 0, 1)
    pairs(rows, drawing.folder / "reconstructions.png", "reconstructions from the capsules of the predicted classes")


def draw_dimensions(drawing: Any) -> None:
    """Draws what one number of a class capsule means: a row for each number, varied around its own value."""
    from ..plots.generated_images import interpolation

    _, poses, classes = _found(drawing, 1)
    batch, features = _VARIED, poses.shape[-1]
    steps = np.linspace(-_SPREAD, _SPREAD, batch, dtype=np.float32)
    several = np.repeat(poses, features * batch, axis=0).reshape(features, batch, *poses.shape[1:])
    for number in range(features):
        several[number, :, classes[0, 0], number] += steps
    chosen = np.full((features * batch, 1), classes[0, 0])
    made = _rendered(drawing.model, several.reshape(-1, *poses.shape[1:]), chosen)
    name = drawing.model.classes[classes[0, 0]]
    title = (
        f"capsule of class {name}: each of its {features} numbers (a row) from -{_SPREAD} to +{_SPREAD} of its value"
    )
    interpolation(
        np.clip(made, 0, 1).reshape(features, batch, *made.shape[1:]), drawing.folder / "dimensions.png", title
    )


def draw_agreement(drawing: Any) -> None:
    """Draws how far the routing has decided after each iteration, and how well predictions agree with the outputs."""
    from ..plots.routing import routing

    model = drawing.model
    x = scaled(model.scaler, np.asarray(drawing.data.test.x[:_EXAMPLES]))
    routed = jax.jit(model.model.routed)(model.params, model.state, x)
    chosen = np.argmax(np.linalg.norm(routed.y, axis=-1), axis=-1)[None, :, None, None]
    own = [np.take_along_axis(np.asarray(each), chosen, axis=-1)[..., 0] for each in (routed.shares, routed.agreement)]
    routing(own[0].mean(axis=(1, 2)), own[1].mean(axis=(1, 2)), 1 / routed.y.shape[1], drawing.folder / "routing.png")


def _found(drawing: Any, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the first test images as the model reads them, their capsules, and the predicted classes of each."""
    model = drawing.model
    x = scaled(model.scaler, np.asarray(drawing.data.test.x[:count]))
    poses = np.asarray(jax.jit(model.model.routed)(model.params, model.state, x).y)
    said = np.asarray(model.task.predict(jnp.linalg.norm(poses, axis=-1)))
    classes = said[:, None] if said.ndim == 1 else np.argsort(-said, axis=-1, kind="stable")[:, : said[0].sum()]
    return x, poses, classes


def _rendered(model: Any, poses: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return np.asarray(jax.jit(model.model.render)(model.params, model.state, poses, classes))
