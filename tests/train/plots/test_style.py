import sys
from subprocess import run

import numpy as np
import pytest

from zoo.train.plots.style import class_names, picture, save, short, tint


def test_a_plot_has_the_given_size_at_120_dots_per_inch(tmp_path):
    with picture(tmp_path / "deep" / "p.png", width=4, height=2) as figure:
        figure.subplots().plot([1, 2])
    data = (tmp_path / "deep" / "p.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (480, 240)


def test_a_png_contains_neither_time_nor_version(tmp_path):
    with picture(tmp_path / "p.png") as figure:
        figure.subplots()
    data = (tmp_path / "p.png").read_bytes()
    assert data.count(b"tEXt") == data.count(b"tEXtSoftware\0Neural Network Zoo") == 1
    assert b"tIME" not in data


def test_a_plot_that_fails_keeps_the_previous_file(tmp_path):
    path = tmp_path / "p.png"
    path.write_bytes(b"the earlier one")

    with pytest.raises(ZeroDivisionError), picture(path):
        raise ZeroDivisionError
    assert [each.name for each in tmp_path.iterdir()] == ["p.png"]
    assert path.read_bytes() == b"the earlier one"


def test_a_write_that_fails_leaves_no_partial_file(tmp_path):
    class Broken:
        def __getattr__(self, name):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        save(Broken(), tmp_path / "p.png")  # pyright: ignore[reportArgumentType]
    assert list(tmp_path.iterdir()) == []


def test_the_users_matplotlib_settings_are_neither_used_nor_changed(tmp_path):
    import matplotlib

    def draw(name):
        with picture(tmp_path / name) as figure:
            figure.subplots().plot([1, 2])
        return (tmp_path / name).read_bytes()

    plain = draw("a.png")
    with matplotlib.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "black"}):
        assert draw("b.png") == plain
        assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_a_power_of_ten_above_an_axis_does_not_overlap_the_title(tmp_path):
    with picture(tmp_path / "p.png") as figure:
        axes = figure.subplots()
        axes.plot([1e7, 2e7])
        title = axes.set_title("loss")
    power = axes.yaxis.get_offset_text()
    assert power.get_text() == "1e7"
    assert power.get_window_extent().x1 < title.get_window_extent().x0


def test_plots_need_neither_jax_nor_pyplot():
    modules = ", ".join(
        f"zoo.train.plots.{name}" for name in ("curves", "confusion", "images", "surface", "regression")
    )
    code = f"import sys, {modules}; print([m for m in ('jax', 'matplotlib.pyplot') if m in sys.modules])"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_tint_blends_white_with_the_colour():
    np.testing.assert_allclose(tint("#0000ff", np.array([0, 0.5, 1])), [[1, 1, 1], [0.5, 0.5, 1], [0, 0, 1]])


def test_a_class_without_a_name_is_shown_by_its_number():
    assert class_names(("cat", "dog"), 3) == ["cat", "dog", "2"]


def test_only_a_long_name_is_shortened():
    assert short("automobile", 10) == "automobile"
    assert short("automobiles", 10) == "automobil…"
