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
    """Lowers the exported function for all platforms.

    Raises:
        BadInput: if the model uses the number of examples as an integer.
    """
    try:
        return export.export(jax.jit(answer(trained)), platforms=PLATFORMS)(symbolic(trained))
    except TypeError as error:
        if "_DimExpr" not in str(error):  # jax's type of the unknown batch size
            raise
        raise BadInput(
            f"{trained.about['model']} cannot be exported for any batch size, because its `apply` uses the number of "
            "examples as an integer: write x.shape[0] in place of len(x), or x.reshape(-1, n)"
        ) from error
