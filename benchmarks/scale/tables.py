"""The tables of docs/scale.md, from counts and published values."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from .collectives import Collective
from .plan import Restart, compute_seconds, gradient_bytes, hidden_batch, load_seconds, lost, wire_seconds, young
from .published import CHIPS, STORES, Chip, hours_between_failures

__all__ = ["DEVICES", "TABLES", "check_rows", "closed_form", "found"]

DEVICES = (10, 1_000, 10_000)
BATCH = 1024  # examples on each device, as the 10^9-parameter case was compiled
_COPY = 15e9  # bytes a second from a device to its host: PCIe, https://jax-ml.github.io/scaling-book/tpus
_BIG, _WIDTH, _CUT = "mlp-1e9", 8192, 4
_Kept = Mapping[str, Any]


def found(kept: _Kept, case: str, placement: str, devices: int) -> Mapping[str, Any]:
    """Returns the count of one case.

    Raises:
        LookupError: if it was not counted, with the command that counts it.
    """
    wanted = (case, placement, devices)
    for row in kept["counted"]:
        if (row["case"], row["placement"], row["devices"]) == wanted:
            return row
    raise LookupError(f"{case} {placement} {devices} was not counted yet: python -m benchmarks.scale --only {case}")


def closed_form(row: Mapping[str, Any]) -> float | None:
    """Computes the bytes that each device should send per step; None for tensor parallelism of other models."""
    parameters, devices = row["parameters"], row["devices"]
    if row["placement"] == "data":
        return gradient_bytes(parameters, devices, passes=2)
    if row["placement"] == "fsdp":
        return gradient_bytes(parameters, devices, passes=3)
    if row["case"] != _BIG:
        return None
    share = row["devices"] // _CUT
    # Rows after columns: eight all-reduces of activations forward, seven of their gradients backward.
    activations = 15 * 2 * (_CUT - 1) / _CUT * 4 * _WIDTH * row["batch"] * _CUT
    return gradient_bytes(parameters // _CUT, share, passes=2) + activations


def counted(kept: _Kept) -> str:
    """Makes the table of what XLA's CPU compiler made of the library's step."""
    lines = _head(
        "model, parameters", "placed", "devices", "collectives of a step", "each sends", "closed form", "memory"
    )
    for row in kept["counted"]:
        kinds = Counter()
        for each in row["collectives"]:
            kinds[each["kind"]] += each["times"]
        form = closed_form(row)
        lines.append(
            _row(
                f"{row['case']}, {row['parameters']:,}",
                row["placement"],
                f"{row['devices']}",
                ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items())),
                _bytes(row["wire"]),
                "" if form is None else f"{_bytes(form)} ({row['wire'] / form:.3f})",
                _bytes(row["arguments"] + row["temporary"]),
            )
        )
    return "\n".join(lines)


def steps(kept: _Kept) -> str:
    """Makes the table of milliseconds per step of the reference network: the longer of computing and sending."""
    names = [f"{name} {devices:,}" for name in ("data", "fsdp", f"model={_CUT}") for devices in DEVICES]
    lines = _head("chip", "computing", *names, "hidden from")
    for name, chip in CHIPS.items():
        computing = compute_seconds(_parameters(kept), BATCH, chip)
        cells = [
            _step(computing, wire(kept, chip, devices), _memory(kept, placement, devices), chip)
            for placement, wire in _WIRES.items()
            for devices in DEVICES
        ]
        batch = hidden_batch(_parameters(kept), _data(kept, chip, DEVICES[-1]), chip)
        lines.append(_row(name, f"{1000 * computing:.0f}", *cells, f"{batch:,.0f}"))
    return "\n".join(lines)


def _step(computing: float, wire: float, memory: float, chip: Chip) -> str:
    if memory > chip.memory:
        return "no room"
    step = f"{1000 * max(computing, wire):.0f}"
    return f"**{step}**" if wire > computing else step


def _data(kept: _Kept, chip: Chip, devices: int) -> float:
    return wire_seconds(4 * _parameters(kept), 2, devices, chip)


def _fsdp(kept: _Kept, chip: Chip, devices: int) -> float:
    return wire_seconds(4 * _parameters(kept), 3, devices, chip)


def _model(kept: _Kept, chip: Chip, devices: int) -> float:
    """Adds a quarter of the gradients over a quarter of the devices, and the counted activations."""
    row = found(kept, _BIG, "model", 8)
    activations = sum(each.wire for each in _collectives(row) if each.group == _CUT)
    part = chip._replace(domain=max(1, chip.domain // _CUT))
    return wire_seconds(_parameters(kept), 2, max(1, devices // _CUT), part) + activations / chip.near


_WIRES: dict[str, Callable[[_Kept, Chip, int], float]] = {"data": _data, "fsdp": _fsdp, "model": _model}


def _memory(kept: _Kept, placement: str, devices: int) -> float:
    """Computes the bytes per device: as compiled for eight devices, with the sharded part rescaled."""
    row = found(kept, _BIG, placement, 8)
    cut = kept_bytes(kept) / devices if placement == "fsdp" else row["arguments"]
    return cut + row["temporary"]


def _collectives(row: Mapping[str, Any]) -> list[Collective]:
    return [Collective(**each) for each in row["collectives"]]


def _parameters(kept: _Kept) -> int:
    return found(kept, _BIG, "data", 8)["parameters"]


def kept_bytes(kept: _Kept) -> int:
    """Computes the bytes of a checkpoint of the reference network: parameters, two moments of adam, totals."""
    return found(kept, _BIG, "data", 8)["checkpoint"]


def checkpoints(kept: _Kept) -> str:
    """Makes the table of seconds to write and read a checkpoint, by one process and by all."""
    size = kept_bytes(kept)
    hosts = [max(1, devices // 8) for devices in DEVICES]
    lines = _head(
        f"{_bytes(size)} on",
        "one process writes",
        *(f"{n:,} host{'s' * (n > 1)} read{'s' * (n == 1)} it whole" for n in hosts),
        "1,250 hosts, a share each",
    )
    for name, store in STORES.items():
        share = load_seconds(size / hosts[-1], hosts[-1], store)
        cells = [size / store.write, *(load_seconds(size, n, store) for n in hosts), share]
        lines.append(_row(name, *map(_seconds, cells)))
    return "\n".join(lines)


def gathers(kept: _Kept) -> str:
    """Makes the table of seconds to gather sharded arrays on the first host: on the devices, then copied."""
    size = kept_bytes(kept)
    lines = _head(f"{_bytes(size)} from", *(f"{devices:,} devices" for devices in DEVICES))
    for name, chip in CHIPS.items():
        lines.append(_row(name, *(_seconds(wire_seconds(size, 1, n, chip) + size / _COPY) for n in DEVICES)))
    return "\n".join(lines)


def restarts(kept: _Kept) -> str:
    """Makes the table of failure intervals, their cost, and the checkpoint interval."""
    size, seconds = kept_bytes(kept), found(kept, _BIG, "data", 64)["seconds"]
    cost, store = size / _COPY, STORES["GCS, 200 Gb/s"]
    lines = _head(
        "devices",
        "a failure every",
        "save every",
        "at least",
        "restart, whole files",
        "time lost",
        "restart, shares",
        "time lost",
    )
    for devices in DEVICES:
        hosts = max(1, devices // 8)
        least = size / store.write
        interval = max(young(cost, devices), least)
        cells = []
        for load in (load_seconds(size, hosts, store), load_seconds(size / hosts, hosts, store)):
            restart = sum(Restart.of(load, seconds["cached"]))
            cells += [_seconds(restart), f"{100 * lost(cost, interval, restart, devices):.2f} %"]
        hours = _seconds(3600 * hours_between_failures(devices))
        lines.append(_row(f"{devices:,}", hours, _seconds(interval), _seconds(least), *cells))
    said = (
        f"Compiling, here and for 64 devices: {seconds['new']:.0f} s anew, {seconds['cached']:.0f} s from jax's cache."
    )
    return "\n".join([*lines, "", said])


_EXAMPLES = {"tokens, int32": 4, "a row of 64 bytes": 64, "224x224x3 uint8": 224 * 224 * 3}


def inputs(kept: _Kept) -> str:
    """Makes the table of bytes per second that a compute-bound step reads, on the chip that reads the most."""
    chip = CHIPS["H100 SXM"]
    rate = BATCH / compute_seconds(_parameters(kept), BATCH, chip)
    lines = _head("example", "bytes", "a host needs", *(f"{devices:,} devices need" for devices in DEVICES))
    for name, size in _EXAMPLES.items():
        a_device = rate * size
        cells = [f"{_bytes(a_device * devices)}/s" for devices in DEVICES]
        lines.append(_row(name, f"{size:,}", f"{_bytes(a_device * chip.host)}/s", *cells))
    return "\n".join(lines)


def speeds(kept: _Kept) -> str:
    """Makes the table of published values."""
    lines = _head("chip", "bf16 peak", "memory", "sends near", "domain", "sends far", "source")
    for name, chip in CHIPS.items():
        links = ", ".join(f"[{i}]({url})" for i, url in enumerate(chip.sources, 1))
        near, far = f"{_bytes(chip.near)}/s", f"{_bytes(chip.far)}/s"
        lines.append(_row(name, f"{chip.peak / 1e12:.0f} T", _bytes(chip.memory), near, f"{chip.domain:,}", far, links))
    return "\n".join(lines)


TABLES: dict[str, Callable[[_Kept], str]] = {
    "counted": counted,
    "speeds": speeds,
    "steps": steps,
    "checkpoints": checkpoints,
    "gathers": gathers,
    "restarts": restarts,
    "inputs": inputs,
}


def check_rows(table: str) -> bool:
    """Returns whether every row of a Markdown table has a cell for every heading."""
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return len(rows) > 2 and len({len(row) for row in rows}) == 1


def _head(*names: str) -> list[str]:
    return [_row(*names), "|" + "---|" * len(names)]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _bytes(size: float) -> str:
    """Formats bytes with three digits and a unit."""
    for unit, scale in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}" if size < 999.5 * scale else f"{size / scale:,.0f} {unit}"
    return f"{size:.0f} B"


def _seconds(seconds: float) -> str:
    """Formats a duration."""
    for unit, scale in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:.1f} {unit}"
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
