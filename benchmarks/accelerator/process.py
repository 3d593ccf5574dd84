"""Runs a measuring process under a time limit and passes on the lines that it prints, each as soon as it is there."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..rounds import last_line

__all__ = ["Ended", "lines"]


class Ended(Exception):
    """A measuring process that failed, was killed or did not end in time; the text is the reason."""


def lines(
    words: Sequence[str], limit: float, environment: Mapping[str, str], each: float | None = None
) -> Iterator[dict[str, Any]]:
    """Yields what `python -m WORDS` prints, a JSON object per line.

    The process has a session of its own, which is killed with all that it started at the end of the limit, and when
    the caller stops to read.

    Args:
        words: module and its arguments.
        limit: seconds that it may take.
        environment: variables besides those of this process.
        each: seconds that one line may take; None: as long as all.

    Raises:
        Ended: if the process does not end in time or not well.
    """
    began = asked = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            read = _reader(process)
            while line := read(max(0.01, min(began + limit, asked + (each or limit)) - time.monotonic())):
                if line.startswith("{"):  # libraries print lines of their own
                    yield json.loads(line)
                    asked = time.monotonic()
            code = process.wait(max(0.1, began + limit - time.monotonic()))
        except (queue.Empty, subprocess.TimeoutExpired):
            raise Ended(f"took longer than the {time.monotonic() - asked:.0f} s that it had") from None
        finally:
            _kill(process)
        if code:
            errors.seek(0)
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
            raise Ended(f"{how}: {last_line(errors.read())}")


def _reader(process: subprocess.Popen) -> Callable[[float], str]:
    """Returns `seconds -> line` of a process, "" at its end; it raises queue.Empty if none comes in time."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            found.put(line)
        found.put("")

    threading.Thread(target=read, daemon=True).start()
    return lambda seconds: found.get(timeout=seconds)


def _kill(process: subprocess.Popen) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
