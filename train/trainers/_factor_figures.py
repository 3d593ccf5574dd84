"""Figures of latents that stand for factors: how well each factor follows from them, and what each group changes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..data.normalize import scaled
from ..trained.generate_images import decoded
from ._factors import Factors, factor_scores, products, sets_of
from ._latent_use import draw_divergences, draw_traversals

__all__ = ["factor_figures"]

_COLUMNS = 7  # images beside each other


def factor_figures(factors: Factors) -> tuple[Callable[[Any], None], ...]:
    """Returns the figures of a model whose latents are divided among factors.

    Args:
        factors: columns of the targets of each factor.
    """

    def score(drawing: Any) -> None:
        titles = _titles(drawing.data.target, factors)
        trained, test = drawing.model, drawing.data.test
        encode, z = jax.jit(trained.model.encode), scaled(trained.scaler, test.x)
        mean, log_variance = encode(trained.params, trained.state, z)
        each = products(mean, log_variance, jnp.asarray(test.y).reshape(len(test.y), -1))
        own, other = factor_scores(np.mean(np.asarray(each, np.float64), axis=0), trained.model.groups, factors)
        lines = [f"{title} {mine:.3f} ({rest:.3f})" for title, mine, rest in zip(titles, own, other, strict=True)]
        words = f"R2 of each factor from its own latents (from all others): {', '.join(lines)}"
        drawing.scores["factors"] = {"names": titles, "own": own, "others": other, "summary": words}

    def draw(drawing: Any) -> None:
        _draw_exchanged(drawing, factors)

    return draw_divergences, draw_traversals, draw, score


def _draw_exchanged(drawing: Any, factors: Factors) -> None:
    """Draws images in which one factor varies, and one of them with the latents of that factor of all the others."""
    from ..plots.grid import grid, pixels

    model, train = drawing.model, drawing.data.train
    if drawing.kind != "image" or model.input_shape[-1] not in (1, 3):
        return
    rows, counts = sets_of(np.asarray(train.y), factors, _COLUMNS)
    images, captions = [], []
    for title, chosen, count, group in zip(
        _titles(drawing.data.target, factors), rows, counts, model.model.groups, strict=True
    ):
        x = np.asarray(train.x[chosen[count // 2]])
        codes = model.transform(x)
        exchanged = np.repeat(codes[:1], len(codes), axis=0)
        exchanged[:, group] = codes[:, group]
        images += [np.asarray(scaled(model.scaler, x)), np.asarray(scaled(model.scaler, decoded(model, exchanged)))]
        captions += [f"{title} varies", *[""] * (len(x) - 1), "by its latents alone", *[""] * (len(x) - 1)]
    title = "images in which one factor varies, and the first of them with the latents of that factor of each"
    grid(pixels(np.concatenate(images)), captions, _COLUMNS, title, "", drawing.folder / "factors.png")


def _titles(target: str, factors: Factors) -> list[str]:
    """Returns a name for each factor, from those of the columns of the targets where these are known."""
    names, count = [name.strip() for name in target.split(",")], sum(map(len, factors))
    names = names if len(names) == count else [f"column {i}" for i in range(count)]
    return ["/".join(names[column] for column in columns) for columns in factors]
