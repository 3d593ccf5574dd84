"""How several processes come together before a run, and part after it."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import jax
from jax.experimental import multihost_utils

from ..config.processes import EXAMPLE
from ..config.run_options import RunOptions
from ..errors import BadInput, RunFailed, ZooError
from ..runtime.processes import agree, is_first
from .devices import set_platform
from .launch import ProcessInfo, detect
from .peers import Peers, meet

__all__ = ["advise", "exit_process", "initialize", "synchronized"]

_peers: Peers | None = None
_orderly = True  # whether this process may end as processes do: by waiting for the others


def initialize(options: RunOptions) -> RunOptions:
    """Brings the processes together, if there are several, before jax looks for its devices.

    Args:
        options: as they were asked for.

    Returns:
        The options of this process: all but the first are quiet.

    Raises:
        BadInput: if the processes cannot be found, or jax is under way already.
        RunFailed: if one of them does not come.
    """
    set_platform(options.platform)  # while jax can still be told
    found = detect(options)
    if found is not None and not jax.distributed.is_initialized():
        _join(found, options.peer_timeout)
    return options if is_first() else replace(options, quiet=True)


class Shutdown:
    """How a run of several processes ends: they wait for one another, unless they are in a hurry."""

    hurry = False


@contextmanager
def synchronized() -> Iterator[Shutdown]:
    """Around a run: no process ends before all are done, and none waits for one that has failed."""
    global _orderly
    several = jax.distributed.is_initialized() and jax.process_count() > 1
    _orderly, parting = not several, Shutdown()
    try:
        yield parting
        if several and not parting.hurry:
            multihost_utils.sync_global_devices("the end of a run")
    except BaseException as error:
        if _peers is not None:
            _peers.failed(error, isinstance(error, ZooError | KeyboardInterrupt | SystemExit))
        elif several:
            error.add_note(f"one of {jax.process_count()} processes: if another has ended, its own words say why")
        raise
    if parting.hurry:  # whoever is done leaves: a scheduler that has sent a signal waits for nobody
        _say_goodbye()
    else:
        _orderly = True


def advise(text: str) -> None:
    """What to tell a person when another process is gone."""
    if _peers is not None:
        _peers.advice = text


def exit_process(code: int) -> int:
    """Ends a command of several processes that failed at once: to end as usual is to wait for the others.

    Returns:
        The code, where there is nobody to wait for.
    """
    if not _orderly:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _join(found: ProcessInfo, seconds: int) -> None:
    global _peers
    if found.coordinator and found.processes != 1:
        assert found.processes is not None
        assert found.process is not None
        _peers = meet(found.coordinator, found.processes, found.process, seconds)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # two programs at once would wait for one another
    with suppress(AttributeError):  # which older versions do not have
        jax.config.update("jax_enable_preemption_service", False)  # signals are ours
    _initialize(found, seconds)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))  # jax has taken it
    with _hushed():
        agree(0, 0, False)
    if _peers is not None:
        atexit.register(lambda: _orderly and _say_goodbye())  # comes before jax's own, which waits for the others


def _initialize(found: ProcessInfo, seconds: int) -> None:
    late = threading.Timer(seconds, _nobody_came, (found, seconds))
    late.daemon = True
    late.start()
    try:  # jax ends the process itself when the time is over: ours comes first
        jax.distributed.initialize(
            found.coordinator or None,
            found.processes if found.coordinator else None,
            found.process if found.coordinator else None,
            initialization_timeout=seconds + 30,
            heartbeat_timeout_seconds=seconds,
        )
    except ValueError as error:
        raise BadInput(
            "--distributed auto: nothing here says that there are others, as Slurm, Open MPI, Kubernetes and TPU "
            f"slices do ({error}) Give the address of process 0, as in {EXAMPLE}, or run alone with --distributed off"
        ) from error
    except RuntimeError as error:  # of the environment's own, nobody has said that it shall be so
        raise BadInput(f"--distributed: {str(error).splitlines()[0]} --distributed off runs alone") from error
    finally:
        late.cancel()


def _nobody_came(found: ProcessInfo, seconds: int) -> None:
    count = f"the {found.processes}" if found.processes else "all"
    print(
        f"error: not {count} processes came together within {seconds} s: look at the output of the others, or wait "
        "longer with --peer-timeout",
        file=sys.stderr,
        flush=True,
    )
    os._exit(RunFailed.exit_code)


def _say_goodbye() -> None:
    if _peers is not None:
        _peers.tell(bye="")


@contextmanager
def _hushed() -> Iterator[None]:
    """Without what the library of the CPU's collectives prints when it connects, past python's own stdout."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
