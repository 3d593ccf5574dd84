"""Selects the score of generated samples for a data set."""

from collections.abc import Callable
from typing import Any

from zoo import _catalogue

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source
from ..data.normalize import Scaler
from ..data.on_disk import resident
from ..tasks.sample_score import SampleScore

__all__ = ["sample_score_for"]


def sample_score_for(
    model: Any,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    scaler: Scaler,
    from_noise: bool = True,
    print_fn: Callable[[str], None] = lambda text: None,
) -> SampleScore | None:
    """Returns the score of samples of such data; None where their spread is the only score.

    Args:
        model: the generator.
        recipe: recipe of the run.
        kind: source of the data.
        data: loaded data; `data.train` are the training examples.
        scaler: normalisation of the samples.
        from_noise: whether the generator starts from noise instead of an image.
        print_fn: called with a line before a classifier is trained.
    """
    data = resident(data)
    if kind.kind == "points" and data.classes:
        from .modes import mode_score

        return mode_score(scaler.apply(data.train.x), data.train.y, len(data.classes))
    if not from_noise:
        from .image_pairs import pair_score

        return pair_score()
    if kind.kind == "image" and from_noise and len(data.classes) > 1:
        from .image_features import image_score

        return image_score(data, scaler, "outputs" in _catalogue.card(recipe.model).decided, print_fn)
    return None
