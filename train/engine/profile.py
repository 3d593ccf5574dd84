"""Traces some steps of a run for Perfetto and XProf: `--profile 20`.

The first steps run untraced, so that compiling is over. jax writes the files of XProf (and TensorBoard with its plugin)
into `profile/plugins/`, and the `.json.gz` of Perfetto. No server is started and no browser is opened.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

from ..callback import Callback
from ..errors import BadInput
from .steps import StepProgram

__all__ = ["Profile"]

_SKIPPED = 5  # steps, if the run is long enough


class Profile(Callback):
    """Traces steps of a run: a callback, and the `run_steps` of the loop.

    Args:
        advance: Program whose steps are traced.
        steps: Number of steps to trace.
        total: Steps of the run.
        print_fn: Prints a line, after the run, about the trace and how to open it.

    Raises:
        BadInput: If the run has no step besides those: the first one compiles and is never traced.
    """

    def __init__(self, advance: StepProgram, steps: int, total: int, print_fn: Callable[[str], None] = print):
        if steps >= total:
            raise BadInput(
                f"--profile {steps} needs a run of {steps + 1} steps or more, as the first one compiles; "
                f"the run has {total}"
            )
        self.advance, self.steps, self.total, self._print_fn = advance, steps, total, print_fn
        self.first = self.last = -1  # set by the first call: a resumed run does not start at 0
        self._open = False

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """Runs the steps as `StepProgram` does, with the traced steps in calls of their own."""
        if self.first < 0:
            self.first = first + min(_SKIPPED, max(1, self.total - first - self.steps))
            self.last = min(self.first + self.steps, self.total)
        inside = [bound for bound in (self.first, self.last) if first < bound < last]
        for begin, end in zip([first, *inside], [*inside, last], strict=True):
            if begin == self.first:
                self._begin(fit)
            with jax.profiler.StepTraceAnnotation("train", step_num=begin):
                fit, totals = self.advance(fit, totals, order, begin, end, key)
            if end == self.last:
                self._end(fit)
        return fit, totals

    def on_start(self, setup: Any, folder: Path) -> None:
        """Sets the folder of the trace."""
        self.folder = folder / "profile"

    def on_stop(self) -> None:
        """Ends a trace that is still open when the run fails or is stopped."""
        self._end(None)

    def on_end(self, result: Any) -> None:
        """Prints the path of the trace and the programs that open it."""
        found = sorted(self.folder.rglob("perfetto_trace.json.gz"))
        if found:
            self._print_fn(f"profile  {found[-1]}")
            self._print_fn("         open it at https://ui.perfetto.dev: it is read in the browser and not uploaded")
            self._print_fn(f"         or: pip install xprof && xprof --logdir {self.folder}")

    def _begin(self, fit: Any) -> None:
        jax.block_until_ready(fit)
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0  # a record of every python call would bury the steps
        jax.profiler.start_trace(self.folder, create_perfetto_trace=True, profiler_options=options)
        self._open = True

    def _end(self, fit: Any) -> None:
        if self._open:
            jax.block_until_ready(fit)
            jax.profiler.stop_trace()
            self._open = False
