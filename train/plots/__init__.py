"""Pictures: functions from plain arrays to a PNG file, drawn by matplotlib without a screen."""

import os
import sys
import tempfile


def _find_matplotlib() -> None:
    """Imports matplotlib, which wants a folder to write to.

    Where the user has neither a home nor a place for temporary files, it gets one in the working directory for as long
    as it looks for its fonts.
    """
    try:
        import matplotlib
    except OSError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]  # half of it is there, which does not go with the rest
        with tempfile.TemporaryDirectory(prefix=".matplotlib-", dir=".") as folder:
            os.environ["MPLCONFIGDIR"] = folder
            try:
                import matplotlib.font_manager  # noqa: F401
            finally:
                del os.environ["MPLCONFIGDIR"]


_find_matplotlib()
