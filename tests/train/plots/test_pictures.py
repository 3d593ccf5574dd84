"""All plots: a valid PNG, the same bytes from the same data, other bytes from other data, no pyplot."""

import sys
import warnings

import numpy as np
import pytest

from zoo.train.plots.confusion import confusion
from zoo.train.plots.curves import curves
from zoo.train.plots.generated_images import interpolation, nearest, samples
from zoo.train.plots.images import filters, mistakes
from zoo.train.plots.regression import regression
from zoo.train.plots.surface import decision_surface

RANDOM = np.random.default_rng(0)
DIGITS = RANDOM.integers(0, 17, (12, 8, 8, 1)).astype(np.uint8)
POINTS = RANDOM.normal(size=(30, 2))


def pixels(path):
    from matplotlib.image import imread

    return imread(path)


def rows(epochs=4, split="test", **values):
    values = values or {"loss": 0.5, "accuracy": 0.9}
    return [
        {"split": split, "step": 10 * e, "epoch": float(e)} | {k: v / e for k, v in values.items()}
        for e in range(1, epochs + 1)
    ]


def sides(points):
    """Probabilities of the two half planes."""
    right = 1 / (1 + np.exp(-4 * points[:, 0]))
    return np.stack([1 - right, right], axis=-1)


def surface(path, predict=sides, classes=("left", "right"), points=POINTS, y=None):
    y = (points[:, 0] > 0).astype(np.int32) if y is None else y
    decision_surface(predict, points[:20], y[:20], points[20:], y[20:], path, classes)


PICTURES = {
    "curves": lambda path: curves(rows() + rows(split="train"), path, best_epoch=2),
    "confusion": lambda path: confusion(np.array([[5, 1], [0, 7]]), ["no", "yes"], path),
    "filters": lambda path: filters(np.arange(72.0).reshape(3, 3, 1, 8) - 36, path),
    "mistakes": lambda path: mistakes(DIGITS, np.arange(12) % 10, np.arange(12) % 9, np.linspace(0, 1, 12), [], path),
    "samples": lambda path: samples(DIGITS, path),
    "samples by class": lambda path: samples(np.repeat(DIGITS, 3, axis=-1), path, ("a", "b", "c", "d"), "letters"),
    "interpolation": lambda path: interpolation(DIGITS.reshape(2, 6, 8, 8, 1), path),
    "nearest": lambda path: nearest(DIGITS[:5], DIGITS[5:10], path),
    "surface": surface,
    "values": lambda path: surface(path, lambda points: points.sum(axis=1), (), y=POINTS.sum(axis=1)),
    "regression": lambda path: regression(POINTS[:, 0], POINTS[:, 1], path, "height (m)"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_data_gives_the_same_bytes_of_a_valid_png(name, tmp_path):
    PICTURES[name](tmp_path / "a.png")
    PICTURES[name](str(tmp_path / "b.png"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    image = pixels(tmp_path / "a.png")
    assert 100 < image.shape[0] < 1500
    assert 400 < image.shape[1] < 1500
    assert image[..., :3].std() > 0.02
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


CURVES = {
    "one row": rows(1),
    "nothing": [],
    "only the loss": rows(loss=1.0),
    "three splits": rows() + rows(split="val") + rows(split="train"),
    "not a number": [*rows(), {"split": "test", "step": 50, "epoch": 5.0, "loss": np.nan, "accuracy": None}],
    "never a number": rows(loss=np.nan, accuracy=np.inf),
    "before the first evaluation": rows(split="train"),
    "decades": rows(loss=1e6, r2=1) + rows(loss=1e-3, r2=1),
    "a loss of zero": rows(loss=0.0, r2=-1.0),
    "many rows": rows(500, split="train") + rows(50),
}


@pytest.mark.parametrize("case", CURVES)
def test_curves_are_drawn_of(case, tmp_path):
    curves(CURVES[case], tmp_path / "c.png", best_epoch=1)
    assert pixels(tmp_path / "c.png").shape[:2] == (408, 960)


def test_the_second_panel_shows_the_given_headline(tmp_path):
    data = [row | {"f1": 0.1 * row["epoch"]} for row in rows()]
    curves(data, tmp_path / "accuracy.png")
    curves(data, tmp_path / "f1.png", headline="f1")
    one, other = pixels(tmp_path / "accuracy.png"), pixels(tmp_path / "f1.png")
    assert (one[40:, 480:] != other[40:, 480:]).any()


@pytest.mark.parametrize("count", [1, 3, 24, 50])
def test_a_confusion_matrix_of_many_classes_fits_a_page(count, tmp_path):
    matrix = np.diag(RANDOM.integers(900, 1100, count)) + RANDOM.poisson(0.3, (count, count))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        confusion(matrix, [f"a class with a long name {i}" for i in range(count)], tmp_path / "c.png")
    assert max(pixels(tmp_path / "c.png").shape) <= 1440


def test_the_diagonal_is_blue_an_error_orange_and_a_class_without_examples_white(tmp_path):
    confusion(np.array([[9, 0, 0], [7, 2, 0], [0, 0, 0]]), "abc", tmp_path / "c.png")
    image = pixels(tmp_path / "c.png")[..., :3]
    assert (image[..., 2] - image[..., 0] > 0.5).sum() > 5000
    assert (image[..., 0] - image[..., 2] > 0.5).sum() > 5000


def test_a_matrix_that_is_not_square_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"classes, classes.*\(2, 3\)"):
        confusion(np.zeros((2, 3)), [], tmp_path / "c.png")


def test_a_class_name_may_hold_any_character(tmp_path):
    confusion(np.eye(3), ["$x_1^", "猫", "100 %"], tmp_path / "c.png")
    assert (tmp_path / "c.png").exists()


@pytest.mark.parametrize("shape", [(3, 3, 1, 1), (5, 5, 3, 16), (3, 3, 64, 200), (1, 1, 2, 5), (7, 3, 1, 33)])
def test_filters_of_every_shape_are_drawn(shape, tmp_path):
    filters(RANDOM.normal(size=shape).astype(np.float32), tmp_path / "f.png")
    assert pixels(tmp_path / "f.png").shape[1] == 960


def test_a_weight_of_zero_is_grey_and_the_scale_is_symmetric(tmp_path):
    kernel = np.zeros((3, 3, 1, 8))
    filters(kernel, tmp_path / "zero.png")
    kernel[..., 0], kernel[..., 1] = 2.0, -2.0
    filters(kernel, tmp_path / "f.png")
    assert pixels(tmp_path / "zero.png")[90, 60, 0] == pytest.approx(0.5, abs=0.01)
    assert [round(float(pixels(tmp_path / "f.png")[90, x, 0]), 1) for x in (60, 180, 300)] == [1.0, 0.0, 0.5]


def test_three_inputs_are_shown_as_colours(tmp_path):
    kernel = np.zeros((3, 3, 3, 8))
    kernel[:, :, 0, 0] = 1  # looks for red
    filters(kernel, tmp_path / "f.png")
    np.testing.assert_allclose(pixels(tmp_path / "f.png")[90, 60, :3], [1, 0.5, 0.5], atol=0.01)


def test_a_dense_kernel_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"height, width, inputs, outputs.*\(784, 10\)"):
        filters(np.zeros((784, 10)), tmp_path / "f.png")


def worst(path, images, confidence=None, count=8):
    truth = np.zeros(count, np.int32)
    mistakes(images, truth, truth + 1, np.full(count, 0.5) if confidence is None else confidence, ["a", "b"], path)
    return pixels(path)


@pytest.mark.parametrize(
    ("dtype", "top"), [(np.uint8, 16), (np.uint8, 255), (np.float32, 1.0), (np.float32, 16.0), (np.uint8, 1)]
)
def test_white_is_white_for_every_storage_type(dtype, top, tmp_path):
    images = np.zeros((8, 8, 8, 1), dtype)
    images[0] = top
    image = worst(tmp_path / "m.png", images)
    assert [image[100, 60, 0], image[100, 180, 0]] == [1, 0]


def test_the_most_confident_error_comes_first(tmp_path):
    images = np.zeros((8, 8, 8, 3), np.uint8)
    images[5, ..., 1] = 255  # green
    image = worst(tmp_path / "m.png", images, np.array([0.5, 0.6, 0.7, 0.5, 0.5, 0.9, 0.5, 0.5]))
    np.testing.assert_allclose(image[100, 60, :3], [0, 1, 0])


def test_a_plot_without_errors_is_small(tmp_path):
    truth = np.arange(12) % 2
    mistakes(DIGITS, truth, truth, np.ones(12), ["a", "b"], tmp_path / "m.png")
    image = pixels(tmp_path / "m.png")
    assert image.shape[:2] == (192, 960)
    assert image[..., :3].min() < 0.6


def test_a_surface_has_the_colour_of_the_class_on_each_side(tmp_path):
    surface(tmp_path / "s.png")
    image = pixels(tmp_path / "s.png")
    left, right = image[40, 120, :3], image[40, 640, :3]
    assert left[2] > left[0] + 0.2
    assert right[0] > right[2] + 0.2


@pytest.mark.parametrize(
    ("predict", "classes"),
    [
        (lambda p: np.full((len(p), 3), 1 / 3), ("a", "b", "c")),
        (lambda p: sides(p)[:, 1:], ("left", "right")),
        (lambda p: np.full((len(p), 2), np.nan), ("left", "right")),
        (lambda p: np.zeros((len(p), 1)), ()),
        (lambda p: np.eye(12)[np.clip(p[:, 0] * 2 + 5, 0, 11).astype(int)], [str(i) for i in range(12)]),
    ],
    ids=["undecided", "one probability", "not a number", "constant value", "twelve classes"],
)
def test_a_surface_is_drawn_of(predict, classes, tmp_path):
    surface(tmp_path / "s.png", predict, classes)
    assert (tmp_path / "s.png").stat().st_size > 5000


def test_a_single_probability_is_that_of_the_second_class(tmp_path):
    surface(tmp_path / "two.png")
    surface(tmp_path / "one.png", lambda points: sides(points)[:, 1])
    np.testing.assert_allclose(pixels(tmp_path / "two.png"), pixels(tmp_path / "one.png"), atol=0.02)


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (np.ones(1), np.ones(1)),
        (np.ones(9), np.zeros(9)),
        (np.arange(6.0).reshape(3, 2), np.ones((3, 2))),
        (np.arange(4.0), np.array([0.0, np.nan, 2, np.inf])),
        (np.arange(4.0), np.full(4, np.nan)),
        (np.arange(20_000.0), np.arange(20_000.0)[:, None] + 1),
    ],
    ids=["one", "constant", "two outputs", "some not finite", "none finite", "many"],
)
def test_a_regression_is_drawn_of(truth, predicted, tmp_path):
    regression(truth, predicted, tmp_path / "r.png")
    assert pixels(tmp_path / "r.png").shape[:2] == (408, 960)


def test_a_regression_requires_one_prediction_per_value(tmp_path):
    with pytest.raises(ValueError, match="4 values, predicted 3"):
        regression(np.zeros(4), np.zeros(3), tmp_path / "r.png")
