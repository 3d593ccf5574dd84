"""Tables and plot of the speed measurements for docs/speed.md: a short table and the full ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from .page import measured_on
from .peers import PEERS
from .rounds import ratios, summary
from .workloads import WORKLOADS

__all__ = ["brief", "draw", "table"]

_HEAD = (
    "| workload | ms per step | speed-up of the zoo | time to first step | peak memory | examples/s "
    "| share of the limit |"
)


_BRIEF = (
    "| training step | the zoo | fastest other JAX library | fastest PyTorch "
    "| peak memory: the zoo, lowest other JAX library |"
)


def brief(kept: Mapping[str, Mapping]) -> str:
    """Makes the table of the zoo and the fastest other libraries, a row per workload, with `--malloc` if measured.

    Args:
        kept: measurements, as for `table`.
    """
    lines = [_BRIEF, "|---|---|---|---|---|"]
    shown = {work: kept.get(_name(work, True), kept.get(work)) for work in WORKLOADS}
    shown = {work: found for work, found in shown.items() if found and found["peers"].get("ours")}
    for work, found in shown.items():
        ours = found["peers"]["ours"]
        others = {name: rounds for name, rounds in found["peers"].items() if name != "ours"}
        torch = {name: rounds for name, rounds in others.items() if PEERS[name].packages == ("torch",)}
        jaxes = {name: rounds for name, rounds in others.items() if name not in torch}
        lean = min((summary(rounds, "peak_mb")[0] for rounds in jaxes.values()), default=None)
        lines.append(
            f"| {WORKLOADS[work].about} | {summary(ours, 'ms')[0]:.3g} ms | {_fastest(ours, jaxes)} "
            f"| {_fastest(ours, torch)} | {summary(ours, 'peak_mb')[0]:.0f} MB"
            + ("" if lean is None else f", {lean:.0f} MB")
            + " |"
        )
    return "\n".join([*lines, "", measured_on(list(shown.values()))])


def _fastest(ours: Sequence[Mapping], others: Mapping[str, Sequence[Mapping]]) -> str:
    if not others:
        return ""
    name = min(others, key=lambda each: summary(others[each], "ms")[0])
    times, least, most = ratios(ours, others[name])
    return f"{times:.2f} x as long ({least:.2f} to {most:.2f}), {PEERS[name].label}"


def table(kept: Mapping[str, Mapping]) -> str:
    """Makes the Markdown tables: medians of the rounds, with minimum and maximum in parentheses.

    Args:
        kept: measurements by workload (`"rows"`, `"rows malloc"`), as in speed.json.
    """
    lines = []
    for malloc in (False, True):
        mine = [(work, kept[_name(work, malloc)]) for work in WORKLOADS if _name(work, malloc) in kept]
        if mine:
            lines += [_title(malloc), "", _HEAD, "|---|---|---|---|---|---|---|"]
            lines += [row for work, found in mine for row in _rows(work, found)]
            lines.append("")
    return "\n".join([*lines, *_notes(kept), measured_on(list(kept.values()))])


def draw(kept: Mapping[str, Mapping], path: Path) -> None:
    """Draws bars of the step time of each library by workload, with the ratio to the zoo's."""
    from zoo.train.plots.style import BLUE, GREY, INK, picture

    panels = [(work, each) for work in WORKLOADS for each in [kept.get(_name(work, True), kept.get(work))] if each]
    most = [max(len(found["peers"]) for _, found in panels[i : i + 2]) + 1.2 for i in range(0, len(panels), 2)]
    with picture(path, 12, 0.6 + 0.27 * sum(most)) as figure:
        grid = figure.subplots(len(most), 2, squeeze=False, gridspec_kw={"height_ratios": most}).ravel()
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for axes, (work, found) in zip(grid, panels, strict=False):
            names = list(found["peers"])
            times = [summary(found["peers"][name], "ms")[0] for name in names]
            axes.barh(range(len(names)), times, color=[BLUE if name == "ours" else GREY for name in names], height=0.7)
            for i, (name, time) in enumerate(zip(names, times, strict=True)):
                ratio = "" if name == "ours" else f"   {ratios(found['peers']['ours'], found['peers'][name])[0]:.2f} x"
                axes.text(time, i, f" {time:.3g} ms{ratio}", va="center", color=INK, size=8)
            axes.set_yticks(range(len(names)), [PEERS[name].label for name in names])
            axes.invert_yaxis()
            axes.set_xlim(0, 1.25 * max(times))
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            axes.grid(False)
            axes.set_title(WORKLOADS[work].about, size=8.5)


def _name(work: str, malloc: bool) -> str:
    return f"{work} malloc" if malloc else work


def _title(malloc: bool) -> str:
    return "All keep freed memory (`--malloc`), as the zoo's command does:" if malloc else "Default allocator settings:"


def _rows(work: str, found: Mapping):
    limit = sum(found["limit"]) / len(found["limit"])
    about = WORKLOADS[work]
    for name, rounds in found["peers"].items():
        ms, least, most = summary(rounds, "ms")
        faster = ""
        if name != "ours" and "ours" in found["peers"]:
            faster = "{:.2f} ({:.2f} to {:.2f})".format(*ratios(found["peers"]["ours"], rounds))
        first, peak = summary(rounds, "first")[0], summary(rounds, "peak_mb")[0]
        share = about.gflop / ms * 1000 / limit
        yield (
            f"| {work}: {PEERS[name].label} | {ms:.3g} ({least:.3g} to {most:.3g}) | {faster} | {first:.1f} s "
            f"| {peak:.0f} MB | {about.batch / ms * 1000:,.0f} | {100 * share:.0f} % |"
        )


def _notes(kept: Mapping[str, Mapping]) -> list[str]:
    lines = [
        f"`{work.name}`: {work.about}." for work in WORKLOADS.values() if any(k.split()[0] == work.name for k in kept)
    ]
    for name, found in kept.items():
        lines += [f"`{name}`: {PEERS[peer].label} failed: {why}." for peer, why in found["failed"].items()]
        lines += [f"`{name}`: {line}." for line in found.get("differences", [])]
    limits = [limit for found in kept.values() for limit in found["limit"]]
    if limits:
        lines.append(f"The limit is the speed of XLA's matrix product, {min(limits):.0f} to {max(limits):.0f} GFLOP/s.")
    return [*lines, ""]
