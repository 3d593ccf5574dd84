"""The result of a run, and the files that hold it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..config.run_options import RunOptions
from ..errors import CheckpointUnusable, RunFailed
from ..evaluation.baseline import score_baseline
from ..evaluation.pictures import draw
from ..evaluation.report import baseline_measures
from ..files import irregular, write_json
from ..reporting.console_stream import terminal
from ..strict_json import restored, strict
from ..trained.model import Trained, load
from .folder import RESULT_FILE, read_result
from .lock import FolderIdentity
from .setup import Setup

__all__ = ["Result", "beside_baseline", "calibrated", "checked", "completed", "finish"]


@dataclass(frozen=True)
class Result:
    """Result of a run.

    Attributes:
        folder: Run folder; None for a run that writes nothing.
        metrics: Test metrics of the model that was kept.
        rows: Rows of `metrics.jsonl`.
        seconds: Seconds from the first step to the last, compilation included.
        setup: Parts of the run.
        scores: Scores behind the pictures: by class, or of a regression.
        signal: Number of the signal that ended the run early; 0 for none.
        model: The trained model of a run without a folder.
    """

    folder: Path | None
    metrics: Mapping[str, float]
    rows: Sequence[Mapping[str, Any]]
    seconds: float
    setup: Setup
    scores: Mapping[str, Any] = field(default_factory=dict)
    signal: int = 0
    model: Trained | None = None

    @property
    def best_epoch(self) -> float:
        """Epoch with the best score, on the validation split if there is one."""
        task, split = self.setup.task, "val" if "val" in self.setup.evaluations else "test"
        sign = 1 if task.higher_is_better else -1
        rows = [row for row in self.rows if row["split"] == split]
        return max(rows, key=lambda row: sign * row[task.headline])["epoch"]

    def load(self) -> Trained:
        """Returns the trained model, as `zoo.load(folder)` does; its `history` holds the rows of the run.

        Raises:
            RunFailed: If a run without a folder was ended by a signal before it had a model.
        """
        if self.model is not None:
            return self.model
        if self.folder is None:
            raise RunFailed(f"the run was ended by signal {self.signal} before it had a model")
        return replace(load(self.folder), history=self.rows)


def beside_baseline(result: Result) -> Result:
    """Returns a result with the test metrics of the trivial baseline among its scores; all processes must call it."""
    parts, baseline = result.setup, result.setup.baseline
    if baseline is None or not result.metrics:
        return result
    task = parts.task
    shape = parts.made_for.shape if task.units == "example" else (-1,)
    found = score_baseline(
        *(baseline, task, parts.evaluations["test"], shape),
        per_step=parts.made_for.each,
        shares="label_smoothing" not in parts.trainer.numbers,  # the loss has it
    )
    beside: dict[str, Any] = {"name": baseline["name"], "metrics": found}
    if task.measures:
        beside["measures"] = baseline_measures(task, parts.data, baseline)
    return replace(result, scores={**result.scores, "baseline": beside})


def calibrated(result: Result) -> Result:
    """Returns a result whose model holds what its task computes from the training examples, such as a threshold."""
    calibrate = result.setup.task.calibrate
    if calibrate is None:
        return result
    model = result.load()
    found = calibrate(model, result.setup.data)
    model = replace(model, about={**model.about, "calibration": _numbers(found)})
    result = replace(result, scores={**result.scores, "calibration": found})
    if result.folder is None:
        return replace(result, model=model)
    model.save(result.folder)
    return result


def finish(result: Result, pictures: bool = True) -> Result:
    """Draws the pictures, computes the scores behind them and writes `result.json`; returns the result with scores."""
    place = result.folder
    assert place is not None
    folder = FolderIdentity(place)
    if pictures:
        result = replace(result, scores={**result.scores, **draw(result)})
    facts = {"metrics": result.metrics, "seconds": result.seconds, "stopped_by_signal": result.signal}
    scores = {name: _numbers(found) for name, found in result.scores.items()}
    folder.check()  # pictures take a while
    write_json(place / RESULT_FILE, strict({**facts, **scores}))
    return result


def checked(result: Result) -> Result:
    """Returns a result after a check: a run that came to its end kept a model, and its scores are finite.

    Raises:
        RunFailed: If it did not, with the score; the run then writes no `result.json`.
    """
    task, last = result.setup.task, next((row for row in reversed(result.rows) if row["split"] != "train"), {})
    row = result.metrics or last
    wrong = [f"{name} {row[name]}" for name in ("loss", task.headline) if not math.isfinite(row.get(name, 0))]
    if result.signal or (result.metrics and not wrong):
        return result
    what = "the saved model has scores" if result.metrics else "no model was saved, as no evaluation had scores"
    raise RunFailed(
        f"{what} that are not finite: {', '.join(wrong) or 'none'} at step {row.get('step')}. No result.json is "
        "written. Try a lower rate (--lr), and look for values far beyond those of the training examples"
    )


def _numbers(found: Any) -> Any:
    """Returns scores without the line that sums them up for a reader."""
    return {name: value for name, value in found.items() if name != "summary"} if isinstance(found, Mapping) else found


def completed(folder: Path, parts: Setup, options: RunOptions) -> Result:
    """Reads the result of a run that came to its end, and prints that nothing is left to do."""
    facts = read_result(folder)
    try:
        if found := irregular(folder / "metrics.jsonl"):
            raise ValueError(f"metrics.jsonl is {found}")
        lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [restored(json.loads(line)) for line in lines]
        words = facts.pop("not_finite", {})
        named = {name.removeprefix("metrics."): word for name, word in words.items() if name.startswith("metrics.")}
        metrics, seconds = restored(facts.pop("metrics") | {"not_finite": named}), facts.pop("seconds")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointUnusable(
            f"{folder} is finished, but its result.json or metrics.jsonl is damaged ({error!r}): resume one of its "
            "checkpoints by name, --resume RUN/checkpoints/STEP, which writes them again"
        ) from error
    longer = "--epochs" if parts.recipe.steps is None else "--steps"
    line = f"complete {folder} is finished, nothing is left to do; a higher {longer} continues it"
    terminal(quiet=options.quiet).print(line, soft_wrap=True)
    del facts["stopped_by_signal"]
    return Result(folder, metrics, rows, seconds, parts, facts)
