"""Export to ONNX by jax2onnx, verified by onnxruntime."""

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

_TOLERANCE = 1e-4  # relative to the outputs: float32 sums in a different order
_CHECKED = 5  # random inputs


def onnx(trained: Trained) -> bytes:
    """Converts a model to the content of an ONNX file with one input `x` and one output `answer`, for any batch size.

    The file computes in float32, because ONNX Runtime has no bfloat16 convolution on the CPU.

    Args:
        trained: the saved model.

    Raises:
        BadInput: if jax2onnx or onnxruntime is not installed, or jax2onnx cannot express the model.
        RunFailed: if onnxruntime cannot run the file, or its outputs differ from those of the model.
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
            converted = jax2onnx.to_onnx(
                plain(answer(trained)),
                [symbolic(trained)],
                model_name=f"{name}_{trained.about['dataset']}",
                input_names=["x"],
                output_names=["answer"],
            )
    except (NotImplementedError, ValueError, TypeError, RuntimeError, KeyError) as error:
        reason = str(error).split("\n")[0]
        raise BadInput(
            f"{name} cannot be converted to ONNX: {reason}. --format stablehlo supports every model"
        ) from error
    entry = converted.metadata_props.add()
    entry.key, entry.value = "zoo", json.dumps(description(trained))
    return converted.SerializeToString()


def _check(onnxruntime: Any, content: bytes, trained: Trained) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: notes on its optimisations are of no interest here
    x = _random_inputs(trained)
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (outputs,) = session.run(None, {session.get_inputs()[0].name: x})
    except Exception as error:  # onnxruntime has an exception type per status
        reason = str(error).partition("\n")[0]
        raise RunFailed(
            f"onnxruntime cannot run {trained.about['model']}: {reason}; no file was written. "
            "--format stablehlo supports every model"
        ) from error
    expected = np.asarray(answer(trained)(x))
    error = np.abs(outputs - expected).max() / max(1.0, float(np.abs(expected).max()))
    if not error <= _TOLERANCE:
        raise RunFailed(
            f"the outputs of onnxruntime differ from those of {trained.about['model']} by {error:.2g} (tolerance "
            f"{_TOLERANCE:g}); no file was written"
        )


def _random_inputs(trained: Trained) -> np.ndarray:
    """Draws inputs with the mean and scale of the training data, or random tokens."""
    rng = np.random.default_rng(0)
    shape, dtype = (_CHECKED, *trained.input_shape), example(trained)[1]
    if trained.about["made_for"]["vocabulary"]:
        return rng.integers(0, len(trained.about["vocabulary"]), shape).astype(dtype)
    scaled = rng.normal(size=shape)
    return np.asarray(trained.scaler.invert(scaled) if trained.scaler else scaled, dtype)


@contextlib.contextmanager
def _quiet():
    """Suppresses the log messages of the converter."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "jax2onnx")]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
