"""TensorBoard events of a run: `--tensorboard`, then `tensorboard --logdir runs`.

Events are written with the rows of metrics, so that no training step waits for them. Rows give scalars; evaluations
give histograms of weights and gradients, and text samples of a language model; the end gives the pictures and, for the
page HPARAMS, the recipe with its result.
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
from ..trained.generate_text import generate_tokens
from ..trainer import eval_params, named_key
from ..tree import flatten
from .console_stream import terminal

__all__ = ["TensorBoard", "hyperparameters"]

_BINS = 64
_SAMPLE_TOKENS = 200  # length of a text sample
_POSITION = ("split", "step", "epoch")


class TensorBoard(Callback):
    """Writes events into the folder `tensorboard` of a run.

    Args:
        quiet: do not print how to view the events.
    """

    name = "tensorboard"

    def __init__(self, quiet: bool = False):
        self.console = terminal(quiet=quiet)
        self.step, self._resumed, self._drawn = 0, 0, -1

    def on_start(self, setup: Any, folder: Path) -> None:
        """Opens the event file."""
        from tensorboardX import SummaryWriter  # pyright: ignore[reportMissingImports]

        self.setup, self._evaluated, self._folder = setup, -1, folder
        # The writer names its files by the second, and a run may be resumed within the second in which it began.
        own = {"filename_suffix": f".{self._resumed}", "purge_step": self._resumed or None}
        self.writer = SummaryWriter(str(folder / "tensorboard"), **own)
        self._gradient = _gradient(setup)

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Writes the scalars of a row; with the first row of an evaluation also histograms and samples."""
        self.step = row["step"]
        for name, value in row.items():
            if name not in _POSITION:
                self.writer.add_scalar(f"{row['split']}/{name}", value, self.step)
        if row["split"] != "train" and self._evaluated != self.step:
            self._evaluated = self.step
            self._histograms("weights", eval_params(fit)[0])
            self._histograms("gradients", self._gradient(fit))
            if self.setup.task.name == "language":
                self.writer.add_text("sample", _sample(self.setup, fit, self.step), self.step)
            self._samples()

    def state_dict(self) -> int:
        """Returns the step of the last row."""
        return self.step

    def load_state_dict(self, state: int) -> None:
        """Continues at that step: TensorBoard hides events of later steps, which are written again."""
        self.step, self._resumed, self._drawn = state, state + 1, state

    def on_stop(self) -> None:
        """Flushes the event file."""
        self.writer.flush()

    def on_end(self, result: Any) -> None:
        """Writes the pictures, the recipe and its result, and closes the event file."""
        for path in sorted((result.folder / "plots").glob("*.png")):
            self.writer.add_image(f"plots/{path.stem}", _pixels(path), self.step, dataformats="HWC")
        self._samples()
        metrics = {f"result/{name}": value for name, value in result.metrics.items() if name not in _POSITION}
        self._result(hyperparameters(self.setup.recipe), metrics)
        self.writer.close()
        self.console.print(f"events   pip install tensorboard && tensorboard --logdir {result.folder}", soft_wrap=True)

    def _samples(self) -> None:
        """Writes the sample pictures added since the last call, at the step that ends their file names."""
        for path in sorted((self._folder / "samples").glob("*.png")):
            name, step = re.fullmatch(r"(.*?)[-_.]?(\d*)", path.stem).groups()  # pyright: ignore[reportOptionalMemberAccess]
            at = int(step) if step else self.step
            if self._drawn < at <= self.step:
                self.writer.add_image("samples" + f"/{name}" * bool(name), _pixels(path), at, dataformats="HWC")
        self._drawn = self.step

    def _histograms(self, kind: str, tree: Any) -> None:
        for name, leaf in flatten(tree).items():
            values = np.asarray(leaf, np.float64)
            values = values[np.isfinite(values)]
            if values.size:
                self.writer.add_histogram(f"{kind}/{name}", values, self.step, bins=_BINS)  # pyright: ignore[reportArgumentType]

    def _result(self, recipe: dict, metrics: dict) -> None:
        """Writes hyperparameters and result into this run's file; the writer's `add_hparams` would create a new run."""
        from tensorboardX.summary import hparams  # pyright: ignore[reportMissingImports]

        for name, value in metrics.items():
            self.writer.add_scalar(name, value, self.step)
        for summary in hparams(recipe, metrics):
            self.writer.file_writer.add_summary(summary)  # pyright: ignore[reportOptionalMemberAccess]


def hyperparameters(recipe: Recipe) -> dict[str, Any]:
    """Flattens a recipe into numbers and texts by name.

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


def _gradient(setup: Any):
    """Makes `fit -> gradients` of the loss on one training batch, without dropout; {} if no gradient is used."""
    feed, key = setup.advance.feed, setup.key
    place = (setup.advance.arrays, setup.advance.order(named_key(key, "order")))
    axes = 2 if setup.task.name == "language" else 1  # one target per token, or one per example

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


def _sample(setup: Any, fit: dict, step: int) -> str:
    """Generates text with the language model, as a block of code: TensorBoard renders texts as Markdown."""
    vocabulary = Vocabulary(tuple(setup.data.vocabulary))
    first = "\n" if "\n" in vocabulary.tokens else vocabulary.tokens[0]
    key = named_key(setup.key, "sample", step)
    chunks = generate_tokens(
        setup.model, *eval_params(fit), vocabulary.encode(first), _SAMPLE_TOKENS, key, temperature=0.8
    )
    text = "".join(vocabulary.decode(tokens.tolist()) for tokens in chunks)
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
