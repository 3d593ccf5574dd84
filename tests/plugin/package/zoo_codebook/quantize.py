"""Quantization: the output is an approximation of the input."""

import jax.numpy as jnp
import numpy as np

from zoo.train.tasks.task import Task


def quantize() -> Task:
    """Builds the approximation of examples by prototypes, scored by the mean squared distance (distortion)."""

    def distortion(outputs, target):
        return jnp.mean((outputs - target) ** 2, axis=-1)

    return Task(
        "quantize",
        distortion,
        {"distortion": distortion},
        lambda means: means,
        "distortion",
        False,
        predict=lambda outputs: outputs,
        probabilities=None,
        target=lambda batch: batch["x"],
        units="example",
        gives="prototypes",
        output="prototypes",
        describe=_describe,
    )


def _describe(trained, x, score):
    for example, prototype in zip(x, trained.predict(x), strict=True):
        yield {"distance": float(np.linalg.norm(example - prototype)), "prototype": prototype.tolist()}
