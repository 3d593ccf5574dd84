"""The console that runs print on: a stream that survives a closed pipe, and colours where the terminal shows them."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from ..errors import escaped

__all__ = ["ConsoleStream", "terminal"]


class ConsoleStream:
    """Text stream that discards its input once the reader is gone (`| head`, a closed terminal), so that no run fails.

    Args:
        stream: the stream to write to.
    """

    def __init__(self, stream: TextIO):
        # The console writes colours, and escapes the texts itself.
        self._stream, self._gone = getattr(stream, "unescaped", stream), False

    def write(self, text: str) -> int:
        """Writes a text; characters that the stream's encoding lacks become question marks."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._try(self._stream.write, text.encode(encoding, "replace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Flushes the stream."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, action: Callable, *args: str) -> None:
        if self._gone:
            return
        try:
            action(*args)
        except (OSError, ValueError):  # ValueError: the stream was closed on this side
            self._gone = True
            with suppress(OSError, ValueError, AttributeError):  # else Python reports an error when it flushes at exit
                descriptor, null = self._stream.fileno(), os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, descriptor)
                os.close(null)


class _EscapingConsole(Console):
    """Console that shows the control characters of names and messages, also in tables."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(escaped(text), **options)


def terminal(stream: TextIO | None = None, **options: Any) -> Console:
    """Makes the console of a run: colours only on a terminal, and only if NO_COLOR is not set.

    Args:
        stream: the stream to print to; stdout by default.
        options: further arguments of `rich.console.Console`.
    """
    file = cast(TextIO, ConsoleStream(stream or sys.stdout))
    return _EscapingConsole(file=file, highlight=False, markup=False, emoji=False, **options)
