"""Callback that closes the prefetcher, checkpoints its position and warns when input is the bottleneck."""

from collections.abc import Callable
from typing import Any

import jax

from ..callback import Callback
from ..errors import CheckpointUnusable, warn
from ..runtime.processes import allgather_json
from .streamed_steps import StreamedStepProgram

__all__ = ["InputMonitor"]

_SHARE, _SECONDS = 0.2, 5.0  # of the time of the steps spent waiting; of steps before the share is judged


class InputMonitor(Callback):
    """Monitors the input of a `StreamedStepProgram`.

    Args:
        advance: Program that reads the batches.
        print_fn: Prints a warning.
    """

    name, former_name = "input_monitor", "Reading"

    def __init__(self, advance: StreamedStepProgram, print_fn: Callable[[str], None] = warn):
        self.advance, self._print_fn = advance, print_fn
        self._warned = False

    def on_progress(self, step: int, row: dict) -> None:
        """Warns, once, if the steps wait too long for their batches."""
        share = self.advance.data_wait
        if share is not None and share > _SHARE and self.advance.seconds > _SECONDS and not self._warned:
            self._warned = True
            self._print_fn(
                f"steps wait {share:.0%} of their time for their batches: put the data on a faster disk, make the "
                "images smaller beforehand, load what fits (--in-memory), or use a loader with several processes"
            )

    def state_dict(self) -> list[Any] | None:
        """Returns the position behind the last batch of each process; None if the step determines it.

        All processes must call it together.
        """
        return None if self.advance.position is None else allgather_json(self.advance.position)

    def load_state_dict(self, state: Any) -> None:
        """Continues behind the saved position of this process.

        Raises:
            CheckpointUnusable: If the positions are those of another number of processes.
        """
        if len(state) != jax.process_count():
            raise CheckpointUnusable(
                f"the run had {len(state)} processes, each with its share of Stream(train=...), and cannot be resumed "
                f"by {jax.process_count()}: resume it with as many processes"
            )
        self.advance.seek(state[jax.process_index()])

    def on_stop(self) -> None:
        """Stops the threads that read."""
        self.advance.close()
