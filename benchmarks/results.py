"""Measures every result that the README's table shows, and writes the table: `python -m benchmarks.results`.

Each figure is a run of the command line from its start to its end, in a process of its own. Sets that come with
scikit-learn are small: their five figures are five folds, each with a seed of its own, so that every example is held
out once. Figures are kept in results.json beside this file; `--only` measures some of them anew.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from zoo._catalogue import card, names
from zoo.train.environment import versions
from zoo.train.recipe import book

HERE = Path(__file__).parent
KEPT = HERE / "results.json"
README = HERE.parent / "README.md"


_NAMES = {"bpc": "bits per character", "r2": "R2"}


@dataclass(frozen=True)
class Claim:
    """A result that the README shows."""

    name: str
    flags: str  # of python -m zoo.train
    runs: int = 1
    folds: bool = False  # each run holds out another fifth
    best: bool = False  # the best epoch counts, as in the source of the figure
    metric: str = "accuracy"
    at_least: float = 0.0
    at_most: float = float("inf")
    source: str = ""


CLAIMS = (
    Claim("cnn-digits", "--model cnn", 5, folds=True, at_least=0.985),
    Claim("resnet-digits", "--model resnet", 5, folds=True, at_least=0.98),
    Claim("mlp-digits", "--model mlp", 5, folds=True, at_least=0.975),
    Claim("logistic-digits", "--model logistic", 5, folds=True, at_least=0.96),
    Claim("perceptron-digits", "--model perceptron", 5, folds=True, at_least=0.93),
    Claim("mlp-iris", "--model mlp --dataset iris", 5, folds=True, at_least=0.95),
    Claim("mlp-spiral", "--model mlp --dataset spiral", at_least=0.97),
    Claim("linear-diabetes", "--model linear", 1, metric="r2", source="least squares: {exact:.4f}"),
    Claim("lstm-digits", "--model lstm", 5, folds=True, at_least=0.97),
    Claim("gru-digits", "--model gru", 5, folds=True, at_least=0.97),
    Claim("bigru-future", "--model bigru", at_least=0.99),
    Claim("markov-text", "--model markov", metric="bpc", at_most=2.4),
    Claim("lstm-text", "--model lstm --dataset text", metric="bpc", at_most=2.32, source="markov, n = 5: 2.322"),
    Claim("mlp-mnist", "--model mlp --dataset mnist", at_least=0.983),
    Claim(
        "mlp-mnist-nielsen",
        "--model mlp --dataset mnist --recipe nielsen",
        runs=3,
        best=True,
        at_least=0.9472,
        at_most=0.9612,
        source="Nielsen: 95.42, within 0.7",
    ),
    Claim("lstm-mnist", "--model lstm --dataset mnist", at_least=0.987),
    Claim("cnn-mnist", "--model cnn --dataset mnist", 3, at_least=0.9925, source="Flax's example: 99.17 to 99.25 %"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and puts it into the README."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[claim.name for claim in CLAIMS], help="measure these alone")
    parser.add_argument("--data-dir", help="folder that holds the downloaded data sets")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table from what is kept")
    args = parser.parse_args(argv)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for claim in CLAIMS:
        if not args.table and (args.only is None or claim.name in args.only):
            kept[claim.name] = measured(claim, args.data_dir)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    text = table(kept)
    print(text)
    README.write_text(between("animals", animals(), between("results", text, README.read_text())))
    return 0 if all(reached(claim, kept[claim.name]) for claim in CLAIMS if claim.name in kept) else 1


def between(mark: str, text: str, page: str) -> str:
    """Puts a text between two marks of a page."""
    pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
    return re.sub(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", page, flags=re.DOTALL)


def animals() -> str:
    """The Markdown table of all animals, from their own cards."""
    lines = ["| animal | what it is | paper | learns from |", "|---|---|---|---|"]
    for name in names():
        text = card(name)
        paper = " ".join(text.text.partition("Paper: ")[2].partition("\nCommand: ")[0].split())
        data = dict.fromkeys(recipe.dataset for recipe in book(name).recipes)
        lines.append(f"| `{name}` | {text.title.partition(': ')[2]} | {paper} | {', '.join(data)} |")
    return "\n".join(lines)


def measured(claim: Claim, data_dir: str | None) -> dict:
    """Runs a claim's command as often as it says."""
    values, seconds = [], []
    for run in range(claim.runs):
        with tempfile.TemporaryDirectory() as folder:
            flags = [*claim.flags.split(), "--seed", str(run), "--out", f"{folder}/run", "--quiet"]
            flags += ["--d.fold", str(run)] if claim.folds else []
            flags += ["--data-dir", data_dir] if data_dir else []
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "zoo.train", *flags], check=True)
            seconds.append(time.perf_counter() - began)
            values.append(value(claim, Path(folder) / "run"))
            print(f"{claim.name} seed {run}: {claim.metric} {values[-1]:.4f}, {seconds[-1]:.1f} s", flush=True)
    return {
        "claim": asdict(claim),
        "values": values,
        "seconds": seconds,
        "exact": least_squares() if claim.metric == "r2" else None,
        "machine": machine(),
        "versions": versions(),
        "date": time.strftime("%Y-%m-%d"),
    }


def value(claim: Claim, run: Path) -> float:
    """The last test score of a run, or its best."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    scores = [row[claim.metric] for row in rows if row["split"] == "test"]
    return max(scores) if claim.best else scores[-1]


def least_squares() -> float:
    """What scikit-learn's closed form reaches on the split that `linear` is trained on."""
    from sklearn.linear_model import LinearRegression

    from zoo.train.data.source import load_data

    data = load_data("diabetes")
    return float(LinearRegression().fit(*data.train).score(*data.test))


def reached(claim: Claim, kept: dict) -> bool:
    """Whether the figures are what the project holds itself to."""
    mean = statistics.mean(kept["values"])
    return abs(mean - kept["exact"]) <= 1e-3 if kept["exact"] is not None else claim.at_least <= mean <= claim.at_most


def machine() -> str:
    """Processor, cores and accelerators."""
    import jax

    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        model = found[1] if found else model
    device = jax.devices()[0]
    extra = "" if device.platform == "cpu" else f", {jax.device_count()} x {device.device_kind}"
    return f"{os.cpu_count()} cores of {model}{extra}"


def table(kept: dict) -> str:
    """The Markdown table, with machine, versions and date below."""
    lines = ["| command `python -m zoo.train ...` | result | held to | time |", "|---|---|---|---|"]
    for claim in CLAIMS:
        if claim.name in kept:
            lines.append(row(claim, kept[claim.name]))
    where = {
        f"{k['machine']}; {', '.join(f'{n} {v}' for n, v in k['versions'].items())}; {k['date']}" for k in kept.values()
    }
    return "\n".join([*lines, "", *(f"Measured on {each}." for each in sorted(where))])


def row(claim: Claim, kept: dict) -> str:
    """One line of the table."""
    values, share = kept["values"], claim.metric == "accuracy"
    mean = statistics.mean(values)
    text = f"{100 * mean:.2f} %" if share else f"{_NAMES.get(claim.metric, claim.metric)} {mean:.4f}"
    if len(values) > 1:
        what = "folds" if claim.folds else "seeds"
        text += f", mean of {len(values)} {what} ({100 * min(values):.2f} to {100 * max(values):.2f})"
    text += " at the best epoch" * claim.best
    held = f"{100 * claim.at_least:g} % or more" if share else f"{claim.at_most:g} or less"
    held = held if kept["exact"] is None else "within 0.001 of the exact solution"
    source = claim.source.format(exact=kept["exact"] or 0)
    held += f" ({source})" if source else ""
    return f"| `{claim.flags}` | {text} | {held} | {statistics.median(kept['seconds']):.1f} s |"


if __name__ == "__main__":
    sys.exit(main())
