"""Where a user's system keeps what can be made again."""

import os
import sys
from pathlib import Path

__all__ = ["user_cache"]


def user_cache() -> Path:
    """The user's cache folder: `~/.cache`, or what the system or XDG_CACHE_HOME says.

    Raises:
        RuntimeError: if the user has no home.
    """
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    return Path(named) if os.path.isabs(named) else Path.home() / ".cache"
