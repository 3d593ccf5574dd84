"""Writes a page for each model, the gallery and the chart: `python -m benchmarks.pages`.

Nothing on these pages is typed by hand: sentences, equations and limits are those of the model's card, options those of
its factory, figures those of results.json and speed.json, drawings those of `python -m zoo draw`. The pictures of what
a model gave come from `python -m benchmarks.gallery`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import zoo
from zoo._catalogue import Card, card
from zoo.train.chart.rows import Row, drawing_of, rows
from zoo.train.chart.sheet import tile
from zoo.train.chart.svg import svg
from zoo.train.cli.draw import chart_picture, model_picture, row_columns
from zoo.train.config.recipe import Recipe, book
from zoo.train.option_types import format_value

from . import results
from .gallery import CAPTIONS
from .page import DOCS, HERE, README, between
from .rounds import summary
from .workloads import WORKLOADS

__all__ = ["chart_links", "files", "gallery", "main", "page", "write"]

ANIMALS = DOCS / "animals"
_STEPS = {"mlp": ("mlp",), "cnn": ("cnn",), "lstm": ("rows", "characters"), "resnet": ("resnet",), "dcgan": ("dcgan",)}
_STEPS |= {"transformer": ("transformer",), "vae": ("vae",)}
_HEAD = "| command `python -m zoo.train ...` | measured | expected or published | time |\n|---|---|---|---|"


def main(argv: Sequence[str] | None = None) -> int:
    """Writes all files whose content changed, and prints their names."""
    argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__).parse_args(argv)
    for path in write():
        print(path)
    return 0


def write() -> list[Path]:
    """Writes pages, drawings and the chart of the README; returns the files that changed."""
    wanted = files()
    readme = README.read_text(encoding="utf-8")
    wanted[README] = between("chart", chart_links("docs/animals/"), readme)
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return changed


def files() -> dict[Path, str]:
    """Returns the content of all files below docs/animals, and of docs/chart.svg."""
    kept = json.loads(results.KEPT.read_text())
    made = {ANIMALS / "README.md": gallery(), DOCS / "chart.svg": svg(chart_picture("animals"), "Neural Network Zoo")}
    for row in rows():
        made[ANIMALS / "tiles" / f"{row.short}.svg"] = svg(tile(row, row_columns(row)), row.name)
    for name in zoo.list_models():
        made[ANIMALS / f"{name}.md"] = page(name, kept)
        made[ANIMALS / f"{name}.svg"] = svg(model_picture(book(name).recipes[0]), card(name).title)
    return made


def chart_links(folder: str) -> str:
    """Makes the chart of linked tiles, in Markdown; each leads to the page of its model."""
    found = []
    for row in rows():
        picture = f"![{row.short}]({folder}tiles/{row.short}.svg)"
        found.append(f"[{picture}]({folder}{row.model}.md)" if row.model else picture)
    return "\n".join(found)


def gallery() -> str:
    """Makes the page that shows all models."""
    others = [name for name in zoo.list_models() if not drawing_of(name).rows]
    lines = [f"- [`{name}`]({name}.md): {card(name).title}" for name in others]
    return "\n".join(
        [
            "# Gallery",
            "",
            "The rows of the chart of the [Neural Network Zoo](https://www.asimovinstitute.org/neural-network-zoo/),",
            "drawn from the cards of the models (`python -m zoo draw --chart`). Each picture leads to a page.",
            "",
            chart_links(""),
            "",
            "Further models, which are variants of a row or not on the chart:",
            "",
            *lines,
            "",
        ]
    )


def page(name: str, kept: dict) -> str:
    """Makes the page of a model.

    Args:
        name: name of the model.
        kept: the stored results.
    """
    text, recipe = card(name), book(name).recipes[0]
    title, _, sentence = text.title.partition(": ")
    parts = [
        f"# {title}",
        f"![{title}]({name}.svg)",
        f"{sentence[:1].upper()}{sentence[1:]} {text.field('About')}",
        _place(name),
        "## Command",
        f"```sh\n{text.field('Command')}\n```",
        _recipes(name),
        "## Equations",
        "```text\n" + text.field("Equations").replace("; ", "\n") + "\n```",
        *_picture(name),
        "## Results",
        _results(name, recipe, kept),
        "## Options",
        _options(text),
        *_speed(name),
        "## How it fails",
        text.field("Limits"),
        "## Paper",
        text.field("Paper"),
        f"Written by `python -m benchmarks.pages` from [the model's file](../../zoo/{name}.py) and the stored results.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _place(name: str) -> str:
    drawing = drawing_of(name)
    here = [row for row in rows() if row.short in (*drawing.rows, drawing.kin)]
    if not here:
        return "Not a row of the Neural Network Zoo chart."
    if drawing.kin:
        return f"A variant of [{here[0].name}]({here[0].model}.md) ({here[0].short} on the chart)."
    return " ".join(_row(row) for row in here)


def _row(row: Row) -> str:
    kin = ", ".join(f"[`{each}`]({each}.md)" for each in row.kin)
    command = f" by `python -m zoo.train {row.command}`" if row.flags else ""
    return f"{row.short} on the chart, {row.name}{command}." + (f" Variants: {kin}." if kin else "")


def _recipes(name: str) -> str:
    named = [f"`--dataset {each.dataset}" + f" --recipe {each.variant}" * bool(each.variant) + "`"
             for each in book(name).recipes[1:]]  # fmt: skip
    return f"Further recipes: {', '.join(named)}." if named else ""


def _picture(name: str) -> list[str]:
    found = sorted(ANIMALS.glob(f"{name}-result-*.png"))
    if not found:
        return []
    caption = CAPTIONS[found[0].stem.partition("-result-")[2]]
    return ["## What it gave", f"![{caption}]({found[0].name})", caption]


def _results(name: str, recipe: Recipe, kept: dict) -> str:
    claims = [claim for claim in results.CLAIMS if claim.flags.split()[1] == name]
    lines = [results.row(claim, kept.get(claim.name)) for claim in claims]
    if not any(claim.flags == f"--model {name}" for claim in claims) and recipe.expect:
        expect = recipe.expect
        bound = f"{expect.metric} {results.held(*expect.bounds)} ({expect.source})"
        lines.insert(0, f"| `--model {name}` | not measured | {bound} | |")
    return "\n".join([_HEAD, *lines])


def _options(text: Card) -> str:
    if not text.options:
        return "None."
    lines = [
        f"| `--m.{each.name.replace('_', '-')}` | `{format_value(each.default)}` | {each.help} |".replace("``", "none")
        for each in text.options
    ]
    return "\n".join(["| option | default | |", "|---|---|---|", *lines])


def _speed(name: str) -> list[str]:
    kept = json.loads((HERE / "speed.json").read_text())
    there = {each: kept.get(f"{each} malloc") or kept.get(each) for each in _STEPS.get(name, ())}  # as our command runs
    found = [(each, measured["peers"]["ours"]) for each, measured in there.items() if measured]
    if not found:
        return []
    lines = [f"| {WORKLOADS[each].about} | {_ms(summary(runs, 'ms')[0])} ms |" for each, runs in found]
    text = "The other libraries beside it, and the machine: [speed](../speed.md)."
    return ["## Speed", "\n".join(["| training step | |", "|---|---|", *lines]), text]


def _ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
