"""Connects several processes before a run and shuts them down after it."""

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
from ..runtime.signals import flush
from .devices import set_platform
from .launch import ProcessInfo, detect
from .peers import Peers, meet

__all__ = ["advise", "exit_process", "initialize", "leave", "synchronized"]

_LONGEST, _SHORTEST = 600.0, 5.0  # seconds to wait for others that have not exited: after success, after a failure

_peers: Peers | None = None
_orderly = True  # whether this process may exit normally: by waiting for the others


def initialize(options: RunOptions) -> RunOptions:
    """Connects the processes, if there are several, before jax initialises its devices.

    Args:
        options: Options as given.

    Returns:
        The options of this process: all but the first are quiet.

    Raises:
        BadInput: If the processes cannot be found, or jax is already initialised.
        RunFailed: If one of them does not connect.
    """
    set_platform(options.platform)  # before jax initialises its devices
    found = detect(options)
    if found is not None and not jax.distributed.is_initialized():
        _join(found, options.peer_timeout)
    return options if is_first() else replace(options, quiet=True)


class Shutdown:
    """Mode of the shutdown after a run of several processes.

    Attributes:
        hurry: Whether processes exit without waiting for the others.
    """

    hurry = False


@contextmanager
def synchronized() -> Iterator[Shutdown]:
    """Context of a run: no process exits before all are done, and none waits for one that has failed."""
    global _orderly
    several = jax.distributed.is_initialized() and jax.process_count() > 1
    _orderly, shutdown = not several, Shutdown()
    try:
        yield shutdown
        if several and not shutdown.hurry:
            multihost_utils.sync_global_devices("the end of a run")
    except BaseException as error:
        if _peers is not None:
            _peers.failed(error, isinstance(error, ZooError | KeyboardInterrupt | SystemExit))
        elif several:
            error.add_note(f"one of {jax.process_count()} processes: if another one failed, its own output says why")
        raise
    if shutdown.hurry:  # a scheduler that has sent a signal does not wait
        _send_bye()
    else:
        _orderly = True


def advise(text: str) -> None:
    """Sets the advice that is printed if another process dies."""
    if _peers is not None:
        _peers.advice = text


def exit_process(code: int) -> int:
    """Exits at once if a run of several processes failed: a normal exit would wait for the others.

    Returns:
        The code, if there is no other process to wait for.
    """
    if not _orderly:
        flush()
        os._exit(code)
    return code


def leave(code: int) -> None:
    """Ends the process after the complete runs of several that meet at an address, else returns.

    It waits for the others by their connections, not by jax's shutdown, which with jax 0.10 now and then aborts
    process 0 when all work is done.
    """
    if _peers is not None:
        flush()
        with suppress(KeyboardInterrupt):
            _peers.leave(_LONGEST if code == 0 else _SHORTEST)
        os._exit(code)


def _join(found: ProcessInfo, seconds: int) -> None:
    global _peers
    if found.coordinator and found.processes != 1:
        assert found.processes is not None
        assert found.process is not None
        _peers = meet(found.coordinator, found.processes, found.process, seconds)
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.config.update("jax_cpu_enable_async_dispatch", False)  # two programs at once would deadlock
    with suppress(AttributeError):  # not in older versions of jax
        jax.config.update("jax_enable_preemption_service", False)  # the run handles signals itself
    _initialize(found, seconds)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))  # jax has replaced the handler
    with _without_stdout():
        agree(0, 0, False)
    if _peers is not None:
        atexit.register(lambda: _orderly and _send_bye())  # before jax's own, which waits for all


def _initialize(found: ProcessInfo, seconds: int) -> None:
    late = threading.Timer(seconds, _timed_out, (found, seconds))
    late.daemon = True
    late.start()
    try:  # jax ends the process itself at its timeout: this one comes first
        jax.distributed.initialize(
            found.coordinator or None,
            found.processes if found.coordinator else None,
            found.process if found.coordinator else None,
            initialization_timeout=seconds + 30,
            heartbeat_timeout_seconds=seconds,
        )
    except ValueError as error:
        raise BadInput(
            "--distributed auto: the environment names no other processes, as Slurm, Open MPI, Kubernetes and TPU "
            f"slices do ({error}) Give the address of process 0, as in {EXAMPLE}, or run alone with --distributed off"
        ) from error
    except RuntimeError as error:  # found in the environment, without a flag of the user
        raise BadInput(f"--distributed: {str(error).splitlines()[0]} --distributed off runs alone") from error
    finally:
        late.cancel()


def _timed_out(found: ProcessInfo, seconds: int) -> None:
    count = f"the {found.processes}" if found.processes else "all"
    print(
        f"error: not {count} processes connected within {seconds} s: see the output of the others, or wait longer with "
        "--peer-timeout",
        file=sys.stderr,
        flush=True,
    )
    os._exit(RunFailed.exit_code)


def _send_bye() -> None:
    if _peers is not None:
        _peers.tell(bye="")


@contextmanager
def _without_stdout() -> Iterator[None]:
    """Discards what the library of CPU collectives prints to stdout when it connects."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
