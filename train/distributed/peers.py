"""Detects that a process of the run has died: each keeps a connection to process 0.

The operating system closes the connection of a process however it ends, so that the others notice at once and end as
well. Process 0 listens at the address of the coordinator until all have connected; then jax uses the address.
"""

import json
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..errors import BadInput, RunFailed

__all__ = ["Peers", "meet"]

_LONGEST = 1 << 20  # bytes of a message
_GRACE = 2.0  # seconds: if all fail for the same reason, each reports it itself
_AGAIN = 0.1  # seconds between two attempts to reach process 0


class Peers:
    """Connections to the other processes: from process 0 to each, from each to process 0.

    Args:
        process: Number of this process.
        names: Name of each process in messages, in their order.
        lines: Open connections by the number of the process at the other end.
    """

    def __init__(self, process: int, names: list[str], lines: Mapping[int, socket.socket]):
        self.process, self.names, self.lines = process, names, dict(lines)
        self.advice = "Start all processes again once the cause is fixed"  # printed if a process dies
        self._left: set[int] = set()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def tell(self, **message: str) -> None:
        """Sends a message over every connection."""
        for line in self.lines.values():
            with suppress(OSError):  # the other process has died
                line.sendall(_encode(message))

    def leave(self, seconds: float) -> None:
        """Waits until process 0 has done its work, or as process 0 until the others have exited, but not longer.

        Args:
            seconds: Longest time to wait.
        """
        self.tell(bye="")
        self._listener.join(seconds)

    def failed(self, error: BaseException, expected: bool) -> None:
        """Informs the others before this process ends with an error.

        Args:
            error: Error that ends it.
            expected: Whether it is an error of this process; else it may be a consequence of another one's end, which
                is then received first and reported instead.
        """
        if not expected:
            time.sleep(_GRACE + 1)
        self.tell(failed=(str(error).splitlines() or [repr(error)])[0][:1000].rstrip(" .:"))

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for number, line in self.lines.items():
                line.settimeout(None)
                selector.register(line, selectors.EVENT_READ, number)
            while selector.get_map():
                for key, _ in selector.select():
                    number, line = key.data, self.lines[key.data]
                    message = _receive(line)
                    if message is None or ("bye" in message and self.process):  # process 0 exits after this one
                        selector.unregister(line)
                    if message is None:
                        if number not in self._left:
                            self._end(f"{self.names[number]} is gone", number, 0)
                    elif "bye" in message:
                        self._left.add(number)
                    elif "failed" in message:
                        self._end(f"{self.names[number]} has ended: {message['failed']}", number, _GRACE)
                    elif "ended" in message:  # forwarded by process 0
                        self._end(message["ended"], number, _GRACE)

    def _end(self, text: str, number: int, grace: float) -> None:
        """Ends this process, which may be waiting in a collective operation that never completes."""
        for other, line in self.lines.items():
            if other != number:
                with suppress(OSError):
                    line.sendall(_encode({"ended": text}))
        time.sleep(grace)
        print(f"error: {text}. {self.advice}".rstrip(), file=sys.stderr, flush=True)
        os._exit(RunFailed.exit_code)


def meet(address: str, processes: int, process: int, seconds: float) -> Peers:
    """Waits until all processes have connected.

    Args:
        address: Host and port at which process 0 listens.
        processes: Number of processes.
        process: Number of this process.
        seconds: Seconds to wait.

    Raises:
        BadInput: If process 0 cannot listen there.
        RunFailed: If a process does not connect in time, or two have the same number; it names them.
    """
    host, _, port = address.rpartition(":")
    until = time.monotonic() + seconds
    if process == 0:
        return _gather(address, int(port), processes, until, seconds)
    line = _connect(address, host.strip("[]"), int(port), until, seconds)
    line.sendall(_encode({"process": process, "processes": processes, "name": _name(process, processes)}))
    line.settimeout(seconds + _GRACE)  # process 0 reports first who is missing
    answer = _receive(line) or {"failed": f"process 0 at {address} is gone"}
    if "names" not in answer:
        line.close()
        raise RunFailed(str(answer.get("failed")))
    return Peers(process, answer["names"], {0: line})


def _gather(address: str, port: int, processes: int, until: float, seconds: float) -> Peers:
    names, lines = [_name(0, processes)] + [""] * (processes - 1), {}
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        server = socket.create_server(("", port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise BadInput(f"--distributed {address}: process 0 cannot listen at port {port}: {error.strerror}") from error
    with server:
        while len(lines) < processes - 1 and time.monotonic() < until:
            server.settimeout(max(until - time.monotonic(), 0.01))
            with suppress(TimeoutError):
                line = server.accept()[0]
                line.settimeout(5)
                found = _receive(line) or {}
                number: Any = found.get("process")
                wrong = _rejection(number, found.get("processes"), processes, lines)
                if wrong:
                    with line, suppress(OSError):
                        line.sendall(_encode({"failed": wrong}))
                    continue
                lines[number], names[number] = line, str(found.get("name"))[:200]
    missing = [number for number in range(1, processes) if number not in lines]
    answer: dict[str, Any] = {"names": names}
    if missing:
        which = ", ".join(map(str, missing))
        answer = {"failed": f"process {which} of {processes} did not come to {address} within {seconds:g} s: start "
                  "all with the same command but for --process, or wait longer with --peer-timeout"}  # fmt: skip
    for line in lines.values():
        with suppress(OSError):
            line.sendall(_encode(answer))
        if missing:
            line.close()
    if missing:
        raise RunFailed(answer["failed"])
    return Peers(0, names, lines)


def _rejection(number: Any, told: Any, processes: int, lines: Mapping[int, Any]) -> str:
    if type(number) is not int or not 0 < number < processes or told != processes:
        return f"process 0 runs with --processes {processes} and cannot use --process {number} of {told}"
    return f"--process {number} has connected already: each needs a number of its own" if number in lines else ""


def _connect(address: str, host: str, port: int, until: float, seconds: float) -> socket.socket:
    while True:
        try:
            return socket.create_connection((host, port), timeout=max(until - time.monotonic(), 0.01))
        except OSError as error:
            if time.monotonic() + _AGAIN > until:
                raise RunFailed(
                    f"process 0 does not answer at {address} within {seconds:g} s ({error.strerror or error}): start "
                    "it with the same command and --process 0, or wait longer with --peer-timeout"
                ) from error
            time.sleep(_AGAIN)


def _name(process: int, processes: int) -> str:
    return f"process {process} of {processes} (pid {os.getpid()} on {socket.gethostname()})"


def _encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _receive(line: socket.socket) -> dict[str, Any] | None:
    """Returns the next message; None if the connection is closed or the message is invalid."""
    text = b""
    with suppress(OSError, ValueError):
        while not text.endswith(b"\n"):
            byte = line.recv(1)
            if not byte or len(text) > _LONGEST:
                return None
            text += byte
        found = json.loads(text)
        return found if isinstance(found, dict) else None
    return None
