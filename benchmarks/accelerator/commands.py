"""Times commands of the zoo, each in processes of their own: from the command to the score, and to the first step."""

import json
import tempfile
from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any

from ..command import timed
from ..rounds import run_worker

__all__ = ["command", "start"]

_TINY = ("--dataset", "digits", "--epochs", "1")


@cache
def _place() -> tempfile.TemporaryDirectory:
    """Makes the folder of the compiled programs, which the rows of this process share."""
    return tempfile.TemporaryDirectory()


def command(row: str, args: Namespace) -> dict[str, Any]:
    """Times `python -m zoo.train` with the recipe for MNIST, with no program compiled before, or with all."""
    model, how = row.split(", ")
    data = _TINY if args.tiny else ("--dataset", "mnist", "--data-dir", args.data_dir)
    place = Path(_place().name)
    words = ["--model", model, *data, "--compile-cache", str(place / "xla"), "--out", str(place / row), "--overwrite"]
    if "cached" in how and not (place / "xla").exists():
        timed(words)
    _, seconds = timed(words)
    metrics = json.loads((place / row / "result.json").read_text(encoding="utf-8"))["metrics"]
    return {"seconds": seconds, "accuracy": metrics["accuracy"], "command": f"python -m zoo.train --model {model}"}


def start(row: str, args: Namespace) -> dict[str, Any]:
    """Times imports, compilation and the first step of a workload, without and with cached programs."""
    import os

    with tempfile.TemporaryDirectory() as place:
        os.environ |= {"JAX_COMPILATION_CACHE_DIR": place, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        words = ["ours", row, "--seconds", "0.1", *["--tiny"] * args.tiny]
        cold, warm = (run_worker(words) for _ in range(2))
    return {"cold": cold["first"], "warm": warm["first"], "import": warm["import"]}
