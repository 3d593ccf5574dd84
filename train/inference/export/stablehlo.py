"""A saved model as StableHLO, the portable form of a jax program: for any batch size, on CPU, GPU and TPU."""

import jax
from jax import export

from ...errors import BadInput
from ...trained.model import Trained
from .answer import answer, symbolic

__all__ = ["PLATFORMS", "stablehlo"]

PLATFORMS = ("cpu", "cuda", "tpu")


def stablehlo(trained: Trained) -> bytes:
    """The content of a file that `jax.export.deserialize` reads.

    jax keeps such files readable for six months at least, and longer as a rule.

    Raises:
        BadInput: if flatbuffers, which jax writes them by, is not installed.
    """
    try:
        import flatbuffers  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise BadInput(
            "--format stablehlo needs flatbuffers: pip install flatbuffers (the zoo's extra `export`)"
        ) from error
    return bytes(exported(trained).serialize())


def exported(trained: Trained) -> export.Exported:
    """The program, lowered for all platforms at once."""
    return export.export(jax.jit(answer(trained)), platforms=PLATFORMS)(symbolic(trained))
