"""Lists the kernels of a training step that take the most time, from a trace of jax's profiler."""

import gzip
import json
import tempfile
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["kernels", "read_trace", "self_times", "top"]

_STEPS = 10
_COUNT = 10


def kernels(row: str, args: Namespace) -> dict[str, Any]:
    """Traces some steps of a workload after compiling, and returns the kernels with the longest times.

    Args:
        row: `WORKLOAD, PRECISION`.
        args: flags of the worker.
    """
    import jax

    from ..tries import as_it_is
    from .candidates import workload

    name, precision = row.split(", ")
    run = as_it_is(workload(name, precision, args.tiny))
    jax.block_until_ready(run(1))
    options = jax.profiler.ProfileOptions()
    options.python_tracer_level = 0
    with tempfile.TemporaryDirectory() as folder:
        jax.profiler.start_trace(folder, create_perfetto_trace=True, profiler_options=options)
        jax.block_until_ready(run(_STEPS))
        jax.profiler.stop_trace()
        found = sorted(Path(folder).rglob("perfetto_trace.json.gz"))
        return {"steps": _STEPS, **top(read_trace(found[-1]))}


def read_trace(path: Path) -> list[dict[str, Any]]:
    """Reads the events of a trace in Chrome's format, as jax writes it."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)["traceEvents"]


def top(events: Sequence[Mapping[str, Any]], count: int = _COUNT) -> dict[str, Any]:
    """Sums the times of a trace by kernel.

    Args:
        events: events of the trace.
        count: number of kernels to return.

    Returns:
        `{"ms": time of all kernels, "kernels": [[name, ms, number of calls], ...]}`, the longest first.
    """
    times, calls = defaultdict(float), defaultdict(int)
    for name, microseconds in self_times(list(_of_kernels(events))):
        times[name] += microseconds / 1000
        calls[name] += 1
    order = sorted(times, key=lambda name: -times[name])[:count]
    return {"ms": sum(times.values()), "kernels": [[name, times[name], calls[name]] for name in order]}


def self_times(events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Yields each event with its time in microseconds without the events that it contains on the same thread."""
    lanes = defaultdict(list)
    for event in events:
        lanes[event["pid"], event["tid"]].append(event)
    for lane in lanes.values():
        open_: list[list[Any]] = []  # name, end, time of its own
        for event in sorted(lane, key=lambda event: (event["ts"], -event["dur"])):
            while open_ and open_[-1][1] <= event["ts"]:
                name, _, own = open_.pop()
                yield name, own
            if open_:
                open_[-1][2] -= event["dur"]
            open_.append([event["name"], event["ts"] + event["dur"], event["dur"]])
        yield from ((name, own) for name, _, own in open_)


def _of_kernels(events: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yields the events of kernels: of a GPU those of its streams, of a TPU its operations, of a CPU those of XLA."""
    named = {
        kind: {_lane(event, kind): event["args"]["name"] for event in events if event.get("name") == kind}
        for kind in ("process_name", "thread_name")
    }
    devices = {lane for lane, name in named["process_name"].items() if name.startswith("/device:")}
    lanes = {lane: name for lane, name in named["thread_name"].items() if lane[:1] in devices}
    # A device has further lines with the same time again, by program, step and scope.
    chosen = {lane for lane, name in lanes.items() if name.startswith("Stream")}
    chosen = chosen or {lane for lane, name in lanes.items() if name == "XLA Ops"}
    for event in events:
        if event.get("ph") != "X" or "dur" not in event:
            continue
        if devices:
            known = (event["pid"], event["tid"]) in chosen or (not chosen and (event["pid"],) in devices)
        else:
            known = "hlo_op" in event.get("args", {})
        if known:
            yield event


def _lane(event: Mapping[str, Any], kind: str) -> tuple[int, ...]:
    return (event["pid"], event["tid"]) if kind == "thread_name" else (event["pid"],)
