"""What a run says in the terminal: what will run, how it goes, what came of it, what to do next."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..callback import Callback
from ..config.run_options import RunOptions
from ..data.on_disk import DiskArray
from ..evaluation.forecasting import in_words
from ..trained.summary import parameters, summary
from ..units import format_bytes
from .progress import Progress, terminal
from .tables import class_table, epochs_table, parameter_table, result_panel

__all__ = ["ConsoleReport"]


_ROWS = 24  # of a larger model, `python -m zoo summary` shows them
_CLASSES = 20  # more do not fit a screen; result.json has them all


class ConsoleReport(Callback):
    """Prints a run while it goes, and its result."""

    def __init__(self, setup: Any, options: RunOptions):
        plan, self.setup = setup.plan, setup
        self.console = terminal(quiet=options.quiet)
        self.line = Progress(
            plan.steps,
            plan.steps_per_epoch,
            setup.seen_per_step,
            options.quiet,
            self.console,
            headline=setup.task.headline,
            unit=setup.data.unit,
        )

    def start(self, setup: Any, folder: Path) -> None:
        """Says what will run and where it goes."""
        plan, data, recipe = setup.plan, setup.data, setup.recipe
        shape = setup.example.shape
        arrays = summary(setup.model, shape, setup.example.dtype)
        count = parameters(arrays)
        epochs, seen, unit = plan.steps / plan.steps_per_epoch, setup.seen_per_step, data.unit
        rows = recipe.batch_size
        each = f"{rows}" if seen == rows else f"{rows} x {seen // rows}"
        say = self.line.say
        many = f"{len(data.train.x):,}" if recipe.dataset != "stream" else "a stream of"
        say(f"data     {data.name}: {many} {unit} to learn from, {len(data.test.x):,} to test")
        if recipe.dataset == "stream":
            say(f"reading  an iterator; scales are those of its first {len(data.train.x):,} examples")
        if isinstance(data.train.x, DiskArray):
            say(f"reading  {format_bytes(data.train.x.nbytes)} from the disk while the run goes (--in-memory)")
        made = setup.made_for.shape if setup.task.name == "generation" else (setup.made_for.outputs,)
        sizes, outputs = ("x".join(map(str, each)) for each in (shape, made))
        say(f"model    {recipe.model}: {sizes} in, {outputs} out, {count:,} parameters")
        say(f"length   {epochs:g} epochs = {plan.steps:,} steps of {each} = {plan.steps * seen:,} {unit} seen")
        say(f"folder   {folder}")
        if len(arrays) <= _ROWS:
            self.console.print(parameter_table(arrays))
        self.line.compiling()

    def moved(self, step: int, row: dict) -> None:
        """The line that moves."""
        self.line.update(step, row, self.setup.advance.data_wait)

    def row(self, row: dict, fit: dict) -> None:
        """A line for every evaluation."""
        if row["split"] != "train":
            self.line.epoch(row)

    def stopped(self) -> None:
        """Ends the line that moves, whatever happened."""
        self.line.close()

    def end(self, result: Any) -> None:
        """The table of epochs, the scores by class, the result and what to do next."""
        task, recipe = self.setup.task, self.setup.recipe
        if not result.metrics:
            return
        print_ = self.console.print
        print_()
        print_(epochs_table(result.rows, result.best_epoch, task.headline))
        if "classes" in result.scores and len(self.setup.data.classes) <= _CLASSES:
            print_(class_table(result.scores["classes"], self.setup.data.classes))
        commands = [
            f'{_python()} -c "import zoo; print(zoo.load({str(result.folder)!r}))"',
            f"{_python()} -m zoo {_use(self.setup, result.folder)}",
            f"{_python()} -m zoo.train --model {recipe.model} --help",
        ]
        why = f"the best on the {self.setup.data.unit} held back" if "val" in self.setup.evaluations else "the last"
        print_(f"model    of epoch {result.metrics['epoch']:g}, {why}")
        expect = None if result.signal else recipe.expect
        panel = result_panel(result.folder, result.metrics, task.headline, expect, commands, result.seconds)
        print_(panel, soft_wrap=True)
        for line in _of_samples(task, result.metrics):
            print_(f"samples  {line}", soft_wrap=True)
        if "forecast" in result.scores:
            found = result.scores["forecast"]
            print_(f"forecast {in_words(found)}{self._hint(found)}", soft_wrap=True)
        if "images" in result.scores:
            from ..evaluation.generated_images import in_words as images_in_words

            print_(f"judged   {images_in_words(result.scores['images'])}", soft_wrap=True)
        pictures = sorted(path.name for path in (result.folder / "plots").glob("*.png"))
        if pictures:
            print_(f"pictures {', '.join(pictures)} in {result.folder / 'plots'}", soft_wrap=True)

    def _hint(self, forecast: Mapping[str, Any]) -> str:
        """What to try where the last value says more than the model."""
        lost = forecast["skill"] is not None and forecast["skill"] <= 0
        return ". If the series drifts, --d.relative may help" if lost and not self.setup.data.relative else ""


def _use(setup: Any, folder: Path) -> str:
    """The command that shows what such a model is good for."""
    makes = setup.task.name == "generation"
    if setup.task.name == "language" or (makes and len(setup.example.shape) == 1):
        return f"sample {folder}"
    return f"evaluate {folder}" if makes else f"predict {folder} FILES..."


def _of_samples(task: Any, metrics: dict) -> list[str]:
    """What the scores of a generator mean."""
    if task.name != "generation":
        return []
    spread = f"spread {metrics['spread']:.2f}: how much they vary, the data's own being 1; near 0 they are all alike"
    return [*(task.judge.tell(metrics) if task.judge else ()), spread]


def _python() -> str:
    """What to call this python by from here: `.venv/bin/python` if it lies below, else the usual name."""
    program, here = Path(sys.executable), Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else "python"
