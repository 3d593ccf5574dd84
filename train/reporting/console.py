"""Terminal output of a run: the setup, the progress line, the table of epochs, the result and the next commands."""

import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from zoo._catalogue import reference

from ..callback import Callback
from ..config.run_options import RunOptions
from ..data.on_disk import DiskArray
from ..trained.summary import output_shape, parameters, summary
from ..units import format_bytes
from .console_stream import terminal
from .progress import Progress
from .tables import class_table, epochs_table, parameter_table, result_panel

__all__ = ["ConsoleReport"]


_MAX_ARRAYS = 24  # larger models are listed by `python -m zoo summary`
_MAX_CLASSES = 20  # more do not fit a screen; result.json holds all of them


class ConsoleReport(Callback):
    """Prints the setup, the progress and the result of a run.

    Args:
        setup: parts of the run.
        options: options of the run; `quiet` suppresses all output.
    """

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
            others=setup.measures,
            unit=setup.data.unit,
        )

    def on_start(self, setup: Any, folder: Path | None) -> None:
        """Prints the data, the model, the length of the training and the run folder, if there is one."""
        arrays = summary(setup.model, setup.example.shape, setup.example.dtype, setup.recipe.batch_size)
        for line in [*_data_lines(setup), _model_line(setup, parameters(arrays)), _training_line(setup)]:
            self.line.print_line(line)
        if folder is not None:
            self.line.print_line(f"folder   {folder}")
        if len(arrays) <= _MAX_ARRAYS:
            self.console.print(parameter_table(arrays))
        self.line.compiling()

    def on_progress(self, step: int, row: dict) -> None:
        """Updates the progress line."""
        self.line.update(step, row, self.setup.advance.data_wait)

    def on_metrics(self, row: dict, fit: dict) -> None:
        """Prints a line for each evaluation."""
        if row["split"] != "train":
            self.line.epoch(row)

    def on_stop(self) -> None:
        """Ends the progress line."""
        self.line.close()

    def on_end(self, result: Any) -> None:
        """Prints the table of epochs, the scores of each class, the result and the next commands."""
        if not result.metrics:
            return
        self._print_tables(result)
        held_out = "val" in self.setup.evaluations
        why = f"the best on the validation {self.setup.data.unit}" if held_out else "the last"
        kept = "saved" if result.folder else "kept in memory"
        self._print(f"model    {kept} from epoch {result.metrics['epoch']:g} ({why})")
        expect, headline = None if result.signal else self.setup.recipe.expect, self.setup.task.headline
        commands = _next_commands(self.setup, result.folder) if result.folder else []
        facts = (result.folder, result.metrics, headline, expect, commands, result.seconds)
        self._print(result_panel(*facts, result.scores.get("baseline")))
        for line in self.setup.task.explain(result.metrics):
            self._print(f"metrics  {line}")
        for name, found in result.scores.items():
            if isinstance(found, Mapping) and "summary" in found:
                self._print(f"{name:8} {found['summary']}")
        pictures = sorted(path.name for path in (result.folder / "plots").glob("*.png")) if result.folder else []
        if pictures:
            self._print(f"plots    {', '.join(pictures)} in {result.folder / 'plots'}")

    def _print(self, text: Any) -> None:
        self.console.print(text, soft_wrap=True)

    def _print_tables(self, result: Any) -> None:
        self.console.print()
        self.console.print(epochs_table(result.rows, result.best_epoch, self.setup.task.headline))
        classes = self.setup.data.classes
        if "classes" in result.scores and len(classes) <= _MAX_CLASSES:
            self.console.print(class_table(result.scores["classes"], classes))


def _data_lines(setup: Any) -> list[str]:
    data, streamed = setup.data, setup.recipe.dataset == "stream"
    train = "a stream of" if streamed else f"{len(data.train.x):,}"
    lines = [f"data     {data.name}: {train} training and {len(data.test.x):,} test {data.unit}"]
    if streamed:
        lines.append(f"reading  an iterator; inputs are scaled by its first {len(data.train.x):,} examples")
    if isinstance(data.train.x, DiskArray):
        lines.append(f"reading  {format_bytes(data.train.x.nbytes)} from disk during training (see --in-memory)")
    return lines


def _model_line(setup: Any, count: int) -> str:
    example, task = setup.example, setup.task
    output = setup.made_for.shape if task.units == "example" else (setup.made_for.outputs,)
    if task.units == "none":  # neither the target nor an example decides it
        output = output_shape(setup.model, example.shape, example.dtype)
    shapes = ("x".join(map(str, shape)) or "1" for shape in (example.shape, output))
    return "model    {}: input {}, output {}, {:,} parameters".format(setup.recipe.model, *shapes, count)


def _training_line(setup: Any) -> str:
    plan, rows, seen, unit = setup.plan, setup.recipe.batch_size, setup.seen_per_step, setup.data.unit
    batch = f"{rows}" if seen == rows else f"{rows} x {seen // rows}"
    epochs = plan.steps / plan.steps_per_epoch
    length = f"{epochs:g} epoch{'s' * (epochs != 1)}"
    return f"training {length} = {plan.steps:,} step{'s' * (plan.steps != 1)} of {batch} = {plan.steps * seen:,} {unit}"


def _next_commands(setup: Any, folder: Path) -> list[str]:
    named = reference(setup.recipe.model)  # of a model that is imported only if the user names it
    model, flag = (f", model={named!r}", f" --model {quote(named)}") if named else ("", "")
    return [
        f"{quote(_python())} -c {_quoted(f'import zoo; print(zoo.load({str(folder)!r}{model}))')}",
        f"{quote(_python())} -m zoo {_subcommand(setup, folder)}{flag}",
        f"{quote(_python())} -m zoo.train --model {quote(named or setup.recipe.model)} --help",
    ]


def _subcommand(setup: Any, folder: Path) -> str:
    """Returns the subcommand that applies the model to its task."""
    command = setup.task.command
    return f"{command} {quote(str(folder))}" + " FILES..." * (command == "predict")


def _quoted(code: str) -> str:
    """Returns Python code quoted for the shell, in double quotes where nothing in it is special there."""
    return quote(code) if set(code) & set('"$`\\!') else f'"{code}"'


def _python() -> str:
    """Returns the command of this Python: a relative path if it lies below the working directory, else `python`."""
    program, here = Path(sys.executable), Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else "python"
