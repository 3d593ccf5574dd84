"""A trace of some steps, for Perfetto and XProf: `--profile 20`.

The first steps run untraced, so that compiling is over. jax writes what XProf (and TensorBoard with its plugin) reads
into `profile/plugins/`; Perfetto reads the `.json.gz` beside it. Nothing is served and no browser is waited for.
"""

from pathlib import Path
from typing import Any

import jax

from ..callback import Callback
from ..errors import BadInput
from ..reporting.progress import terminal
from .steps import StepProgram

__all__ = ["Profile"]

_SKIPPED = 5  # steps, if the run is long enough


class Profile(Callback):
    """Traces steps of a run; it is also the program that the loop runs, `StepProgram` with two more places to pause.

    Args:
        advance: whose steps are traced.
        steps: how many.
        total: of the run.
        quiet: do not say where the trace lies.

    Raises:
        BadInput: if the run has no step besides those: the first one compiles and is never traced.
    """

    def __init__(self, advance: StepProgram, steps: int, total: int, quiet: bool = False):
        if steps >= total:
            raise BadInput(
                f"--profile {steps} wants {steps + 1} steps or more, for the first one compiles; the run has {total}"
            )
        self.advance, self.steps, self.total, self.quiet = advance, steps, total, quiet
        self.first = self.last = -1  # not known before the first call: a resumed run does not begin at 0
        self._open = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.advance, name)

    def __call__(self, fit: dict, totals: dict, order: Any, first: int, last: int, key: jax.Array) -> tuple[dict, dict]:
        """Runs the steps as `StepProgram` does, those to trace apart from the others."""
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

    def start(self, setup: Any, folder: Path) -> None:
        """Takes the folder."""
        self.folder = folder / "profile"

    def stopped(self) -> None:
        """Ends a trace that the run did not live to end."""
        self._end(None)

    def end(self, result: Any) -> None:
        """Says where the trace lies and what opens it."""
        found = sorted(self.folder.rglob("perfetto_trace.json.gz"))
        if found:
            print_ = terminal(quiet=self.quiet).print
            print_(f"profile  {found[-1]}", soft_wrap=True)
            print_("         drop it on https://ui.perfetto.dev: it is read in the browser, sent nowhere")
            print_(f"         or: pip install xprof && xprof --logdir {self.folder}", soft_wrap=True)

    def _begin(self, fit: Any) -> None:
        jax.block_until_ready(fit)
        options = jax.profiler.ProfileOptions()
        options.python_tracer_level = 0  # every call of python would bury the steps
        jax.profiler.start_trace(self.folder, create_perfetto_trace=True, profiler_options=options)
        self._open = True

    def _end(self, fit: Any) -> None:
        if self._open:
            jax.block_until_ready(fit)
            jax.profiler.stop_trace()
            self._open = False
