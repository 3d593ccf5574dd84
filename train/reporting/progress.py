"""The one line that says how a run goes: where it stands, how well it does, how fast it is, how long it will take.

On a terminal the line is written over itself; elsewhere a few full lines are written, without control codes.
"""

import math
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO, cast

from rich.console import Console

__all__ = ["Progress", "Screen", "duration", "number", "terminal"]

_REDRAW = 0.1  # seconds between two redrawings of the line
_PATIENCE = 5.0  # seconds between two full lines where nothing can be redrawn
_LINES = 50  # epochs that get a line of their own; of more, only some do
_NO_METRICS = ("split", "step", "epoch", "loss", "lr")


class Screen:
    """A text stream that falls silent when its reader is gone (`| head`, a closed terminal): no run ends of that."""

    def __init__(self, stream: TextIO):
        self._stream, self._gone = stream, False

    def write(self, text: str) -> int:
        """Writes what can be written; signs that the stream's encoding lacks become question marks."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._try(self._stream.write, text.encode(encoding, "replace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Hands on what was written."""
        self._try(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _try(self, act: Callable, *what: str) -> None:
        if self._gone:
            return
        try:
            act(*what)
        except (OSError, ValueError):  # ValueError: the stream was closed on this side
            self._gone = True
            with suppress(OSError, ValueError, AttributeError):  # or python complains when it flushes at its end
                place, nowhere = self._stream.fileno(), os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, place)
                os.close(nowhere)


def terminal(stream: TextIO | None = None, **options: Any) -> Console:
    """The console that a run prints on: stdout, colours only where they show and NO_COLOR allows them."""
    screen = cast(TextIO, Screen(stream or sys.stdout))
    return Console(file=screen, highlight=False, markup=False, emoji=False, **options)


def number(value: float, digits: int = 3) -> str:
    """A number in few characters.

    >>> number(0.12345), number(1234.5), number(1e-5), number(20)
    ('0.123', '1,234', '1.00e-5', '20.0')
    """
    value = float(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    if 10**digits <= abs(value) < 1e7:
        return f"{value:,.0f}"
    if 1e-3 <= abs(value) < 10**digits:
        return f"{value:#.{digits}g}".rstrip(".")
    return _exponent(f"{value:.{digits - 1}e}")


def duration(seconds: float) -> str:
    """A time span as a clock shows it.

    >>> duration(12), duration(3723)
    ('0:12', '1:02:03')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _exponent(text: str) -> str:
    return re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].replace("+", ""), text)


class Progress:
    """Prints the progress of a run.

    Speeds and the remaining time leave compiling out: the clock of the steps starts with the first `update` after
    `compiling`. An epoch's evaluation counts for the remaining time, not for the speed.

    Args:
        total_steps: of the run.
        steps_per_epoch: of one pass over the training set.
        batch_size: examples, or whatever the unit is, a step.
        quiet: prints nothing at all.
        console: where to print; stdout otherwise.
        headline: the metric shown beside the loss; otherwise the first one or two that come.
        unit: of which there are `batch_size` in a step.
        clock: gives the time in seconds.
    """

    def __init__(
        self,
        total_steps: int,
        steps_per_epoch: float,
        batch_size: int,
        quiet: bool = False,
        console: Console | None = None,
        *,
        headline: str = "",
        unit: str = "examples",
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total, self._per_epoch, self._batch = total_steps, steps_per_epoch, batch_size
        self._quiet, self._headline, self._unit, self._clock = quiet, headline, unit, clock
        self._console = console or terminal()
        self._out = Screen(cast(TextIO, self._console.file))
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._step, self._row, self._data_wait = 0, {}, None
        self._since: float | None = None  # the time of the last update, where the time after it counts
        self._busy, self._counted = 0.0, 0  # seconds, and the steps taken in them
        self._pauses: dict[int, float] = {}  # seconds of the evaluation at a step
        self._shown = ""  # the line that stands on the terminal now
        self._printed = -math.inf  # when the last line was written

    def say(self, text: str) -> None:
        """Prints a line that stays."""
        self._clear()
        self._write(text + "\n")

    def compiling(self) -> None:
        """Says that a program is being compiled; the time until the next `update` does not count."""
        self._since = None
        self._show("compiling ...")

    def update(self, step: int, row: Mapping[str, Any] | None = None, data_wait: float | None = None) -> None:
        """Tells that so many steps are done, with the last metrics: `loss`, the headline, `lr`.

        Args:
            step: the steps done.
            row: the metrics.
            data_wait: the share of their time that steps wait for their batches; None where nothing is read.
        """
        now = self._clock()
        if self._since is not None:
            self._busy += now - self._since
            self._counted += step - self._step
        self._since, self._step, self._row, self._data_wait = now, step, row or {}, data_wait
        if now - self._printed >= (_REDRAW if self._live else _PATIENCE):
            self._show(self._fit(self._parts()))

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Prints the result of an evaluation; of very many, one in a few and the last."""
        now, step = self._clock(), int(row.get("step", self._step))
        if self._since is not None:
            self._pauses[step] = self._pauses.get(step, 0) + now - self._since
            self._since = now
        epochs = math.ceil(self._total / self._per_epoch)
        at = step / self._per_epoch
        chosen = round(at) % math.ceil(epochs / _LINES) == 0 or step >= self._total
        if chosen or (now - self._printed >= _PATIENCE and not self._live):
            self.say(self._epoch_line(at, epochs, row))

    def close(self) -> None:
        """Leaves the last line standing and goes on below it."""
        if self._shown:
            self._write("\n")
            self._shown = ""

    def _epoch_line(self, at: float, epochs: int, row: Mapping[str, Any]) -> str:
        split = row.get("split", "test")
        parts = [f"epoch {at:{len(str(epochs))}.0f}/{epochs}" if at == round(at) else f"epoch {at:.2f}/{epochs}"]
        if "loss" in self._row:
            parts.append(f"train loss {number(self._row['loss'], 4)}")
        parts += [f"{split} {name} {number(value, 4)}" for name, value in self._metrics(row)]
        return self._join(parts)

    def _metrics(self, row: Mapping[str, Any]) -> list[tuple[str, float]]:
        others = [name for name, value in row.items() if name not in _NO_METRICS and isinstance(value, int | float)]
        names = [self._headline] if self._headline in row else others[:2]
        return [(name, row[name]) for name in ("loss", *names) if row.get(name) is not None]

    def _parts(self) -> list[tuple[int, str]]:
        """What the line says, in order, each with its rank: the lower, the sooner it is left out."""
        total, epochs = self._total, math.ceil(self._total / self._per_epoch)
        epoch = min(epochs, math.ceil(max(self._step, 1) / self._per_epoch))
        parts = [(9, f"epoch {epoch}/{epochs}"), (6, f"step {self._step}/{total}")]
        parts += [(4, f"{100 * self._step // max(total, 1)} %")]
        parts += [(8, f"{name} {number(value)}") for name, value in self._metrics(self._row)]
        if self._row.get("lr") is not None:
            parts += [(2, f"lr {_exponent(format(float(self._row['lr']), '.1e'))}")]
        if self._counted and self._busy > 0:
            pace = self._busy / self._counted
            speed = f"{1000 * pace:.3g} ms/step" if pace < 1 else f"{pace:.3g} s/step"
            parts += [
                (3, f"{self._batch / pace:,.0f} {self._unit}/s"),
                (1, speed),
                (5, f"ETA {duration(self._left(pace))}"),
            ]
        if self._data_wait is not None:
            parts += [(7, f"data wait {100 * self._data_wait:.0f} %")]
        return parts

    def _left(self, pace: float) -> float:
        """Seconds to go. The quickest evaluation stands for those to come: the first one was compiled."""
        evaluations = len(self._pauses) * (self._total - self._step) / max(self._step, 1)
        return pace * (self._total - self._step) + evaluations * min(self._pauses.values(), default=0)

    def _fit(self, parts: list[tuple[int, str]]) -> str:
        """Leaves out what matters least until the line fits the terminal; elsewhere all is said."""
        width = self._console.width - 1
        while self._live and len(parts) > 1 and len(self._join([text for _, text in parts])) > width:
            parts.remove(min(parts))
        line = self._join([text for _, text in parts])
        return line[:width] if self._live else line

    def _join(self, parts: list[str]) -> str:
        try:
            "·".encode(getattr(self._out, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            return " | ".join(parts)
        return " · ".join(parts)

    def _show(self, line: str) -> None:
        if not self._live:
            self.say(line)
            return
        self._write("\r" + line.ljust(len(self._shown)))
        self._shown = line

    def _clear(self) -> None:
        if self._shown:
            self._write("\r" + " " * len(self._shown) + "\r")
            self._shown = ""

    def _write(self, text: str) -> None:
        if not self._quiet:
            self._out.write(text)
            self._out.flush()
        self._printed = self._clock()
