"""Measures by turns: every library has a separate process and trains for a quarter of a second in its turn.

A temporary slowdown of the machine affects all of them alike, unlike rounds of whole processes (rounds.py).
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from .rounds import command, environment, last_line

__all__ = ["by_turns"]

_WARM = 6  # turns of each that are not counted: the first few grow to their length


@contextmanager
def _worker(name: str, work: str, malloc: bool) -> Iterator[Callable[[], float]]:
    """Starts a worker process; returns a function that runs a turn and returns its milliseconds per step.

    Raises:
        ChildProcessError: if the process ended, with the last line of its errors.
    """
    pipe, words = subprocess.PIPE, command([name, work, "--turns"])
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(words, env=environment(malloc), stdin=pipe, stdout=pipe, stderr=errors, text=True) as process,
    ):

        def heard() -> float:
            assert process.stdout
            if line := process.stdout.readline():
                return float(line)
            errors.seek(0)
            raise ChildProcessError(last_line(errors.read()))

        def turn() -> float:
            print(file=process.stdin, flush=True)
            return heard()

        try:
            heard()
            yield turn
        finally:
            process.communicate()  # the end of its lines ends it


def by_turns(
    work: str, names: Sequence[str], turns: int, malloc: bool, print_fn: Callable[[str], None] = print
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Measures the milliseconds per step of each library in each turn; also returns who failed, and why.

    Args:
        work: the workload.
        names: names in `peers.TIMED`.
        turns: number of turns that are counted.
        malloc: whether all keep freed memory.
        print_fn: prints a line.
    """
    failed: dict[str, str] = {}
    with ExitStack() as stack:
        each_turn = {}
        for name in names:
            try:
                each_turn[name] = stack.enter_context(_worker(name, work, malloc))
            except ChildProcessError as error:
                failed[name] = str(error)
            print_fn(f"{work}: {name} " + (f"failed: {failed[name]}" if name in failed else "is ready"))
        found = {name: [] for name in each_turn}
        for _ in range(_WARM + turns):
            for name, turn in each_turn.items():
                found[name].append(turn())
    return {name: each[_WARM:] for name, each in found.items()}, failed
