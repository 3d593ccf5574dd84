"""Batches of an iterator of the user."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..data.normalize import Scaler
from ..errors import BadInput, CheckpointUnusable, RunFailed
from .batches import BatchSource, HostBatch, HostReader, preprocess, read_by_step
from .from_disk import for_step
from .stream import OpenStream, arrays_of, check_labels, decode_state, encode_state

__all__ = ["from_iterator"]


def from_iterator(
    opened: OpenStream, scaler: Scaler | None, target_scaler: Scaler | None, augmentation: str
) -> BatchSource:
    """Returns a source of the batches of a stream, augmented in the step.

    A single thread reads ahead; the loader may use more. Each batch comes with the state behind it.
    """
    shapes = {name: (each.shape, each.dtype) for name, each in opened.example.items()}
    ready = partial(for_step, scaler=scaler, target_scaler=target_scaler)

    def batches(key, rows):
        _check_share(opened, len(rows))

        def read(step):
            try:
                batch = next(opened.batches)
            except StopIteration:
                raise RunFailed(
                    f"the stream has no batch for step {step + 1}: make it endless (grain: .repeat(); "
                    "num_epochs=None), or shorten the run"
                ) from None
            except Exception as error:
                error.add_note(f"In the iterator of Stream(train=...), when it read the batch of step {step + 1}")
                raise
            batch = _checked(batch, shapes, len(opened.data.classes), f"the batch of step {step + 1}")
            return HostBatch(ready(batch), encode_state(opened.batches.get_state()))

        return read

    def batch(arrays, cut, i, key):
        return preprocess(arrays, cut, augmentation, key)

    def blank(key):
        size = opened.recipe.batch_size
        none = ready({name: np.empty((0, *shape[1:]), dtype) for name, (shape, dtype) in shapes.items()})
        return {name: jnp.zeros((size, *each.shape[1:]), each.dtype) for name, each in none.items()}

    def seek(position: Any) -> None:
        try:
            opened.batches.set_state(decode_state(position))
        except Exception as error:
            raise CheckpointUnusable(
                f"the iterator of Stream(train=...) rejects its state in the checkpoint: {error}"
            ) from error

    arrays = read_by_step(opened.data.train.x, scaler, augmentation)
    return BatchSource(arrays, opened.steps_per_epoch, blank, batch, HostReader(batches, threads=1, seek=seek))


def _check_share(opened: OpenStream, rows: int) -> None:
    size = len(opened.example["x"])
    if rows != size:
        raise BadInput(
            f"Stream: the devices of this process hold {rows} of the {opened.recipe.batch_size} examples of a batch, "
            f"but its own batches have {size}: keep the other axes of --mesh within a process"
        )


def _checked(batch: Any, shapes: Mapping[str, Any], classes: int, where: str) -> dict[str, np.ndarray]:
    where = f"{where} of Stream(train=...)"
    arrays = arrays_of(batch, where)
    for name, each in arrays.items():
        if (each.shape, each.dtype) != shapes[name]:
            shape, dtype = shapes[name]
            raise BadInput(
                f"{where} has {name} {each.dtype}{list(each.shape)}, the first had {dtype}{list(shape)}: all batches "
                "must be alike (drop the rest of an epoch: grain's drop_remainder=True)"
            )
    if classes:
        check_labels(arrays["y"], classes, where)
    return arrays
