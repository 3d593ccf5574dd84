"""A saved model's arrays as one safetensors file, which many programs read, with its description in the header."""

from ...trained.file import serialize
from ...trained.model import Trained

__all__ = ["weights"]


def weights(trained: Trained) -> bytes:
    """The content of the file: arrays by their paths, and under `zoo` the description in JSON.

    It is a model file like that of the run: `zoo.load` reads it.
    """
    tree = {
        "params": trained.params,
        "state": trained.state,
        "scaler": trained.scaler,
        "target_scaler": trained.target_scaler,
    }
    return serialize(tree, trained.about)
