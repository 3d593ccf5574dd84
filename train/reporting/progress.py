"""The progress line of a run: position, metrics, speed and remaining time.

On a terminal the line is redrawn in place; elsewhere a few full lines are written, without control codes.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO, cast

from rich.console import Console

from ..units import format_duration, format_number, short_exponent
from .console_stream import ConsoleStream, terminal

__all__ = ["Progress"]

_REDRAW_SECONDS = 0.1  # between two redrawings of the line
_LINE_SECONDS = 5.0  # between two full lines where nothing can be redrawn
_MAX_EPOCH_LINES = 50  # longer runs print only some of their epochs
_NO_METRICS = ("split", "step", "epoch", "loss", "lr")


class Progress:
    """Prints the progress of a run.

    Compilation is excluded from the speed and the remaining time: the clock starts with the first `update` after
    `compiling`. Evaluation counts for the remaining time, not for the speed.

    Args:
        total_steps: number of steps of the run.
        steps_per_epoch: number of steps of one pass over the training set.
        batch_size: number of examples (or other units) per step.
        quiet: print nothing.
        console: console to print on; stdout by default.
        headline: metric shown beside the loss; by default the first two metrics of a row.
        others: further metrics shown at evaluations.
        unit: name of what `batch_size` counts.
        clock: function that returns the time in seconds.
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
        others: Sequence[str] = (),
        unit: str = "examples",
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total, self._per_epoch, self._batch = total_steps, steps_per_epoch, batch_size
        self._quiet, self._headline, self._unit, self._clock = quiet, headline, unit, clock
        self._others = others
        self._console = console or terminal()
        self._out = ConsoleStream(cast(TextIO, self._console.file))
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._step, self._row, self._data_wait = 0, {}, None
        self._since: float | None = None  # time of the last update; None while compiling
        self._busy, self._counted = 0.0, 0  # seconds of training, and the number of steps in them
        self._pauses: dict[int, float] = {}  # by step: seconds of its evaluation
        self._shown = ""  # the line that the terminal shows now
        self._printed = -math.inf  # time of the last line

    def print_line(self, text: str) -> None:
        """Prints a permanent line."""
        self._clear()
        self._write(text + "\n")

    def compiling(self) -> None:
        """Shows that a program is being compiled; the time until the next `update` is not counted."""
        self._since = None
        self._show("compiling ...")

    def update(self, step: int, row: Mapping[str, Any] | None = None, data_wait: float | None = None) -> None:
        """Updates the progress line.

        Args:
            step: number of steps done.
            row: latest metrics: `loss`, the headline metric, `lr`.
            data_wait: fraction of the time that steps wait for their batches; None if all data are in memory.
        """
        now = self._clock()
        if self._since is not None:
            self._busy += now - self._since
            self._counted += step - self._step
        self._since, self._step, self._row, self._data_wait = now, step, row or {}, data_wait
        if now - self._printed >= (_REDRAW_SECONDS if self._live else _LINE_SECONDS):
            self._show(self._fit(self._parts()))

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Prints the result of an evaluation; of a long run at most about 50 of them, and the last."""
        now, step = self._clock(), int(row.get("step", self._step))
        if self._since is not None:
            self._pauses[step] = self._pauses.get(step, 0) + now - self._since
            self._since = now
        epochs = math.ceil(self._total / self._per_epoch)
        at = step / self._per_epoch
        chosen = round(at) % math.ceil(epochs / _MAX_EPOCH_LINES) == 0 or step >= self._total
        if chosen or (now - self._printed >= _LINE_SECONDS and not self._live):
            self.print_line(self._epoch_line(at, epochs, row))

    def close(self) -> None:
        """Ends the progress line; later output begins on a new line."""
        if self._shown:
            self._write("\n")
            self._shown = ""

    def _epoch_line(self, at: float, epochs: int, row: Mapping[str, Any]) -> str:
        split = row.get("split", "test")
        parts = [f"epoch {at:{len(str(epochs))}.0f}/{epochs}" if at == round(at) else f"epoch {at:.2f}/{epochs}"]
        if "loss" in self._row:
            parts.append(f"train loss {format_number(self._row['loss'], 4)}")
        parts += [f"{split} {name} {format_number(value, 4)}" for name, value in self._metrics(row)]
        return self._join(parts)

    def _metrics(self, row: Mapping[str, Any]) -> list[tuple[str, float]]:
        others = [name for name, value in row.items() if name not in _NO_METRICS and isinstance(value, int | float)]
        names = [self._headline] if self._headline in row else others[:2]
        return [(name, row[name]) for name in ("loss", *names, *self._others) if row.get(name) is not None]

    def _parts(self) -> list[tuple[int, str]]:
        """Returns the parts of the line in order, each with its rank: parts of low rank are left out first."""
        total, epochs = self._total, math.ceil(self._total / self._per_epoch)
        epoch = min(epochs, math.ceil(max(self._step, 1) / self._per_epoch))
        parts = [(9, f"epoch {epoch}/{epochs}"), (6, f"step {self._step}/{total}")]
        parts += [(4, f"{100 * self._step // max(total, 1)} %")]
        parts += [(8, f"{name} {format_number(value)}") for name, value in self._metrics(self._row)]
        if self._row.get("lr") is not None:
            parts += [(2, f"lr {short_exponent(format(float(self._row['lr']), '.1e'))}")]
        if self._counted and self._busy > 0:
            pace = self._busy / self._counted
            speed = f"{1000 * pace:.3g} ms/step" if pace < 1 else f"{pace:.3g} s/step"
            parts += [
                (3, f"{self._batch / pace:,.0f} {self._unit}/s"),
                (1, speed),
                (5, f"ETA {format_duration(self._left(pace))}"),
            ]
        if self._data_wait is not None:
            parts += [(7, f"data wait {100 * self._data_wait:.0f} %")]
        return parts

    def _left(self, pace: float) -> float:
        """Estimates the remaining seconds, from the fastest evaluation: the first one includes its compilation."""
        evaluations = len(self._pauses) * (self._total - self._step) / max(self._step, 1)
        return pace * (self._total - self._step) + evaluations * min(self._pauses.values(), default=0)

    def _fit(self, parts: list[tuple[int, str]]) -> str:
        """Drops parts of low rank until the line fits the terminal; nothing is dropped in a log file."""
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
            self.print_line(line)
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
