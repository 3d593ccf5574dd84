"""Texts that the command line prints instead of training: help without a model, lists, versions."""

import shutil
from collections.abc import Sequence
from platform import python_version

import zoo
from zoo import _catalogue

from ..chart.rows import rows
from ..config.recipe import Recipe, book
from ..data import sources
from ..errors import BadInput
from ..trained.file import PRETRAINED, header, pretrained_names

__all__ = ["chart_table", "dataset_table", "front_page", "model_table", "model_text", "pretrained_table"]
__all__ += ["versions_line"]

_FRONT = """\
usage: {prog} --model NAME [--dataset NAME] [--flag value ...]

Trains a model of the neural network zoo by its recipe.

examples:
  {prog} --model cnn
      the default recipe of the model, on its default data set
  {prog} --model cnn --dataset mnist --seed 1
      another data set
  {prog} --model mlp --epochs 5 --lr 1e-2 -b 32
      other values than the recipe's
  {prog} --model mlp --dataset spiral --m.hidden 64 64 --d.noise 10
      options of the model (--m.) and of the data set (--d.)
  {prog} --model mlp --csv bank.csv --target loan
      a table of your own: predict a column from the others
  {prog} --config runs/NAME/config.json --seed 2
      the recipe of an earlier run, with another seed
  {prog} --model ./mine.py:my_model --dataset digits
      a model of your own, made by a function of a file

more:
  --model NAME --help           all flags of a model, with the values of its recipe
  --model NAME --dry-run        parameters, FLOPs and memory, without training
  --model NAME --print-config   the recipe, as a file for --config
  --list-models [PATTERN]       the models
  --list-datasets               the data sets
  --version                     the versions

models     {models}
data sets  {datasets}"""


def front_page(prog: str) -> str:
    """Returns the help without a model: one screen."""
    return _FRONT.format(prog=prog, models=" ".join(_catalogue.names()), datasets=" ".join(sources.names()))


def model_text(recipe: Recipe) -> str:
    """Returns the text above the flags of a model: its card, its recipes, the expected result."""
    lines = [_catalogue.card(recipe.model).text]
    others = [_called(each) for each in book(recipe.model).recipes]
    if len(others) > 1:
        lines.append(f"Recipes: {', '.join(others)}.")
    if not others:
        lines.append(f"It has no recipe: give --dataset NAME; the values below are those for {recipe.dataset}.")
    if recipe.expect:
        lines.append(f"Expected: {recipe.expect.metric} {recipe.expect.bound} ({recipe.expect.source}).")
    return "\n".join(lines)


def model_table(pattern: str = "*") -> str:
    """Returns a table of the models that match a pattern: name, default data set, first line of the card.

    Raises:
        BadInput: if none matches.
    """
    names = _catalogue.names(pattern)
    if not names:
        raise BadInput(f"no model matches {pattern!r}; choose from {', '.join(_catalogue.names())}")
    rows = [_model_row(name) for name in names]
    return _table(("model", "data set", "description"), rows)


def chart_table() -> str:
    """Returns a table of the rows of the Neural Network Zoo chart: the model of each, and its kin."""
    lines = [(row.short, row.name, row.command or "not in the zoo yet", " ".join(row.kin)) for row in rows()]
    return _table(("chart", "name", "command: python -m zoo.train ...", "of the same kind"), lines)


def _model_row(name: str) -> tuple[str, str, str]:
    """Returns name, default data set and title; a damaged model of another package does not hide the others."""
    try:
        recipes = book(name).recipes
        return name, recipes[0].dataset if recipes else "", _catalogue.card(name).title
    except ValueError as error:
        return name, "", f"unusable: {error}"


def dataset_table() -> str:
    """Returns a table of the data sets."""
    rows = [
        (each.name, each.kind, each.task, "x".join(map(str, each.shape)), each.about)
        for each in sources.sources().values()
    ]
    return _table(("data set", "kind", "task", "shape", "description"), rows)


def pretrained_table() -> str:
    """Returns a table of the pretrained models of the zoo, as their files describe them."""
    rows = []
    for name in pretrained_names():
        path = PRETRAINED / f"{name}.safetensors"
        about, size = header(path), path.stat().st_size
        metric = about["headline"]
        command = about.get("origin", {}).get("command", "")
        rows.append(
            (name, about["dataset"], f"{metric} {about['metrics'][metric]:.4g}", f"{size / 1e3:,.0f} kB", command)
        )
    return _table(("name", "data set", "test score", "size", "trained by"), rows)


def versions_line() -> str:
    """Returns the versions of the zoo, jax and python; jax is not imported."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        jax = version("jax")
    except PackageNotFoundError:
        jax = "not installed"
    return f"zoo {zoo.__version__}, jax {jax}, python {python_version()}"


def _called(recipe: Recipe) -> str:
    return f"{recipe.dataset} --recipe {recipe.variant}" if recipe.variant else recipe.dataset


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Formats columns of text; lines are cut at the width of the terminal."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    width = shutil.get_terminal_size((10_000, 0)).columns
    lines = ("  ".join(text.ljust(wide) for text, wide in zip(row, widths, strict=True)) for row in (head, *rows))
    return "\n".join(line.rstrip() if len(line.rstrip()) <= width else line[: width - 3] + "..." for line in lines)
