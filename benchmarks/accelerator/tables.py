"""Tables of a measurement: the page of one machine, and the rows of several machines side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..page import measured_on
from ..workloads import LARGE, WORKLOADS

__all__ = ["by_machine", "losing", "page"]

Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]

LEAST = 0.3
"""Share of the limit of matrix products below which a step is profiled."""

_MNIST = 60000  # training images


def page(about: Mapping[str, Any], rows: Rows) -> str:
    """Makes the Markdown page of one machine."""
    lines = ["# Measured by `python -m benchmarks.accelerator`", ""]
    if about:
        sizes = "; tiny sizes, whose times say nothing" if about.get("sizes") == "tiny" else ""
        lines += [f"{', '.join(about['devices'])} ({about['platform']}){sizes}.", "", measured_on([about]), ""]
    for section, (title, head, cells) in _SECTIONS.items():
        if section in rows:
            lines += [f"## {title}", "", f"| {head} |", f"|{'---|' * (head.count('|') + 1)}"]
            lines += [_line(name, row, cells, rows, head) for name, row in rows[section].items()]
            lines.append("")
    return "\n".join(lines)


def _line(name: str, row: Mapping, cells: Callable, rows: Rows, head: str) -> str:
    if why := _why_not(row):
        return f"| {name} | {why} |" + " |" * (head.count("|") - 1)
    return f"| {name} | {' | '.join(cells(name, row, rows))} |"


def _why_not(row: Mapping | None) -> str:
    if not row:
        return "not measured"
    kinds = {"failed": "failed: ", "skipped": "not measured: "}
    text = "".join(words + row[kind] for kind, words in kinds.items() if kind in row)
    return text.replace("|", "/").replace("\n", " ")


def _limit(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['tflops']:.3g} TFLOP/s" if "tflops" in row else f"{row['gb_per_s']:.3g} GB/s"]


def _fine(row: Mapping) -> str:
    return "within the bound" if row["fine"] else "**above the bound**"


def _losses(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['first']:.1e}", f"{row['later']:.1e}", str(row["steps"]), _fine(row)]


def _forms(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['difference']:.1e}", _fine(row)]


def _resume(name: str, row: Mapping, rows: Rows) -> list[str]:
    return ["equal to the bit" if row["fine"] else f"**{row['differ']} of {row['arrays']} arrays differ**"]


def share(name: str, row: Mapping, rows: Rows) -> float | None:
    """Returns the share of the limit of matrix products that a step of a workload reaches; None if unknown."""
    limit = rows.get("limits", {}).get(name.partition(", ")[2], {}).get("tflops")
    return row["gflop"] / row["ms"] / limit if limit and row["gflop"] else None


def _steps(name: str, row: Mapping, rows: Rows) -> list[str]:
    work = (WORKLOADS | LARGE)[name.partition(", ")[0]]
    rate = f"{1000 * row['units'] / row['ms']:,.0f} {'examples' if work.shape else 'tokens'}"
    epoch = f", {row['ms'] * _MNIST / row['units'] / 1000:.3g} s an epoch" if work.name in ("mlp", "cnn") else ""
    part, memory = share(name, row, rows), row.get("device_mb", row["peak_mb"])
    return [f"{row['ms']:.3g} ms{epoch}", rate, "" if part is None else f"{part:.0%}", f"{memory:,.0f} MB"]


def times(name: str, row: Mapping, rows: Rows) -> float | None:
    """Returns how many times as long a step of another library takes; None if it ran elsewhere or ours is unknown."""
    ours = rows.get("steps", {}).get(name.partition(":")[0], {})
    return row["ms"] / ours["ms"] if ours.get("ms") and ours["platform"] == row["platform"] else None


def _compare(name: str, row: Mapping, rows: Rows) -> list[str]:
    ratio = times(name, row, rows)
    elsewhere = f"ran on the {row['platform']}" if row["platform"] == "cpu" else ""
    memory = row.get("device_mb", row["peak_mb"])
    return [f"{row['ms']:.3g} ms", elsewhere if ratio is None else f"{ratio:.2f}", f"{memory:,.0f} MB"]


def _command(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['seconds']:.1f} s", f"{row['accuracy']:.2%}"]


def _kernels(name: str, row: Mapping, rows: Rows) -> list[str]:
    kernels = [f"{kernel} {ms / max(row['ms'], 1e-9):.0%} ({calls} x)" for kernel, ms, calls in row["kernels"]]
    return [f"{row['ms'] / row['steps']:.3g} ms", "; ".join(kernels).replace("|", "/") or "no kernel in the trace"]


def _candidates(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['ms']:.3g} ms", f"{row['changed']:.3g} ms", f"{row['times']:.2f}"]


def _start(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row[which]:.1f} s" for which in ("cold", "warm", "import")]


def _input(name: str, row: Mapping, rows: Rows) -> list[str]:
    return [f"{row['ms']:.3g} ms", f"{row['streamed']:.3g} ms", f"{row['stall']:.0%}"]


_SECTIONS: Mapping[str, tuple[str, str, Callable[[str, Mapping, Rows], list[str]]]] = {
    "limits": ("Limits", "products, memory | measured", _limit),
    "forms": ("Custom lowerings against plain forms", "lowering | difference | bound 1e-4", _forms),
    "losses": (
        "Ten steps against the CPU",
        "model | first step | later steps | steps | bounds 1e-4 and 1e-2",
        _losses,
    ),
    "resume": ("Resumed runs", "model | last checkpoint", _resume),
    "steps": ("Training steps", "workload, precision | a step | a second | share of the limit | memory", _steps),
    "command": ("From the command to the score", "command | time | accuracy", _command),
    "compare": ("Other libraries", "workload, library | a step | times as long as the zoo | memory", _compare),
    "kernels": ("Kernels", "workload, precision | time in kernels a step | the longest", _kernels),
    "candidates": ("Other forms of a step", "workload, form | as it is | changed | times as fast", _candidates),
    "start": ("Imports, compiling and the first step", "workload | nothing compiled | cached | imports", _start),
    "input": ("Batches from the host", "model | from device memory | from the host | share of waiting", _input),
}


def losing(rows: Rows) -> list[str]:
    """Returns the steps that are slower than PyTorch's or below the least share of the limit, the worst first."""
    found, torch = {}, fastest(rows, "PyTorch")
    for name, row in rows.get("steps", {}).items():
        ratio, part = torch.get(name, 1.0), share(name, row, rows) if "ms" in row else None
        if ratio < 1 or (part is not None and part < LEAST):
            found[name] = (ratio, 1.0 if part is None else part)
    return sorted(found, key=lambda name: found[name])


_CLAIMS = (
    ("steps", "cnn, default"),
    ("steps", "mlp, default"),
    ("steps", "characters, default"),
    ("steps", "gpt, float32"),
    ("steps", "gpt, default"),
    ("steps", "gpt, bf16"),
    ("steps", "dcgan, default"),
    ("steps", "resnet, default"),
    ("steps", "fast, bf16"),
    ("command", "cnn, programs cached"),
)


def by_machine(results: Sequence[Mapping[str, Any]]) -> str:
    """Makes the table of the main rows, a column for each machine.

    Args:
        results: contents of results.json of several machines.
    """
    kinds = [", ".join(sorted(set(each["about"]["devices"]))) for each in results] or ["no accelerator yet"]
    lines = [f"| measured | {' | '.join(kinds)} |", f"|---|{'---|' * len(kinds)}"]
    for section, name in _CLAIMS:
        cells = list(_cells(section, name, results)) or ["not measured"]
        work = (WORKLOADS | LARGE).get(name.partition(", ")[0])
        what = (
            f"{name}: {work.about}" if section == "steps" and work else f"`python -m zoo.train`, to the score: {name}"
        )
        lines.append(f"| {what} | {' | '.join(cells)} |")
    for library in ("PyTorch", "Flax"):
        cells = [_ratios(each["rows"], library) for each in results] or ["not measured"]
        lines.append(f"| {library}, the fastest: times as long as the zoo | {' | '.join(cells)} |")
    checks = [f"{good} of {count} within their bounds" if count else "not measured" for good, count in _checks(results)]
    lines.append(f"| checks of correctness | {' | '.join(checks or ['not measured'])} |")
    return "\n".join([*lines, *(["", measured_on([each["about"] for each in results])] if results else [])])


def _cells(section: str, name: str, results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in results:
        row = each["rows"].get(section, {}).get(name)
        yield _why_not(row) or ", ".join(cell for cell in _SECTIONS[section][2](name, row, each["rows"])[:3] if cell)


def fastest(rows: Rows, library: str) -> dict[str, float]:
    """Returns how many times as long as the zoo's the fastest step of a library takes, by workload and precision."""
    found: dict[str, float] = {}
    for name, row in rows.get("compare", {}).items():
        step, _, label = name.partition(": ")
        ratio = times(name, row, rows) if "ms" in row and label.startswith(library) else None
        if ratio is not None:
            found[step] = min(ratio, found.get(step, ratio))
    return found


def _ratios(rows: Rows, library: str) -> str:
    return "; ".join(f"{step} {ratio:.2f}" for step, ratio in fastest(rows, library).items()) or "not measured"


def _checks(results: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    for each in results:
        rows = [row for part in ("forms", "losses", "resume") for row in each["rows"].get(part, {}).values()]
        yield sum(bool(row.get("fine")) for row in rows), sum("skipped" not in row for row in rows)
