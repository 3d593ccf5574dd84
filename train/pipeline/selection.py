"""Selects the source of batches that suits a data set: in memory, on disk, text or a stream of the user."""

from collections.abc import Callable

from ..config.recipe import Recipe
from ..data.dataset import Dataset, Split
from ..data.on_disk import DiskArray
from ..errors import BadInput
from .batches import BatchSource, from_memory
from .from_disk import from_disk
from .splits import Scalers
from .stream import OpenStream

__all__ = ["batches_for", "check_divides"]


def batches_for(
    recipe: Recipe,
    data: Dataset,
    train: Split,
    scalers: Scalers,
    stream: OpenStream | None = None,
    *,
    whole: bool = False,
) -> tuple[BatchSource, Callable | None]:
    """Returns the source of the training batches, and the function that cuts a split into batches for an evaluation.

    Args:
        recipe: Recipe with the batch size and the augmentation.
        data: Data set.
        train: Examples to train on.
        scalers: Scalers of inputs and targets.
        stream: Stream to train on in place of the examples; None for none.
        whole: Whether the trainer takes all examples in one batch.

    Returns:
        The source, and `(split, parts) -> batches`; None for examples in order.
    """
    if stream is not None:
        from .from_iterator import from_iterator

        return from_iterator(stream, *scalers, recipe.augment), None
    if data.task == "language":
        from .text import contiguous_from_disk, scoring_windows, token_windows

        text = contiguous_from_disk if isinstance(train.x, DiskArray) else token_windows
        return text(train, recipe.batch_size, data.window), scoring_windows
    if isinstance(train.x, DiskArray):
        return from_disk(train, recipe.batch_size, *scalers, recipe.augment), None
    return from_memory(train, recipe.batch_size, *scalers, recipe.augment, whole=whole), None


def check_divides(size: int, devices: int) -> None:
    """Raises BadInput if the devices cannot share a batch of this size evenly."""
    if size % devices:
        below, above = size - size % devices, size - size % devices + devices
        near = f"{below} or {above}" if below else str(above)
        raise BadInput(f"--batch-size {size} does not divide over {devices} devices; the nearest that do: {near}")
