"""Texts and tables that the console report prints before and after a run.

Each function returns an object for `console.print` of rich. All fit into 80 columns; without a terminal rich omits the
colours.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from ..config.recipe import Expect
from ..errors import escaped
from ..units import format_duration, format_number

__all__ = [
    "class_table",
    "epochs_table",
    "folds_table",
    "importance_table",
    "metric_table",
    "parameter_table",
    "result_panel",
    "sweep_table",
]

_SPLITS = ("val", "test")
_MAX_METRICS = 3  # of one split: more do not fit into 80 columns


def parameter_table(rows: Iterable[tuple[str, Sequence[int], str, int, int]]) -> Table:
    """Makes the table of the parameters of a model, with their total.

    Args:
        rows: `(path, shape, dtype, parameters, bytes)`.
    """
    rows = list(rows)
    table = _table(("path", "left"), ("shape", "right"), ("dtype", "left"), ("parameters", "right"), ("bytes", "right"))
    for path, shape, dtype, count, size in rows:
        table.add_row(Text(escaped(path)), "x".join(map(str, shape)) or "scalar", str(dtype), f"{count:,}", f"{size:,}")
    table.add_section()
    count, size = sum(row[3] for row in rows), sum(row[4] for row in rows)
    table.add_row("total", "", "", f"{count:,}", f"{size:,}", style="bold")
    return table


def epochs_table(eval_rows: Iterable[Mapping[str, Any]], best: float | None, headline: str, most: int = 12) -> Table:
    """Makes the table of the evaluations of a run, the best one marked.

    Args:
        eval_rows: rows of `metrics.jsonl`, of which those of the splits val and test are shown.
        best: epoch of the best evaluation.
        headline: name of the metric shown beside the loss.
        most: maximum number of rows; the first, the best and the last ones are preferred.
    """
    rows = [row for row in eval_rows if row.get("split") in _SPLITS]
    splits = [split for split in _SPLITS if any(row["split"] == split for row in rows)]
    columns = [(split, name) for split in splits for name in _measured(rows, headline)]
    table = _table(
        ("epoch", "right"), ("step", "right"), *((" ".join(each), "right") for each in columns), ("", "left")
    )
    by_step: dict[int, dict] = {}
    for row in rows:
        by_step.setdefault(row["step"], {"epoch": row["epoch"], "step": row["step"]})[row["split"]] = row
    ordered = [by_step[step] for step in sorted(by_step)]
    marked = next((i for i, row in enumerate(ordered) if best is not None and math.isclose(row["epoch"], best)), None)
    previous = -1
    for index in _elided(len(ordered), marked, most):
        if index != previous + 1:
            table.add_row(*["..."] * (2 + len(columns)), "", style="dim")
        row, previous = ordered[index], index
        scores = [_score(row.get(split, {}).get(name)) for split, name in columns]
        mark, style = ("best", "bold green") if index == marked else ("", "")
        table.add_row(f"{row['epoch']:.4g}", f"{row['step']:,}", *scores, mark, style=style)
    return table


def _measured(rows: Sequence[Mapping[str, Any]], headline: str) -> list[str]:
    """Chooses the loss and the headline metric; without a loss, the headline and as many more as fit."""
    found = dict.fromkeys(name for row in rows for name in row if name not in ("split", "step", "epoch"))
    if "loss" in found or headline not in found:
        return list(dict.fromkeys(("loss", headline)))
    return list(dict.fromkeys((headline, *sorted(found, key="spread".__eq__))))[:_MAX_METRICS]


def metric_table(
    metrics: Mapping[str, float | None], baseline: Mapping[str, float | None] | None = None, label: str = "baseline"
) -> Table:
    """Makes the table of metrics by name, with six significant digits; None is undefined.

    Args:
        metrics: metrics of the model.
        baseline: metrics of the trivial baseline, a column of its own.
        label: title of that column.
    """
    table = _table(("metric", "left"), ("value", "right"), *[(label, "right")] * (baseline is not None))
    for name, value in metrics.items():
        row = [value, *([] if baseline is None else [baseline.get(name, math.nan)])]
        words = ("undefined" if each is None else "-" if math.isnan(each) else f"{each:.6g}" for each in row)
        table.add_row(Text(escaped(name)), *words)
    return table


def folds_table(
    rows: Iterable[tuple[str, float, float | None]], metric: str, summary: Mapping[str, float] | None
) -> Table:
    """Makes the table of a cross-validation, with mean and standard deviation.

    Args:
        rows: name, score and score of the trivial baseline of each fold.
        metric: name of the score.
        summary: `mean` and `spread` of the scores.
    """
    table = _table(("fold", "left"), (f"test {metric}", "right"), ("baseline", "right"))
    for fold, value, baseline in rows:
        table.add_row(fold, _score(value), _score(baseline))
    if summary is not None:
        table.add_section()
        table.add_row("mean", _score(summary["mean"]), "", style="bold")
        table.add_row("spread", _score(summary["spread"]), "", style="bold")
    return table


def importance_table(rows: Iterable[tuple[str, float, float]], metric: str) -> Table:
    """Makes the table of the importance of columns: name, mean fall of a score and its standard deviation."""
    table = _table(("column", "left"), (f"fall of {metric}", "right"), ("spread", "right"))
    for name, mean, spread in rows:
        table.add_row(Text(escaped(name)), f"{mean:.4f}", f"{spread:.4f}")
    return table


def class_table(scores: Any, classes: Sequence[str]) -> Table:
    """Makes the table of precision, recall and F1 of each class, with their means.

    Args:
        scores: `precision`, `recall`, `f1` and `support`, each (classes,), as attributes or in a dict.
        classes: class names; a class without a name is shown by its number.
    """
    names = ("precision", "recall", "f1", "support")
    precision, recall, f1, support = ([*_part(scores, name)] for name in names)
    table = _table(("class", "left"), *((name, "right") for name in names))
    for i, values in enumerate(zip(precision, recall, f1, support, strict=True)):
        name = classes[i] if i < len(classes) else str(i)
        table.add_row(Text(escaped(str(name))), *(f"{value:.4f}" for value in values[:3]), f"{int(values[3]):,}")
    table.add_section()
    means = (f"{sum(column) / max(len(column), 1):.4f}" for column in (precision, recall, f1))
    table.add_row("mean", *means, f"{int(sum(support)):,}", style="bold")
    return table


def sweep_table(rows: Iterable[tuple], names: Sequence[str], metric: str, most: int = 20) -> Table:
    """Makes the table of the settings of a sweep, the best first.

    Args:
        rows: `(values as texts, mean, standard deviation, scores, whether pruned)`, in order.
        names: names of the values.
        metric: name of the metric that the scores measure.
        most: maximum number of settings shown.
    """
    rows = list(rows)
    table = _table(*((name, "right") for name in names), (metric, "right"), ("spread", "right"), ("seeds", "left"))
    for values, mean, spread, scores, pruned in rows[:most]:
        seeds = " ".join(map(_score, sorted(scores))) + " pruned" * pruned
        numbers = ("failed" if math.isnan(mean) else _score(mean), "" if math.isnan(spread) else _score(spread))
        table.add_row(*map(Text, values), *numbers, seeds, style="bold green" if values is rows[0][0] else "")
    if len(rows) > most:
        table.add_row(*["..."] * (len(names) + 3), style="dim")
    return table


def result_panel(
    folder: Path | str | None,
    metrics: Mapping[str, float],
    headline: str,
    expect: Expect | None = None,
    commands: Sequence[str] = (),
    seconds: float | None = None,
    baseline: Mapping[str, Any] | None = None,
) -> Text:
    """Formats the result of a run: the metric against its expectation, the time, the folder and the next commands.

    Args:
        folder: run folder; None if there is none.
        metrics: metrics of the saved model.
        headline: name of the metric to show if there is no expectation.
        expect: expectation of the recipe.
        commands: suggested next commands.
        seconds: duration of the run.
        baseline: name and metrics of the trivial baseline.

    `console.print(..., soft_wrap=True)` does not wrap long paths and commands, so that they can be copied.
    """
    text = Text()
    text.append("result   ", "dim").append_text(_result(metrics, headline, expect, baseline)).append("\n")
    if seconds is not None:
        text.append("time     ", "dim").append(
            f"{seconds:.1f} s\n" if seconds < 60 else f"{format_duration(seconds)}\n"
        )
    if folder is not None:
        text.append("folder   ", "dim").append(f"{folder}\n")
    for i, command in enumerate(commands):
        text.append("         " if i else "next     ", "dim").append(f"{command}\n", "cyan")
    text.right_crop(1)
    return text


def _result(
    metrics: Mapping[str, float], headline: str, expect: Expect | None, baseline: Mapping[str, Any] | None
) -> Text:
    name = expect.metric if expect is not None and expect.metric in metrics else headline
    value = metrics.get(name)
    if value is None:
        return Text("no metrics were recorded", "yellow")
    text = Text(f"{name} {_score(value)}", "bold")
    if baseline is not None and name in baseline["metrics"]:
        text.append(f" (baseline {_score(baseline['metrics'][name])}, {baseline['name']})", "not bold")
    if expect is None or expect.metric != name:
        return text
    met = expect.reached(value)
    text.append(f" (expected {expect.bound}, {expect.source})", "not bold")
    return text.append(": reached" if met else ": missed", "green" if met else "yellow")


def _part(scores: Any, name: str) -> Sequence[float]:
    return scores[name] if isinstance(scores, Mapping) else getattr(scores, name)


def _score(value: float | None) -> str:
    """Formats a value with four decimals, so that the points of a column align; very small and large ones differ."""
    if value is None:
        return "-"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else format_number(value, 4)


def _elided(count: int, marked: int | None, most: int) -> list[int]:
    """Chooses at most `most` rows: the first third, the best with its neighbours, and the last ones."""
    if count <= most:
        return list(range(count))
    best = set() if marked is None else {i for i in (marked - 1, marked, marked + 1) if 0 <= i < count}
    first = set(range(max(1, most // 3)))
    last = count
    while len(best | first | set(range(last - 1, count))) <= most:
        last -= 1
    return sorted(best | first | set(range(last, count)))


def _table(*columns: tuple[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold", no_wrap=justify == "right")
    return table
