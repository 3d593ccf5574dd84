"""Weights of examples: refused where a trainer or a task would not read them."""

from ..config.recipe import Recipe
from ..data.augmentation.plan import parse_augment
from ..data.dataset import Dataset
from ..errors import BadInput
from ..tasks.task import Task
from . import traits

__all__ = ["check_weighted"]


def check_weighted(recipe: Recipe, data: Dataset, task: Task) -> None:
    """Raises BadInput if the examples are weighted and the trainer or the task would not read the weights."""
    if data.train.weight is None:
        return
    flag = "sample_weight" if data.name == "memory" else f"--weight {recipe.d.get('weight', '')}"
    if not traits(recipe.trainer).weights:
        raise BadInput(
            f"{flag}: the trainer {recipe.trainer} of {recipe.model} does not weight examples; leave it out, or take a "
            "model that is trained by gradient or least squares"
        )
    if task.counts is not None or task.scores is not None:  # scored by other means than those over examples
        raise BadInput(f"{flag}: the task {task.name} does not weight examples; leave it out")
    if any(each.name == "mixup" for each in parse_augment(recipe.augment)):
        raise BadInput(f"{flag}: mixed examples have two targets, whose weights may differ; leave mixup out")
