"""Figures of a variational autoencoder: what each latent carries and changes, and its samples beside real images."""

from typing import Any

import numpy as np

from ..tasks._bounds import ACTIVE, bound_of
from ..trained.generate_images import decoded

__all__ = ["FIGURES", "draw_divergences", "draw_traversals"]

_MOST, _STEPS, _REACH = 24, 11, 3.0  # latents drawn, values of each, and the largest in standard deviations


def draw_divergences(drawing: Any) -> None:
    """Draws the divergence of each latent from the prior over the test examples, and keeps it among the scores."""
    from ..plots.divergences import divergences

    found = bound_of(drawing.model, drawing.data.test.x)
    kl, std = found["kl"].mean(axis=0), np.asarray(drawing.model.model.moments(drawing.model.params)[1])
    variance = (found["mean"] / std).var(axis=0)
    divergences(kl, variance > ACTIVE, drawing.folder / "divergences.png")
    active = int(np.sum(variance > ACTIVE))
    words = f"divergence of {active} active latents from {_range(kl[variance > ACTIVE])} nats each"
    words = words if active else "no latent is active"
    choice = float(found["choice"].mean())
    words += f", and {choice:.2f} nats of the choice of a component of the prior" if choice else ""
    drawing.scores["latents"] = {"kl": kl.tolist(), "variance": variance.tolist(), "summary": words}


def draw_traversals(drawing: Any) -> None:
    """Draws what each latent changes: a row for each, from -3 to 3 standard deviations around a test image."""
    from ..plots.grid import grid, pixels

    model, x = drawing.model, drawing.data.test.x
    if drawing.kind != "image" or model.input_shape[-1] not in (1, 3):
        return
    kl = np.asarray(drawing.scores["latents"]["kl"])
    order = np.argsort(-kl, kind="stable")[:_MOST]
    z = np.tile(model.transform(np.asarray(x[0])), (len(order), _STEPS, 1))
    mean, std = (np.asarray(each)[order, None] for each in model.model.moments(model.params))
    z[np.arange(len(order)), :, order] = mean + std * np.linspace(-_REACH, _REACH, _STEPS)
    images = np.clip(decoded(model, z.reshape(-1, z.shape[-1])), x.min(), x.max())
    captions = [f"{kl[latent]:.2f} nats" if i == _STEPS // 2 else "" for latent in order for i in range(_STEPS)]
    title = f"each latent from -{_REACH:g} to {_REACH:g} standard deviations of the prior, around one test image"
    shown = f"{len(order)} of {len(kl)} latents, by their divergence"
    grid(pixels(images), captions, _STEPS, title, shown, drawing.folder / "traversals.png")


def _range(values: np.ndarray) -> str:
    return f"{values.min():.2f} to {values.max():.2f}" if values.size else ""


FIGURES = (draw_divergences, draw_traversals, "generated_images")
"""Figures of a finished run, as in `Trainer.figures`."""
