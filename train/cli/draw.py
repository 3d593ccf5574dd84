"""Draws a model, or the chart of all of them, as SVG or PNG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo import _catalogue

from ..chart.rows import ROWS, Row, columns_of, rows
from ..chart.shapes import Picture
from ..chart.sheet import chart, portrait
from ..config.recipe import Recipe
from ..config.schema import Option
from ..errors import BadInput
from .parser import Parser
from .train_args import CHOICE, resolve_recipe

__all__ = ["chart_picture", "main", "model_picture", "recipe_of"]

_OUT = "file, whose ending .svg or .png decides the format (default: {} in the current folder)"
_CHART = (
    Option("chart", bool, False, "all rows of the Neural Network Zoo chart on one sheet", "output"),
    Option("out", Path, None, _OUT.format("chart.svg"), "output"),
    Option(
        "pages", str, "", "folder or address of the pages of the models, to which the cells of an SVG lead", "output"
    ),
)
_HELP = Option("help", bool, False, "print this page", "help", "-h")
_USAGE = """\
usage: {prog} MODEL [--dataset NAME] [--recipe NAME] [--m.option value ...] [--out FILE]
       {prog} --chart [--pages DIR] [--out FILE]"""
_TEXT = """\
Draws a model in the manner of the Neural Network Zoo chart: a column of cells for each layer, in the colour and with
the sign of its kind, with the number of units that recipe and options give it. MODEL may be a row of the chart as well
(LSTM, DFF, AN). Trained connections are solid, random ones dashed, those of attention orange."""


def main(words: Sequence[str], prog: str = "python -m zoo draw") -> int:
    """Draws what the command line names; returns the exit code."""
    if {"-h", "--help"} & set(words) and (not words or words[0].startswith("-")):
        print(f"{_USAGE.format(prog=prog)}\n\n{_TEXT}\n{prog} MODEL --help lists the options.")
        return 0
    if "--chart" in words:
        given = Parser([*_CHART, _HELP], prog, "--chart [--flag value ...]").read(words)
        picture, title, out = chart_picture(given.get("pages", "")), "Neural Network Zoo", "chart.svg"
    elif not words or words[0].startswith("-"):
        raise BadInput(f"no model given\n{_USAGE.format(prog=prog)}")
    else:
        given, recipe = _read(words, prog)
        if recipe is None:
            return 0
        picture, title = model_picture(recipe), f"{recipe.model} on {recipe.dataset}"
        out = f"{_catalogue.short_name(recipe.model)}.svg"
    _write(picture, title, Path(given.get("out") or out).expanduser())
    return 0


def model_picture(recipe: Recipe) -> Picture:
    """Draws the model of a recipe."""
    title = _catalogue.card(recipe.model).title.partition(": ")[0]
    under = f"{recipe.model} on {recipe.dataset}" + f" ({recipe.variant})" * bool(recipe.variant)
    return portrait(title, under, columns_of(recipe.model, recipe.m, recipe.dataset))


def chart_picture(pages: str = "") -> Picture:
    """Draws the chart.

    Args:
        pages: folder or address of the pages of the models, `NAME.md`; "": cells lead nowhere.
    """
    drawings = {row: row_columns(row) for row in rows()}
    return chart(drawings, lambda row: f"{pages.rstrip('/')}/{row.model}.md" if pages else "")


def row_columns(row: Row) -> tuple | None:
    """Returns the columns of the drawing of a row of the chart; None: it is not in the zoo yet."""
    if not row.model:
        return None
    recipe = recipe_of(row)
    return columns_of(recipe.model, recipe.m, recipe.dataset)


def recipe_of(row: Row) -> Recipe:
    """Returns the recipe of a row of the chart that is in the zoo."""
    chosen = resolve_recipe(Parser(CHOICE).read(row.command.split()))
    return chosen.recipe({})


def _read(words: Sequence[str], prog: str) -> tuple[dict[str, Any], Recipe | None]:
    """Parses the words after a model or row; the recipe is None after the help was printed."""
    model, *rest = words
    out = Option("out", Path, None, _OUT.format("MODEL.svg"), "output")
    first, _ = Parser([*CHOICE[1:], _HELP]).read_known(rest)
    row = None if model in _catalogue.names() else _row(model)
    named = Parser(CHOICE).read(row.command.split()) if row else {"model": model}
    chosen = resolve_recipe(named | first)
    flags = [*CHOICE[1:], *(flag for flag in chosen.flags if flag.name.startswith("m.")), out]
    parser = Parser([*flags, _HELP], prog, f"{model} [--flag value ...]", _TEXT)
    if "help" in first:
        print(parser.format_help().rstrip())
        return {}, None
    given = parser.read(rest)
    return given, chosen.recipe(given)


def _row(word: str) -> Row | None:
    """Returns the row of the chart that a word names; None if it names none."""
    row = next((row for row in rows() if row.short.lower() == word.lower()), None)
    if row and not row.model:
        raise BadInput(
            f"{word}: the {ROWS[row.short]} is not in the zoo yet; `python -m zoo draw --chart` shows what is"
        )
    return row


def _write(picture: Picture, title: str, out: Path) -> None:
    if out.suffix not in (".svg", ".png"):
        raise BadInput(f"--out {out}: the ending decides the format, give one that ends in .svg or .png")
    if not out.parent.is_dir():
        raise BadInput(f"--out {out}: the folder {out.parent} does not exist")
    if out.suffix == ".svg":
        from ..chart.svg import svg
        from ..files import write_output

        write_output(out, svg(picture, title).encode())
    else:
        from ..chart.png import png

        try:
            png(picture, out)
        except OSError as error:
            raise BadInput(f"--out {out} cannot be written: {error.strerror or error}") from error
    print(f"{out}: {title}")
