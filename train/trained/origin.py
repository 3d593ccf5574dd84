"""Checks that the model of a file can be made here: models of other packages and files are imported only on request."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo import _catalogue

from ..errors import BadInput, CheckpointUnusable

__all__ = ["check_origin"]


def check_origin(path: Path, about: Mapping[str, Any], model: str | None = None) -> None:
    """Checks that the function which makes the model of a file is known.

    Args:
        path: model file, for messages.
        about: its description.
        model: reference to a function that the user named, or None.

    Raises:
        BadInput: if the user named a model that does not exist, or another one than that of the file.
        CheckpointUnusable: if the model is not known; the message names the package to install, or the flag to give.
    """
    stored = str(about.get("model"))
    if model is not None:
        try:
            named = _catalogue.resolve(model)
        except ValueError as error:
            raise BadInput(f"--model {error}") from None
        if named != stored:
            raise BadInput(f"--model {model}: {path} holds the model {stored}, not {named}")
    origin = about.get("origin")
    try:
        _catalogue.known(stored, origin if isinstance(origin, dict) else None)
    except ValueError as error:
        raise CheckpointUnusable(f"{path} cannot be loaded: {error}") from None
