"""Looks after what reads ahead: closes it with the run, remembers where it stood, warns when steps wait for it."""

from collections.abc import Callable
from typing import Any

import jax

from ..callback import Callback
from ..errors import CheckpointUnusable, warn
from ..runtime.processes import allgather_json
from .streamed_steps import StreamedStepProgram

__all__ = ["InputMonitor"]

_MUCH, _PATIENCE = 0.2, 5.0  # of the time of the steps; seconds of steps before anything is judged


class InputMonitor(Callback):
    """The listener that belongs to an `StreamedStepProgram`.

    Args:
        advance: what reads.
        say: prints a warning.
    """

    def __init__(self, advance: StreamedStepProgram, say: Callable[[str], None] = warn):
        self.advance, self._say = advance, say
        self._said = False

    def moved(self, step: int, row: dict) -> None:
        """Warns, once, when the steps wait too long."""
        share = self.advance.data_wait
        if share is not None and share > _MUCH and self.advance.seconds > _PATIENCE and not self._said:
            self._said = True
            self._say(
                f"steps wait {share:.0%} of their time for their batches: keep the data on a faster disk, make "
                "pictures smaller beforehand, load what fits (--in-memory), or use a loader with several processes"
            )

    def memory(self) -> list[Any] | None:
        """Where the last batch was that each process learned from, for all to ask; nothing, where the step says it."""
        return None if self.advance.position is None else allgather_json(self.advance.position)

    def recall(self, memory: Any) -> None:
        """Goes on there.

        Raises:
            CheckpointUnusable: if the shares of the stream were those of another number of processes.
        """
        if len(memory) != jax.process_count():
            raise CheckpointUnusable(
                f"the run was one of {len(memory)} processes, each with its share of Stream(train=...), and cannot go "
                f"on with {jax.process_count()}: resume it by as many"
            )
        self.advance.go_on(memory[jax.process_index()])

    def stopped(self) -> None:
        """Ends the threads."""
        self.advance.close()
