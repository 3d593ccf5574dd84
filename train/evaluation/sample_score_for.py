"""Which judge scores what a model makes of which data: chosen here and nowhere else."""

from collections.abc import Callable

from zoo import _catalogue
from zoo.layers import Players

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Source
from ..data.normalize import Scaler
from ..data.resident import resident
from ..tasks.sample_score import SampleScore

__all__ = ["sample_score_for"]


def sample_score_for(
    model: Players,
    recipe: Recipe,
    kind: Source,
    data: Dataset,
    scaler: Scaler,
    from_noise: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> SampleScore | None:
    """The judge of samples of such data; None where the spread of the samples is all that is known of them.

    Args:
        model: what makes them.
        recipe: of the run.
        kind: of the data.
        data: loaded; `data.train` is what is trained on.
        scaler: from the data's units to those of the model.
        from_noise: whether the model starts from noise, and not from a picture.
        say: told, in a line, what a judge has to do first.
    """
    data = resident(data)
    if kind.kind == "points" and data.classes:
        from .modes import judge_points

        return judge_points(scaler.apply(data.train.x), data.train.y, len(data.classes))
    if not from_noise:
        from .image_pairs import judge_pairs

        return judge_pairs()
    if kind.kind == "image" and from_noise and len(data.classes) > 1:
        from .image_features import image_judge

        return image_judge(data, scaler, "outputs" in _catalogue.card(recipe.model).decided, say)
    return None
