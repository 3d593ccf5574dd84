"""Makes the README's table of results: a line for each row of the Neural Network Zoo chart that is in the zoo.

Of the claims about a row's model the line shows one that has been measured and stands beside another result, the one
of the row's own command first; `python -m benchmarks.results --table` writes it.
"""

from collections.abc import Mapping

from zoo.train.chart.rows import Row, rows

from . import results

__all__ = ["shown", "table"]


def table(kept: Mapping[str, dict]) -> str:
    """Makes the Markdown table.

    Args:
        kept: the stored results.
    """
    lines = ["| | `python -m zoo.train ...` | measured | beside it |", "|---|---|---|---|"]
    for row in (each for each in rows() if each.model):
        claim = shown(row, kept)
        page = f"[{row.short}](docs/animals/{row.model}.md)"
        if claim is None:
            lines.append(f"| {page} | `{row.command}` | not measured | |")
        else:
            stored = kept[claim.name]
            measured, beside = results.measurement(claim, stored, spread=False), results.beside(claim, stored["exact"])
            lines.append(f"| {page} | `{claim.flags}` | {measured} | {beside} |")
    return "\n".join(lines)


def shown(row: Row, kept: Mapping[str, dict]) -> results.Claim | None:
    """Returns the claim that stands for a row; None if no measured one has a result beside it."""
    others = {each.command for each in rows() if each.short != row.short}
    found = [
        claim
        for claim in results.CLAIMS
        if claim.flags.split()[1] == row.model and claim.flags not in others and claim.name in kept and claim.reference
    ]
    return min(found, key=lambda claim: claim.flags != row.command, default=None)
