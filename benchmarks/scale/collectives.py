"""Reads the collectives of a compiled program from its HLO text, and computes the bytes that they send.

XLA prints every instruction with the shape of its result; the rest follows from the kind. A ring sends the fewest bytes
per device (Patarasuk & Yuan 2009, Bandwidth optimal all-reduce algorithms for clusters of workstations), and is assumed
here.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

__all__ = ["Collective", "collectives", "sent"]

_KINDS = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"
_INSTRUCTION = re.compile(
    rf"^\s*(?:ROOT )?%?[\w.-]+ = (?P<shape>\(.*?\)|\S+) (?P<kind>{_KINDS})(?P<start>-start)?\((?P<rest>.*)$"
)
_COMPUTATION = re.compile(r"^(?P<entry>ENTRY )?%?(?P<name>[\w.-]+) \(.*\{$")
_CALLED = re.compile(r"(?:body|condition|calls|to_apply|branch_computations|\w+_computation)=(\{[^}]*\}|%?[\w.-]+)")
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')
_ARRAY = re.compile(r"\b(pred|token|[a-z]+\d+\w*)\[([\d,]*)\]")


class Collective(NamedTuple):
    """Collective of one step.

    Attributes:
        kind: XLA's name.
        size: bytes of the whole array: of what is reduced, of the gathered result, or before scattering.
        group: number of participating devices.
        times: executions per step, including loops.
        bounded: whether this number is known; otherwise a loop around it of unknown length was counted once.
    """

    kind: str
    size: int
    group: int
    times: int = 1
    bounded: bool = True

    @property
    def wire(self) -> float:
        """Bytes that each device sends per step, in a ring."""
        return self.times * sent(self.kind, self.size, self.group)


def sent(kind: str, size: int, group: int) -> float:
    """Computes the bytes that each of `group` devices sends in a ring for one collective over an array of `size` bytes.

    >>> sent("all-reduce", 800, 8), sent("all-gather", 800, 8), sent("all-reduce", 800, 1)
    (1400.0, 700.0, 0.0)
    """
    if kind == "collective-permute":
        return float(size)
    return (2 if kind == "all-reduce" else 1) * size * (group - 1) / group


def collectives(text: str, devices: int) -> list[Collective]:
    """Returns the collectives of one run of a compiled program, in the order of the text.

    Args:
        text: `compiled.as_text()`.
        devices: number of devices of the program.

    Raises:
        ValueError: if the text is not an HLO module, or its groups have an unknown notation.
    """
    lines = dict(_computations(text))
    turns = _turns(lines)
    found = []
    for name, body in lines.items():
        times, bounded = turns.get(name, (0, True))
        for line in body if times else ():
            if match := _INSTRUCTION.match(line):
                group = _group(match["kind"], match["rest"], devices)
                size = _size(match["kind"], match["shape"], group, bool(match["start"]))
                found.append(Collective(match["kind"], size, group, times, bounded))
    return found


def _computations(text: str) -> Iterator[tuple[str, list[str]]]:
    """Returns name and lines of each computation; the name of the entry is "ENTRY"."""
    name, body, entered = None, [], False
    for line in text.splitlines():
        if name is None and (match := _COMPUTATION.match(line)):
            name, body = "ENTRY" if match["entry"] else match["name"], []
            entered |= name == "ENTRY"
        elif name is not None and line.startswith("}"):
            yield name, body
            name = None
        else:
            body.append(line)
    if not entered:
        raise ValueError("this is no text of an HLO module: it has no ENTRY computation")


def _turns(lines: dict[str, list[str]]) -> dict[str, tuple[int, bool]]:
    """Returns how often each computation runs per run of the entry, and whether that is known."""
    turns: dict[str, tuple[int, bool]] = defaultdict(lambda: (0, True))

    def visit(name: str, times: int, bounded: bool) -> None:
        before, known = turns[name]
        turns[name] = before + times, known and bounded
        for line in lines.get(name, ()):
            inner, sure = times, bounded
            if " while(" in line:
                trips = _TRIPS.search(line)
                inner, sure = times * int(trips[1]) if trips else times, bounded and trips is not None
            for called in _CALLED.findall(line):
                for each in re.findall(r"[\w.-]+", called):
                    visit(each, inner, sure)

    visit("ENTRY", 1, True)
    return turns


def _group(kind: str, rest: str, devices: int) -> int:
    """Returns the number of devices of a group; XLA has four notations."""
    if kind == "collective-permute":
        return devices
    if match := re.search(r"replica_groups=\{\{([\d,]*)\}", rest):
        return len(match[1].split(","))
    if match := re.search(r"replica_groups=\[([\d,]+)\]<=", rest):
        return int(match[1].split(",")[-1])
    if match := re.search(r"replica_groups=mesh\[([^\]]*)\][^{]*\{([^}]*)\}", rest):
        axes = {name: int(size) for name, size in re.findall(r"'([^']+)'=(\d+)", match[1])}
        used = re.findall(r"'([^']+)'(?::\(\d+\)(\d+))?", match[2])  # 'data', or a part of it: 'data':(2)4
        return prod(int(part) if part else axes[name] for name, part in used)
    if "replica_groups={}" in rest or "replica_groups" not in rest:
        return devices
    raise ValueError(f"the groups of a {kind} are written in a way not known here: {rest[:200]}")


def _size(kind: str, shape: str, group: int, start: bool) -> int:
    arrays = _arrays(shape)
    total = sum(arrays)
    if start and kind == "collective-permute":  # operand, result, two counters
        return arrays[0]
    if start and kind == "all-gather":  # operands and results
        return total * group // (group + 1)
    return total * group if kind == "reduce-scatter" else total


def _arrays(shape: str) -> Sequence[int]:
    """Returns the bytes of each array in a shape.

    >>> _arrays("(f32[8,64]{1,0}, /*index=1*/bf16[3], pred[])")
    [2048, 6, 1]
    """
    sizes = []
    for kind, dims in _ARRAY.findall(shape):
        bits = 8 if kind == "pred" else 0 if kind == "token" else int(re.findall(r"\d+", kind)[0])
        sizes.append(prod(int(size) for size in dims.split(",") if size) * bits // 8)
    return sizes
