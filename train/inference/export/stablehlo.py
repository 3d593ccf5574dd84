"""Export to StableHLO, the portable form of a jax program, for any batch size on CPU, GPU and TPU."""

import jax
from jax import export

from ...errors import BadInput
from ...trained.model import Trained
from .answer import answer, symbolic

__all__ = ["PLATFORMS", "stablehlo"]

PLATFORMS = ("cpu", "cuda", "tpu")


def stablehlo(trained: Trained) -> bytes:
    """Converts a model to the content of a file for `jax.export.deserialize`.

    Later versions of jax read such files for at least six months.

    Args:
        trained: the saved model.

    Raises:
        BadInput: if flatbuffers, which jax requires for this, is not installed.
    """
    try:
        import flatbuffers  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise BadInput(
            "--format stablehlo needs flatbuffers: pip install flatbuffers (the zoo's extra `export`)"
        ) from error
    return bytes(exported(trained).serialize())


def exported(trained: Trained) -> export.Exported:
    """Lowers the exported function for all platforms."""
    return export.export(jax.jit(answer(trained)), platforms=PLATFORMS)(symbolic(trained))
