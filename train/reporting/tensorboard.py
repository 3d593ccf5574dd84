"""What a run tells TensorBoard: `--tensorboard`, then `tensorboard --logdir runs`.

Everything is told at the rows of metrics, so that no training step waits for it. Rows give scalars; evaluations give
histograms of weights and gradients, and what a language model writes; the end gives the pictures and the recipe with
its result, for the page HPARAMS.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..callback import Callback
from ..config.recipe import Recipe
from ..data.vocabulary import Vocabulary
from ..option_types import format_value
from ..runs.setup import Setup
from ..trained.generate_text import generate_tokens
from ..trained.model import flatten
from ..trainer import eval_params, named_key
from .progress import terminal

__all__ = ["TensorBoard", "hyperparameters"]

_BINS = 64
_WRITTEN = 200  # tokens of a sample of text
_PLACE = ("split", "step", "epoch")


class TensorBoard(Callback):
    """Writes events into the folder `tensorboard` of a run.

    Args:
        quiet: do not say how to look at them.
    """

    def __init__(self, quiet: bool = False):
        self.console = terminal(quiet=quiet)
        self.step, self._resumed, self._drawn = 0, 0, -1

    def start(self, setup: Setup, folder: Path) -> None:
        """Opens the file of events."""
        from tensorboardX import SummaryWriter  # pyright: ignore[reportMissingImports]

        self.setup, self._told, self._folder = setup, -1, folder
        # Two lives of a run may begin in one second, by which alone the writer names its files.
        own = {"filename_suffix": f".{self._resumed}", "purge_step": self._resumed or None}
        self.writer = SummaryWriter(str(folder / "tensorboard"), **own)
        self._gradient = _gradient(setup)

    def row(self, row: dict, fit: dict) -> None:
        """Scalars of every row; with the first row of an evaluation what is read from the fit itself."""
        self.step = row["step"]
        for name, value in row.items():
            if name not in _PLACE:
                self.writer.add_scalar(f"{row['split']}/{name}", value, self.step)
        if row["split"] != "train" and self._told != self.step:
            self._told = self.step
            self._histograms("weights", eval_params(fit)[0])
            self._histograms("gradients", self._gradient(fit))
            if self.setup.data.task == "language":
                self.writer.add_text("sample", _sample(self.setup, fit, self.step), self.step)
            self._samples()

    def memory(self) -> int:
        """The step of the last row."""
        return self.step

    def recall(self, memory: int) -> None:
        """What an earlier life of the run told of later steps is hidden: it is told again."""
        self.step, self._resumed, self._drawn = memory, memory + 1, memory

    def stopped(self) -> None:
        """What was told is on disk, whatever happened."""
        self.writer.flush()

    def end(self, result: Any) -> None:
        """Pictures, the recipe and its result."""
        for path in sorted((result.folder / "plots").glob("*.png")):
            self.writer.add_image(f"plots/{path.stem}", _pixels(path), self.step, dataformats="HWC")
        self._samples()
        metrics = {f"result/{name}": value for name, value in result.metrics.items() if name not in _PLACE}
        self._result(hyperparameters(self.setup.recipe), metrics)
        self.writer.close()
        self.console.print(f"events   pip install tensorboard && tensorboard --logdir {result.folder}", soft_wrap=True)

    def _samples(self) -> None:
        """What others have drawn since the last look, at the step that the file's name ends with."""
        for path in sorted((self._folder / "samples").glob("*.png")):
            name, step = re.fullmatch(r"(.*?)[-_.]?(\d*)", path.stem).groups()  # pyright: ignore[reportOptionalMemberAccess]
            at = int(step) if step else self.step
            if self._drawn < at <= self.step:
                self.writer.add_image("samples" + f"/{name}" * bool(name), _pixels(path), at, dataformats="HWC")
        self._drawn = self.step

    def _histograms(self, what: str, tree: Any) -> None:
        for name, leaf in flatten(tree).items():
            values = np.asarray(leaf, np.float64)
            values = values[np.isfinite(values)]
            if values.size:
                self.writer.add_histogram(f"{what}/{name}", values, self.step, bins=_BINS)  # pyright: ignore[reportArgumentType]

    def _result(self, recipe: dict, metrics: dict) -> None:
        """As the writer's own `add_hparams`, but into this run's file: that one would make a run of its own."""
        from tensorboardX.summary import hparams  # pyright: ignore[reportMissingImports]

        for name, value in metrics.items():
            self.writer.add_scalar(name, value, self.step)
        for summary in hparams(recipe, metrics):
            self.writer.file_writer.add_summary(summary)  # pyright: ignore[reportOptionalMemberAccess]


def hyperparameters(recipe: Recipe) -> dict[str, Any]:
    """All of a recipe that decides its numbers, in one level, as numbers and texts.

    >>> found = hyperparameters(Recipe("mlp", "iris", m={"hidden": (16, 8)}))
    >>> found["m.hidden"], found["lr"], "steps" in found
    ('16 8', 0.001, False)
    """
    found = {}
    for name, value in asdict(replace(recipe, expect=None)).items():
        table = isinstance(value, Mapping)
        found |= {f"{name}.{key}": each for key, each in value.items()} if table else {name: value}
    return {
        name: value if isinstance(value, str | int | float) else format_value(value)
        for name, value in found.items()
        if value is not None
    }


def _gradient(setup: Setup):
    """Makes `fit -> gradients` of the loss on one training batch, without noise; nothing where no gradient trains."""
    feed, key = setup.advance.feed, setup.key
    place = (setup.advance.arrays, setup.advance.order(named_key(key, "order")))
    axes = 2 if setup.data.task == "language" else 1  # an answer a token, or one an example

    def scores(params, fit, arrays, order):
        batch = feed.batch(arrays, order, 0, key)
        batch["weight"] = jnp.ones(batch["y" if "y" in batch else "x"].shape[:axes])
        fit = {name: each for name, each in fit.items() if name != "ema"} | {"params": params}
        return setup.trainer.evaluate(fit, batch, key)

    def cost(*args):
        total, weight = scores(*args)["loss"]
        return total / weight

    compiled = jax.jit(jax.grad(cost))

    def gradient(fit):
        args = (eval_params(fit)[0], fit, *place)
        by_gradient = "opt" in fit and "loss" in jax.eval_shape(scores, *args)
        return compiled(*args) if by_gradient else {}

    return gradient


def _sample(setup: Setup, fit: dict, step: int) -> str:
    """What the language model writes now, as a block of code: TensorBoard reads texts as Markdown."""
    vocabulary = Vocabulary(tuple(setup.data.vocabulary))
    first = "\n" if "\n" in vocabulary.tokens else vocabulary.tokens[0]
    key = named_key(setup.key, "sample", step)
    chunks = generate_tokens(setup.model, *eval_params(fit), vocabulary.encode(first), _WRITTEN, key, temperature=0.8)
    text = "".join(vocabulary.decode(tokens.tolist()) for tokens in chunks)
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
