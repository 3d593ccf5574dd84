"""Plots: functions that draw plain arrays to a PNG file with matplotlib, without a display."""

import os
import sys
import tempfile


def _find_matplotlib() -> None:
    """Imports matplotlib, which needs a writable folder for its list of fonts.

    Without a writable home or temporary folder, it uses a folder in the working directory that is removed afterwards.
    """
    try:
        import matplotlib
    except OSError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # a partly imported package cannot be imported again
        with tempfile.TemporaryDirectory(prefix=".matplotlib-", dir=".") as folder:
            os.environ["MPLCONFIGDIR"] = folder
            try:
                import matplotlib.font_manager  # noqa: F401
            finally:
                del os.environ["MPLCONFIGDIR"]


_find_matplotlib()
