"""Model files: where they are found, and how they are read and written.

A model file is a safetensors file whose header describes it: model, options, data, metrics. It is data only: nothing
in it is executed. A path takes precedence over a name: `cnn-digits` is the pretrained model unless there is a file of
that name, or a folder of that name with a model in it. Importing this file needs no jax.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zoo
from zoo import _catalogue

from ..errors import BadInput, CheckpointUnusable
from ..files import MODEL_FILE, read_safetensors, replace_file
from ..option_types import did_you_mean
from .schema import described

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PRETRAINED", "check_origin", "header", "locate", "parse_model", "pretrained_names", "read_model", "save"]
__all__ += ["serialize"]

PRETRAINED = Path(zoo.__file__).parent / "pretrained"
"""Folder of the pretrained models, which `python -m benchmarks.pretrained` makes."""

_FORMAT = 2


@cache
def pretrained_names() -> tuple[str, ...]:
    """Returns the names of the pretrained models, each `<model>-<data set>`.

    >>> "cnn-digits" in pretrained_names()
    True
    """
    return tuple(sorted(path.stem for path in PRETRAINED.glob("*.safetensors")))


def locate(run: str | Path) -> Path:
    """Returns the model file of a run folder, a path or the name of a pretrained model.

    The file may be missing if a path was given.

    Raises:
        CheckpointUnusable: if there is neither such a path nor such a name; the message lists the names.
    """
    path = Path(run).expanduser()
    if path.is_dir() and ((path / MODEL_FILE).is_file() or str(run) not in pretrained_names()):
        return path / MODEL_FILE
    if path.exists():
        return PRETRAINED / f"{run}.safetensors" if path.is_dir() else path
    if str(run) in pretrained_names():
        return PRETRAINED / f"{run}.safetensors"
    raise CheckpointUnusable(
        f"no model at {run}{did_you_mean(str(run), pretrained_names())}: give the folder of a run (runs/...), a "
        f"{MODEL_FILE}, or a pretrained model ({', '.join(pretrained_names())})"
    )


def header(path: Path) -> dict[str, Any]:
    """Reads the description in a model file, without its arrays.

    Raises:
        CheckpointUnusable: if the file is damaged or no model, or a field of the description has another form.
    """
    return _described(path, _description(path, read_safetensors(path, arrays=False)[1]))


def read_model(path: Path) -> "tuple[dict[str, np.ndarray], dict[str, Any]]":
    """Reads the arrays of a model file, by path, and its description.

    Raises:
        CheckpointUnusable: if the file is missing, damaged or no model, or a field of the description has another
            form.
    """
    if not path.is_file():
        raise CheckpointUnusable(f"no model at {path}: give the folder of a run (runs/...) or a {MODEL_FILE}")
    return _checked(path, *read_safetensors(path))


def parse_model(content: bytes, where: str) -> "tuple[dict[str, np.ndarray], dict[str, Any]]":
    """Reads the content of a model file, as `serialize` returns it; `where` names it in errors.

    Raises:
        CheckpointUnusable: as `read_model`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as arrays_of

    try:
        size = int.from_bytes(content[:8], "little")
        texts = json.loads(content[8 : 8 + size]).get("__metadata__", {})
        return _checked(Path(where), arrays_of(content), texts)
    except (SafetensorError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise CheckpointUnusable(f"{where} cannot be read, it is damaged or something else: {error}") from error


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


def _checked(path: Path, tensors: "dict[str, np.ndarray]", texts: Mapping[str, str]) -> Any:
    """Returns the arrays and the description of a file after their checks."""
    about = _description(path, texts)
    if about.get("format") != _FORMAT:
        raise CheckpointUnusable(f"{path} is not a model of this version of the zoo (format {_FORMAT})")
    if about.get("sha256") != _digest(tensors, about):
        raise CheckpointUnusable(f"{path} is damaged: its SHA-256 is not {str(about.get('sha256'))[:12]}...")
    return tensors, _described(path, about)


def save(folder: Path, tree: Mapping[str, Any], about: Mapping[str, Any]) -> Path:
    """Writes the model file of a run, replacing an earlier one atomically; arguments as in `serialize`."""
    path = folder / MODEL_FILE
    replace_file(path, serialize(tree, about))
    return path


def serialize(tree: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    """Returns the content of a model file.

    Args:
        tree: `params`, `state`, `scaler`, `target_scaler`.
        about: description, plain JSON values.
    """
    from safetensors.numpy import save as to_bytes

    from ..tree import flatten

    tensors = flatten(tree)
    description = json.loads(json.dumps({**about, "format": _FORMAT}))  # the values that a reader will get
    description["sha256"] = _digest(tensors, description)
    return to_bytes(tensors, metadata={"zoo": json.dumps(description)})


def _description(path: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(texts.get("zoo", "null"))
    except (ValueError, RecursionError) as error:
        raise CheckpointUnusable(f"{path} cannot be read, its description is damaged: {error}") from error
    if not isinstance(about, dict):
        raise CheckpointUnusable(f"{path} is no model of the zoo: its header has no description")
    return about


def _described(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    try:
        return described(about)
    except ValueError as error:
        raise CheckpointUnusable(
            f"{path} does not describe a model of this version: {error}. The file is damaged or not from the zoo"
        ) from None


def _digest(tensors: "Mapping[str, np.ndarray]", about: Mapping[str, Any]) -> str:
    """Computes the SHA-256 of the arrays and of the description."""
    from ..tree import digest

    description = {name: value for name, value in about.items() if name != "sha256"}
    return digest(tensors, json.dumps(description, sort_keys=True))
