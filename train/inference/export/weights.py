"""Export of the arrays of a model as a safetensors file, with its description in the header."""

from ...trained.file import serialize
from ...trained.model import Trained

__all__ = ["weights"]


def weights(trained: Trained) -> bytes:
    """Serializes a model: arrays by path, and the description as JSON under the key `zoo`.

    The result has the format of `model.safetensors` in a run folder: `zoo.load` reads it.

    Args:
        trained: the saved model.
    """
    tree = {
        "params": trained.params,
        "state": trained.state,
        "scaler": trained.scaler,
        "target_scaler": trained.target_scaler,
    }
    return serialize(tree, trained.about)
