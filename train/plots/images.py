"""Filters of a convolution, and the misclassified images with the highest confidence."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .grid import grid, pixels
from .style import class_names, empty, picture, short

__all__ = ["filters", "mistakes", "pixels_of", "worst_mistakes"]


def filters(kernel: np.ndarray, path: Path | str, most: int = 64) -> None:
    """Draws the kernels of a convolution on one scale: grey is 0, white the largest weight, black its negative.

    Args:
        kernel: (height, width, inputs, outputs). Three inputs are drawn in colour, others averaged.
        path: PNG file to write.
        most: maximum number of images.

    Raises:
        ValueError: if the kernel does not have four axes.
    """
    kernel = np.asarray(kernel, np.float64)
    if kernel.ndim != 4:
        raise ValueError(f"expected a (height, width, inputs, outputs) kernel, got shape {kernel.shape}")
    height, width, inputs, outputs = kernel.shape
    if inputs not in (1, 3):
        kernel = kernel.mean(axis=2, keepdims=True)
    shown = np.moveaxis(kernel, -1, 0)[:most]
    known = np.abs(shown[np.isfinite(shown)])
    top = known.max(initial=0) or 1.0
    scaled = np.clip(0.5 + np.nan_to_num(shown) / (2 * top), 0, 1)
    columns = 8 if len(scaled) <= 32 else 16
    title = f"{outputs} filters {height}x{width}, {inputs} input{'s' * (inputs > 1)}"
    title += f" (first {most} shown)" * (outputs > most) + " (mean over inputs)" * (inputs not in (1, 3))
    grid(scaled, [""] * len(scaled), columns, title, f"grey is 0, white {top:+.2g}, black {-top:+.2g}", path)


def mistakes(
    images: np.ndarray,
    truth: np.ndarray,
    predicted: np.ndarray,
    confidence: np.ndarray,
    classes: Sequence[str],
    path: Path | str,
    most: int = 24,
) -> None:
    """Draws misclassified images, the most confident first: `4 → 9 (98 %)` is a 4 classified as 9.

    Args:
        images: (examples, height, width, 1 or 3), as stored: integers up to 16 or 255, or floats.
        truth: (examples,) class indices.
        predicted: (examples,) class indices.
        confidence: (examples,) the probability of the predicted class.
        classes: class names; a class without a name is shown by its number.
        path: PNG file to write.
        most: maximum number of images.
    """
    wrong = int(np.count_nonzero(np.ravel(truth) != np.ravel(predicted)))
    if not wrong:
        with picture(path, height=1.6) as figure:
            empty(figure.subplots(), f"no errors: all {len(truth):,} test images correct")
        return
    worst, captions = worst_mistakes(truth, predicted, confidence, classes, most)
    long = any("\n" in caption for caption in captions)
    title = f"{wrong:,} of {len(truth):,} misclassified"
    title += ", most confident first" * (wrong > len(worst))
    grid(pixels_of(images, worst), captions, 6 if long else 8, title, "true → predicted (confidence)", path)


def worst_mistakes(
    truth: np.ndarray, predicted: np.ndarray, confidence: np.ndarray, classes: Sequence[str], most: int
) -> tuple[np.ndarray, list[str]]:
    """Returns the misclassified examples with the highest confidence, and a caption of each; arguments as `mistakes`.

    >>> worst_mistakes(np.array([4, 1, 2]), np.array([9, 1, 3]), np.array([0.5, 1, 0.98]), (), 8)[1]
    ['2 → 3 (98 %)', '4 → 9 (50 %)']
    """
    truth, predicted, confidence = (np.asarray(each).reshape(-1) for each in (truth, predicted, confidence))
    wrong = np.flatnonzero(truth != predicted)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    if not worst.size:
        return worst, []
    names = [short(name, 11) for name in class_names(classes, int(max(truth.max(), predicted.max())) + 1)]
    long = max(len(names[i]) for i in (*truth[worst], *predicted[worst])) > 3
    arrow = " →\n" if long else " → "
    return worst, [f"{names[truth[i]]}{arrow}{names[predicted[i]]} ({100 * confidence[i]:.0f} %)" for i in worst]


def pixels_of(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Returns some of the images from 0 to 1, by the range of all; those of a `DiskArray` by their own."""
    return pixels(images)[chosen] if isinstance(images, np.ndarray) else pixels(images[chosen])
