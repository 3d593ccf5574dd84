"""Where a saved model lies: the folder of a run, a model file, or the name of a model that comes with the zoo.

What lies at the path that was given goes before a name: `cnn-digits` is the pretrained model unless there is a file of
that name, or a folder of that name that holds a model.
"""

import json
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import zoo

from ..errors import CheckpointUnusable
from ..files import MODEL_FILE

__all__ = ["PRETRAINED", "header", "locate", "pretrained_names"]

PRETRAINED = Path(zoo.__file__).parent / "pretrained"
"""The folder of the models that come with the zoo; `python -m benchmarks.pretrained` makes them."""


@cache
def pretrained_names() -> tuple[str, ...]:
    """The models that come with the zoo, each `<model>-<data set>`.

    >>> "cnn-digits" in pretrained_names()
    True
    """
    return tuple(sorted(path.stem for path in PRETRAINED.glob("*.safetensors")))


def locate(run: str | Path) -> Path:
    """The model file that a run's folder, a path or a name stands for; it may not be there if a path was given.

    Raises:
        CheckpointUnusable: if there is neither such a path nor such a name; it says what there is.
    """
    path = Path(run).expanduser()
    if path.is_dir() and ((path / MODEL_FILE).is_file() or str(run) not in pretrained_names()):
        return path / MODEL_FILE
    if path.exists():
        return path if path.is_file() else PRETRAINED / f"{run}.safetensors"
    if str(run) in pretrained_names():
        return PRETRAINED / f"{run}.safetensors"
    near = get_close_matches(str(run), pretrained_names(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise CheckpointUnusable(
        f"no model at {run}{hint}: give the folder of a run (runs/...), a {MODEL_FILE}, or a pretrained model "
        f"({', '.join(pretrained_names())})"
    )


def header(path: Path) -> dict[str, Any]:
    """What a model file says of itself, without its arrays and without jax.

    Raises:
        CheckpointUnusable: if it is none.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("zoo", "null"))
    except (SafetensorError, ValueError, OSError, RecursionError) as error:
        raise CheckpointUnusable(f"{path} cannot be read, it is damaged or something else: {error}") from error
    if not isinstance(about, dict):
        raise CheckpointUnusable(f"{path} is no model of the zoo: its header describes none")
    return about
