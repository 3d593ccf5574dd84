"""Figures of reconstructions: before and after, beside principal components, and the code in the plane and on a line.

A figure is drawn of models with the capabilities that it needs: `features` gives the code of an example, `decode` the
reconstruction from a code, `corrupt` damages examples as in training.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..trainer import eval_params, named_key
from ._principal import projected

__all__ = ["before_after", "differences", "interpolation", "latents", "reconstructions"]

_COLUMNS = 10  # images beside each other
_POINTS = 5000  # of a scatter plot
_ROWS = 8  # interpolations


def reconstructions(drawing: Any) -> None:
    """Draws test images and their reconstructions; of other data reconstructed against true values.

    Of a model with a code, the projections to as many principal components are drawn and scored beside.
    """
    from ..plots.pairs import pairs
    from ..plots.regression import regression as draw

    model, x, path = drawing.model, drawing.data.test.x, drawing.folder / "reconstructions.png"
    if model.task.units != "example" and not hasattr(model.model, "decode"):
        return
    principal = projected(drawing) if hasattr(model.model, "features") else None
    if not _is_image(drawing):
        real = np.asarray(x[: max(1, _POINTS // int(np.prod(x.shape[1:])))])
        draw(real.reshape(-1), model.reconstruct(real).reshape(-1), path, "feature")
        return
    real = np.asarray(x[:_COLUMNS])
    z = scaled(model.scaler, real)
    given, corrupt = z, getattr(model.model, "corrupt", None)
    rows = {"test image": z}
    if corrupt is not None:
        rows["given"] = given = np.asarray(corrupt(z, named_key(drawing.setup.key, "pictures")))
    run = model.model.apply if model.task.units == "example" else _by_code(model.model)
    rows["reconstructed"] = np.asarray(jax.jit(run)(model.params, model.state, given)[0])
    if principal is not None:
        rows[f"PCA, {principal.count} axes"] = principal(given).reshape(z.shape)
    pairs({name: _unit_range(each, z) for name, each in rows.items()}, path, "reconstructions")


def latents(drawing: Any) -> None:
    """Draws the codes of test examples in the plane, by class: both numbers, or the first two principal axes."""
    from ..plots.plane import plane

    if not hasattr(drawing.model.model, "features"):
        return
    x, y = np.asarray(drawing.data.test.x[:_POINTS]), np.asarray(drawing.data.test.y[:_POINTS])
    codes = drawing.model.transform(x).astype(np.float64)
    if codes.shape[1] < 2 or len(codes) < 2:
        return
    axes, names = codes, ("latent 1", "latent 2")
    if codes.shape[1] > 2:
        centred = codes - codes.mean(axis=0)
        _, spread, axes = np.linalg.svd(centred, full_matrices=False)
        shares = spread**2 / max(float((spread**2).sum()), 1e-300)
        axes = centred @ axes[:2].T
        names = tuple(f"principal axis {i + 1} ({100 * shares[i]:.0f} % of the variance)" for i in range(2))
    classes = drawing.data.classes if y.ndim == 1 and y.dtype.kind in "iu" else ()
    title = f"codes of {len(x):,} test examples ({codes.shape[1]} latents)"
    plane(axes, y if classes else None, classes, drawing.folder / "latents.png", title, names)


def interpolation(drawing: Any) -> None:
    """Draws what lies between the codes of two test images, on the straight line, each row between the images."""
    from ..plots.generated_images import interpolation as draw

    model, x = drawing.model, drawing.data.test.x
    if not _is_image(drawing) or not hasattr(model.model, "decode") or len(x) < 2:
        return
    rows = min(_ROWS, len(x) // 2)
    z = scaled(model.scaler, np.asarray(x[: 2 * rows]))
    codes = np.asarray(jax.jit(model.model.features)(model.params, model.state, z))
    share = np.linspace(0, 1, _COLUMNS, dtype=np.float32)[None, :, None]
    line = (1 - share) * codes[:rows, None] + share * codes[rows:, None]
    made = jax.jit(model.model.decode)(model.params, model.state, line.reshape(-1, codes.shape[1]))
    made = np.asarray(made).reshape(rows, _COLUMNS, *z.shape[1:])
    strips = np.concatenate([z[:rows, None], made, z[rows:, None]], axis=1)
    title = "from one test image (left) to another (right), along the line between their codes"
    draw(_unit_range(strips, z), drawing.folder / "interpolation.png", title)


def before_after(setup: Any) -> Callable[[dict, Path, str], None] | None:
    """Returns the function that draws test images and their reconstructions in training; None: there are no images."""
    from ..plots.pairs import pairs

    shape, model = setup.example.shape, setup.model
    if setup.source.kind != "image" or shape[-1] not in (1, 3):
        return None
    real = scaled(setup.scaler, np.asarray(setup.data.test.x[:_COLUMNS]))
    rows, corrupt = {"test image": real}, getattr(model, "corrupt", None)
    if corrupt is not None:
        rows["given"] = np.asarray(corrupt(real, named_key(setup.key, "pictures")))
    apply = jax.jit(lambda fit, x: model.apply(*eval_params(fit), x)[0])

    def draw(fit, path, title):
        shown = rows | {"reconstructed": np.asarray(apply(fit, rows.get("given", real)))}
        pairs({name: _unit_range(each, real) for name, each in shown.items()}, path, title)

    return draw


def differences(trained: Any, x: Any) -> dict[str, np.ndarray]:
    """Returns images (batch, height, width, channels), their reconstructions and the squared errors of the pixels."""
    real, made = np.asarray(x, np.float64), trained.reconstruct(x)
    low, high = trained.about.get("input_range") or (real.min(), real.max())
    error = np.square(made - real).mean(axis=-1, keepdims=True)
    most = error.max(axis=(1, 2, 3), keepdims=True)
    given, again = (np.clip((each - low) / ((high - low) or 1.0), 0, 1) for each in (real, made))
    return {"given": given, "reconstructed": again, "squared error": error / np.where(most > 0, most, 1)}


def _by_code(model: Any) -> Callable:
    """Returns the function that reconstructs inputs by their code, with the signature of `apply`."""
    return lambda params, state, x: (model.decode(params, state, model.features(params, state, x)), state)


def _is_image(drawing: Any) -> bool:
    return drawing.kind == "image" and drawing.model.input_shape[-1] in (1, 3)


def _unit_range(images: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Maps images to [0, 1] by the least and the largest value of real ones."""
    low, high = float(real.min()), float(real.max())
    return np.clip((images - low) / ((high - low) or 1.0), 0, 1)
