"""Turns the end of a command into a message and an exit code.

0 success; 1 the run failed; 2 bad input; 3 unusable checkpoint; 4 data unavailable; 128 + n ended by signal n, as 130
for Ctrl-C.
"""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from typing import Any, NoReturn, TextIO

from zoo._early_exit import exit_at_once

from ..errors import ZooError, escaped
from ..runtime.gc import rare_gc
from ..runtime.signals import flush

__all__ = ["end_process", "run_command"]

_PATH_ERRORS = (errno.ENAMETOOLONG, errno.ELOOP, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR)
_READER_GONE = 128 + 13  # SIGPIPE, which Windows has no name for


def run_command(command: Callable[[], int], reworded: Callable[[str], str] = str) -> int:
    """Runs a command and returns its exit code; errors become messages on stderr.

    Characters that the encoding of a stream cannot show, as in a Windows redirect, are replaced. Control characters,
    which names and texts of others may contain, are written out.

    Args:
        command: the command.
        reworded: `message -> message` with the flags as they were typed.

    >>> run_command(lambda: 0)
    0
    """
    with ExitStack() as stack:
        stack.enter_context(rare_gc())
        for stream, redirect in ((sys.stdout, redirect_stdout), (sys.stderr, redirect_stderr)):
            if stream is None:  # python was started with it closed
                nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
                stack.enter_context(redirect(nowhere))
            elif isinstance(stream, TextIOWrapper) and stream.errors == "strict":
                stream.reconfigure(errors="replace")
                stack.callback(stream.reconfigure, errors="strict")
            if stream is not None:
                stack.enter_context(redirect(_Escaping(stream)))
        return _ended(command, reworded)


class _Escaping:
    """Text stream that writes out control characters.

    Attributes:
        unescaped: The stream behind it.
    """

    def __init__(self, stream: TextIO):
        self.unescaped = stream

    def write(self, text: str) -> int:
        self.unescaped.write(escaped(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unescaped, name)


def end_process(code: int) -> NoReturn:
    """Ends the process with the exit code of a command.

    After a signal it ends at once: modules that were interrupted may crash when Python unloads them, and Python itself
    would end by the signal instead of with the code. After a run of several it waits for the others, see `leave`.
    """
    several = sys.modules.get(f"{__name__.rpartition('.cli.')[0]}.distributed.initialize")  # imported by runs alone
    if several is not None:
        several.leave(code)
    if code > 128:
        flush()
        exit_at_once(code - 128)
    sys.exit(code)


def _ended(command: Callable[[], int], reworded: Callable[[str], str]) -> int:
    try:
        code = command()
        sys.stdout.flush()
    except ZooError as error:
        notes = (note for note in getattr(error, "__notes__", ()) if "JAX_TRACEBACK_FILTERING" not in note)
        print(*(f"error: {reworded(str(error))}", *notes), sep="\n", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:  # the reader has ended (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or python complains at its end
        return _READER_GONE
    except OSError as error:
        if error.filename is None:
            traceback.print_exc()
            return 1
        print(f"error: {os.fsdecode(error.filename)}: {error.strerror or error}", file=sys.stderr)
        return 2 if error.errno in _PATH_ERRORS else 1
    except Exception:
        traceback.print_exc()
        return 1
    return code
