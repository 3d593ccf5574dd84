"""The texts that the command line prints instead of training: help without a model, lists, versions."""

import shutil
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import zoo
from zoo import _catalogue

from ..config.recipe import Recipe, book
from ..data.dataset import SOURCES
from ..errors import BadInput
from ..trained.locate import PRETRAINED, header, pretrained_names

__all__ = ["dataset_table", "front_page", "model_table", "model_text", "pretrained_table", "versions_line"]

_FRONT = """\
usage: {prog} --model NAME [--dataset NAME] [--flag value ...]

Trains an animal of the neural network zoo, by the recipe that comes with it.

examples:
  {prog} --model cnn
      its own recipe, on its own data
  {prog} --model cnn --dataset mnist --seed 1
      another data set
  {prog} --model mlp --epochs 5 --lr 1e-2 -b 32
      other values than the recipe's
  {prog} --model mlp --dataset spiral --m.hidden 64 64 --d.noise 10
      options of the model (--m.) and of the data set (--d.)
  {prog} --config runs/NAME/config.json --seed 2
      an earlier run once more, with another seed

what to ask:
  --model NAME --help           all flags of an animal, with the values of its recipe
  --model NAME --dry-run        parameters, FLOPs and memory, without training
  --model NAME --print-config   its recipe, as a file for --config
  --list-models [PATTERN]       the animals
  --list-datasets               the data sets
  --version                     the versions

models     {models}
data sets  {datasets}"""


def front_page(prog: str) -> str:
    """Help for those who have not chosen an animal: one screen."""
    return _FRONT.format(prog=prog, models=" ".join(_catalogue.names()), datasets=" ".join(SOURCES))


def model_text(recipe: Recipe) -> str:
    """What stands above an animal's flags: its card, its recipes."""
    lines = [_catalogue.card(recipe.model).text]
    others = [_called(each) for each in book(recipe.model).recipes]
    if len(others) > 1:
        lines.append(f"Recipes: {', '.join(others)}.")
    if recipe.expect:
        bound = "at most" if recipe.expect.at_most else "at least"
        lines.append(f"Here: {recipe.expect.metric} {bound} {recipe.expect.value:g} ({recipe.expect.source}).")
    return "\n".join(lines)


def model_table(pattern: str = "*") -> str:
    """The animals that match a pattern, each with its default data set and the first line of its card.

    Raises:
        BadInput: if there is none.
    """
    names = _catalogue.names(pattern)
    if not names:
        raise BadInput(f"no model matches {pattern!r}; there are {', '.join(_catalogue.names())}")
    rows = [(name, book(name).recipes[0].dataset, _catalogue.card(name).title) for name in names]
    return _table(("model", "data set", "what it is"), rows)


def dataset_table() -> str:
    """The data sets."""
    rows = [(each.name, each.kind, each.task, "x".join(map(str, each.shape)), each.about) for each in SOURCES.values()]
    return _table(("data set", "kind", "task", "shape", "what it is"), rows)


def pretrained_table() -> str:
    """The models that come with the zoo, and what their files say of them."""
    rows = []
    for name in pretrained_names():
        path = PRETRAINED / f"{name}.safetensors"
        about, size = header(path), path.stat().st_size
        metric = about["headline"]
        command = about.get("origin", {}).get("command", "")
        rows.append(
            (name, about["dataset"], f"{metric} {about['metrics'][metric]:.4g}", f"{size / 1e3:,.0f} kB", command)
        )
    return _table(("name", "data set", "on the test examples", "size", "made by"), rows)


def versions_line() -> str:
    """The versions of the zoo, jax and python; jax is not imported for it."""
    try:
        jax = version("jax")
    except PackageNotFoundError:
        jax = "not installed"
    return f"zoo {zoo.__version__}, jax {jax}, python {python_version()}"


def _called(recipe: Recipe) -> str:
    return f"{recipe.dataset} --recipe {recipe.variant}" if recipe.variant else recipe.dataset


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of text; the last is cut where a terminal ends."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    width = shutil.get_terminal_size((10_000, 0)).columns
    lines = ("  ".join(text.ljust(wide) for text, wide in zip(row, widths, strict=True)) for row in (head, *rows))
    return "\n".join(line.rstrip() if len(line.rstrip()) <= width else line[: width - 3] + "..." for line in lines)
