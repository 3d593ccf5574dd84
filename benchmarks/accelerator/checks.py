"""Compares custom lowerings with their plain forms, and resumed runs with uninterrupted ones, on the device."""

import shutil
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from zoo.train import RunOptions, run
from zoo.train.checkpoints.checkpoint import list_steps, read

from ..lowering_cases import CASES
from .forms import replaced
from .losses import fewer, short

__all__ = ["BOUND", "apart", "forms", "resume"]

BOUND = 1e-4
"""Of the norm of the difference of two gradients, relative to the norm of the gradient."""

_STEPS, _AT = 6, 3  # of a run, and where it is cut


def forms(row: str, args: Namespace) -> dict[str, Any]:
    """Compares the gradient of a custom lowering with that of the plain form."""
    with jax.default_matmul_precision("highest"):
        about, ours, plain = CASES[row]()
        found = apart(ours(), plain())
    return {"about": about, "difference": found, "fine": found <= BOUND}


def apart(ours: Any, plain: Any) -> float:
    """Computes the largest difference of two trees of arrays: of each array its norm, relative to the plain one's.

    >>> apart([jnp.array([3.0, 4.0])], [jnp.array([3.0, 4.5])]) < 0.1
    True
    """
    pairs = zip(jax.tree.leaves(ours), jax.tree.leaves(plain), strict=True)
    return max(float(jnp.linalg.norm((a - b).ravel()) / jnp.linalg.norm(b.ravel())) for a, b in pairs)


def resume(row: str, args: Namespace) -> dict[str, Any]:
    """Cuts a run after some steps and resumes it; `fine` says whether the last checkpoint is the same to the bit."""
    every = {"ckpt_every": "1", "keep": 100, "quiet": True, "pictures": False, "compile_cache": "off"}
    with tempfile.TemporaryDirectory() as place, replaced("zoo.train.runs.setup", "load_data", fewer):
        whole, cut = Path(place) / "whole", Path(place) / "cut"
        run(short(row, _STEPS), RunOptions(out=whole, **every))
        shutil.copytree(whole, cut)
        (cut / "result.json").unlink()
        for step in list_steps(cut):
            if step > _AT:
                shutil.rmtree(cut / "checkpoints" / str(step))
        run(short(row, _STEPS), RunOptions(resume=cut / "checkpoints" / str(_AT), **every))
        one, other = (read(folder / "checkpoints" / str(_STEPS)).tensors() for folder in (whole, cut))
    differ = [name for name in one if one[name].tobytes() != other[name].tobytes()]
    return {"arrays": len(one), "differ": len(differ), "fine": not differ and one.keys() == other.keys()}
