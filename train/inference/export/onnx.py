"""A saved model as ONNX, by jax2onnx, tried out by onnxruntime before it is given out."""

import contextlib
import json
import logging
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import BadInput, RunFailed
from ...trained.build import ModelSpec, build
from ...trained.model import Trained
from .answer import answer, description, example, symbolic
from .plain import plain

__all__ = ["onnx"]

_TOLERANCE = 1e-4  # of the answers' own size: float32 sums in another order
_TRIED = 5


def onnx(trained: Trained) -> bytes:
    """The content of an ONNX file with one input `x` and one output `answer`, for any batch size.

    It computes in float32, as ONNX Runtime knows no convolution of bfloat16 on the CPU; so does what is compared.

    Raises:
        BadInput: if jax2onnx or onnxruntime is not installed, or jax2onnx cannot express the model.
        RunFailed: if onnxruntime cannot run it, or computes something else than the model does.
    """
    try:
        import jax2onnx  # pyright: ignore[reportMissingImports]
        import onnxruntime  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise BadInput(
            f"--format onnx needs jax2onnx and onnxruntime ({error}): pip install jax2onnx onnxruntime "
            "(the zoo's extra `onnx`)"
        ) from error
    trained = _in_float32(trained)
    content = _converted(jax2onnx, trained)
    _check(onnxruntime, content, trained)
    return content


def _in_float32(trained: Trained) -> Trained:
    about = trained.about
    if about.get("dtype", "float32") == "float32":
        return trained
    return replace(trained, model=build(about["model"], ModelSpec.of(about["made_for"]), about["options"]))


def _converted(jax2onnx: Any, trained: Trained) -> bytes:
    name = trained.about["model"]
    try:
        with _quiet():
            made = jax2onnx.to_onnx(
                plain(answer(trained)),
                [symbolic(trained)],
                model_name=f"{name}_{trained.about['dataset']}",
                input_names=["x"],
                output_names=["answer"],
            )
    except (NotImplementedError, ValueError, TypeError, RuntimeError, KeyError) as error:
        reason = str(error).split("\n")[0]
        raise BadInput(f"{name} cannot be made ONNX: {reason}. --format stablehlo takes every model") from error
    entry = made.metadata_props.add()
    entry.key, entry.value = "zoo", json.dumps(description(trained))
    return made.SerializeToString()


def _check(onnxruntime: Any, content: bytes, trained: Trained) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; what it can leave out of a program is its own affair
    x = _tried(trained)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (said,) = session.run(None, {session.get_inputs()[0].name: x})
    except Exception as error:  # of a kind of its own for each of its statuses
        reason = str(error).partition("\n")[0]
        raise RunFailed(
            f"onnxruntime cannot run {trained.about['model']}: {reason}; nothing was written. "
            "--format stablehlo takes every model"
        ) from error
    wanted = np.asarray(answer(trained)(x))
    far = np.abs(said - wanted).max() / max(1.0, float(np.abs(wanted).max()))
    if not far <= _TOLERANCE:
        raise RunFailed(f"onnxruntime differs from {trained.about['model']} by {far:.2g}: nothing was written")


def _tried(trained: Trained) -> np.ndarray:
    """A few inputs as like the training data as the file tells."""
    rng = np.random.default_rng(0)
    shape, dtype = (_TRIED, *trained.input_shape), example(trained)[1]
    if trained.about["made_for"]["vocabulary"]:
        return rng.integers(0, len(trained.about["vocabulary"]), shape).astype(dtype)
    like = rng.normal(size=shape).astype(np.float32)
    return np.asarray(trained.scaler.invert(like) if trained.scaler else like, dtype)


@contextlib.contextmanager
def _quiet():
    """Keeps the converter's remarks on its own workings out of the terminal."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "jax2onnx")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
