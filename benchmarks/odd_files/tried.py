"""Tries a data file: it is answered as a reference in float64 says, or refused with a line that names the place."""

import contextlib
import io
import json
import math
import shutil
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zoo.train import recipe_for
from zoo.train.__main__ import main
from zoo.train.data.dataset import Dataset, load_data
from zoo.train.data.normalize import fit_scaler, scaled, scaled_targets
from zoo.train.errors import ZooError
from zoo.train.evaluation.saved_model import evaluate
from zoo.train.pipeline.splits import preprocessed, scalers_for
from zoo.train.trained.model import Trained, load

from .arrays import arrays
from .case import Case, Random, check
from .pictures import pictures
from .series import series
from .texts import texts

__all__ = ["MAKERS", "Outcome", "tried"]

MAKERS: dict[str, Callable[[Random, Path], Case]] = {
    "arrays": arrays, "series": series, "texts": texts, "pictures": pictures,
}  # fmt: skip
_STEPS = "3"


@dataclass(frozen=True)
class Outcome:
    """Holds what became of a file: right, refused, or a fault; and the odd thing about it."""

    kind: str
    oddity: str
    verdict: str
    text: str = ""


def tried(kind: str, seed: int, folder: Path, whole: bool) -> Outcome:
    """Makes a file, loads it as a run does, and compares what comes of it with a reference.

    Args:
        kind: kind of data, one of `MAKERS`.
        seed: seed of the file.
        folder: new folder for it.
        whole: whether to train, evaluate and predict with the command line as well.
    """
    place = folder / "data"
    place.mkdir(parents=True)
    case = MAKERS[kind](np.random.default_rng(seed), place)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pillow, about damaged pictures
            warnings.simplefilter("error", RuntimeWarning)
            verdict, text = _loaded(case)
            if verdict != "fault" and whole:
                verdict, text = _trained(case, folder / "run", verdict)
    except Exception:
        verdict, text = "fault", traceback.format_exc(limit=-4)
    finally:
        shutil.rmtree(folder)
    if verdict == "right" and case.refused:
        verdict, text = "fault", "it was not refused"
    return Outcome(kind, case.oddity, verdict, text)


def _loaded(case: Case) -> tuple[str, str]:
    """Loads and normalises as a run does."""
    try:
        name = case.dataset()
        data = load_data(name, options=case.options)
        case.holds(data)
        _check_normalised(case, data)
    except ZooError as error:
        return _refused(case, str(error), error.exit_code)
    return "right", ""


def _refused(case: Case, text: str, code: int) -> tuple[str, str]:
    if code not in (2, 4):
        return "fault", f"exit {code}: {text}"
    names = str(case.path) in text or any(str(each.name) in text for each in (case.path, *case.path.parent.iterdir()))
    names = names or "npy_" in text or "column" in text
    return ("refused", text) if names else ("fault", f"the place is not named: {text}")


def _check_normalised(case: Case, data: Dataset) -> None:
    recipe = replace(recipe_for(case.model(data.name), data.name), normalize="standard")
    splits = preprocessed(data, data.train, None)
    scaler, target_scaler = scalers_for(recipe, data, splits["train"])
    if scaler is not None:
        for how in ("unit", "symmetric", "none"):
            fit_scaler(splits["train"].x, how)
        for part in ("train", "test"):
            _check_standard(splits["train"].x, splits[part].x, scaled(scaler, splits[part].x))
    if target_scaler is not None:
        trained_on, test = (splits[part].y.reshape(len(splits[part].y), -1) for part in ("train", "test"))
        _check_standard(trained_on, test, scaled_targets(target_scaler, test))


def _check_standard(train: np.ndarray, x: np.ndarray, found: np.ndarray) -> None:
    """Compares normalised values with the mean and deviation of each column in extended precision."""
    columns = train.reshape(-1, train.shape[-1]).astype(np.longdouble)
    x, found = x.reshape(-1, x.shape[-1]).astype(np.longdouble), found.reshape(-1, x.shape[-1])
    level = np.abs(columns).max(axis=0)
    kind = np.float64 if train.dtype.itemsize > 2 else np.float32  # in which the mean is stored
    spacing = np.spacing(level.astype(kind)).astype(np.longdouble)
    spread = columns.std(axis=0)
    varies = np.ptp(columns, axis=0) > 64 * spacing
    check(np.isfinite(found).all(), "a normalised value is not finite")
    if varies.any():
        wanted = (x - columns.mean(axis=0))[:, varies] / spread[varies]
        error = np.abs(found[:, varies] - wanted)
        allowed = 1e-6 + 1e-6 * np.abs(wanted) + (4 * spacing)[varies] / spread[varies]
        check((error <= allowed).all(), f"normalised values are {float(error.max()):.3g} off")


def _trained(case: Case, out: Path, verdict: str) -> tuple[str, str]:
    """Trains, evaluates and predicts; the exit code must be that of the verdict so far."""
    code, text = _command(case, out)
    if "Traceback" in text:
        return "fault", text
    if code in (2, 4):
        return _refused(case, text, code)
    if code or verdict == "refused":
        return "fault", f"exit {code} after {verdict}: {text}"
    metrics = json.loads((out / "result.json").read_text())["metrics"]
    check(metrics and all(value is not None and math.isfinite(value) for value in metrics.values()), f"{metrics}")
    model = load(out)
    data = load_data(model.about["dataset"], options=case.options)
    again = evaluate(model).metrics
    check(again == {name: metrics[name] for name in again}, f"evaluate {again}, training {metrics}")
    _check_answers(model, data, metrics)
    return "right", ""


def _command(case: Case, out: Path) -> tuple[int, str]:
    try:
        name = case.dataset()
        model = case.model(name)
    except ZooError as error:
        return error.exit_code, str(error)
    words = ["--model", model, "--dataset", name, "--out", str(out), "--quiet", "--no-pictures", "--ckpt-every", "off"]
    words += [] if model == "markov" else ["--steps", _STEPS, "--batch-size", "16"]
    for prefix, options in (("d", case.options), ("m", case.model_options)):
        for option, value in options.items():
            flag = f"--{prefix}.{option}"
            words += [flag if value else f"--no-{flag[2:]}"] * (value is True) or [f"{flag}={value}"] * (
                value is not False
            )
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(words)
    return code, said.getvalue()


def _check_answers(model: Trained, data: Dataset, metrics: dict) -> None:
    """Recomputes the metrics from the predictions for the test split in float64."""
    if model.task.name == "language":
        return
    said, true = model.predict_indices(data.test.x), np.asarray(data.test.y)
    if model.task.name != "regression":
        check(abs(np.mean(said == true) - metrics["accuracy"]) < 1e-6, "predict gives other classes than were scored")
        return
    error = np.abs(said.reshape(len(said), -1) - true.reshape(len(true), -1).astype(np.float64))
    spacing = np.spacing(np.abs(true).max().astype(np.float64))
    unit = error.max() or 1.0
    rmse = unit * np.sqrt(np.square(error / unit).mean())
    for name, value in (("mae", error.mean()), ("rmse", rmse)):
        check(abs(value - metrics[name]) <= 1e-4 * value + 4 * spacing, f"{name} {metrics[name]}, by hand {value}")
