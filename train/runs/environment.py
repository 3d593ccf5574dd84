"""Description of a run's environment: versions, devices, command and revision of the code."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

import zoo
from zoo import _catalogue

from ..config.run_options import RunOptions

__all__ = ["devices", "environment", "versions"]

_PACKAGES = ("jax", "jaxlib", "optax", "numpy")


def environment(options: RunOptions, model: str = "") -> dict[str, Any]:
    """Returns the content of `config.json` besides the recipe, as JSON values.

    Args:
        options: options of the run.
        model: name of the model, for its origin if it is not part of the zoo.
    """
    origin = _catalogue.origin(model) if model else {}
    return {
        **({"origin": origin} if origin else {}),
        "options": {name: _plain(value) for name, value in asdict(options).items()},
        "versions": versions(),
        "argv": sys.argv,
        "cwd": _working_directory(),
        "devices": devices(),
        "git": _revision(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _working_directory() -> str:
    """Returns the working directory, from which relative paths of the data hold; "" if it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def devices() -> list[str]:
    """Returns platform and kind of each device."""
    return [f"{device.platform} {device.device_kind}" for device in jax.devices()]


def versions() -> dict[str, str]:
    """Returns the versions of python, the zoo and the packages that decide its numbers."""
    found = {"python": platform.python_version(), "zoo": zoo.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


@cache
def _revision() -> str | None:
    """Returns the commit of a checkout, with `+` if files were changed since; None for an installed package.

    Cached, since a process runs the code that it imported, whatever changes afterwards.
    """
    folder = Path(zoo.__file__).parent.parent
    if not (folder / ".git").exists():
        return None
    try:
        git = ["git", "-C", str(folder)]
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True)
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() + ("+" if status.stdout.strip() else "")
