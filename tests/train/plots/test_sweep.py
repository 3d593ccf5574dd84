"""The plot of a sweep has a panel per hyperparameter and a dot per run."""

import numpy as np
from matplotlib.axes import Axes

from zoo.train.plots.sweep import sweep


def drawn(monkeypatch, found, path):
    """By title: the axes, as they were drawn."""
    titles = {}
    before = Axes.set_title

    def listen(self, text, **options):
        titles[text] = self
        return before(self, text, **options)

    monkeypatch.setattr(Axes, "set_title", listen)
    sweep(found, "accuracy", path)
    assert path.read_bytes().startswith(b"\x89PNG")
    return titles


def test_every_run_is_a_dot_and_the_line_joins_the_means(monkeypatch, tmp_path):
    found = [({"lr": 0.1, "m.hidden": (8,)}, [0.5, 0.7]), ({"lr": 0.01, "m.hidden": (8, 4)}, [0.8, 0.8])]
    panels = drawn(monkeypatch, found, tmp_path / "sweep.png")
    assert list(panels) == ["lr", "m.hidden"]
    *dots, means = panels["lr"].lines
    assert [sorted(line.get_ydata()) for line in dots] == [[0.8, 0.8], [0.5, 0.7]]
    np.testing.assert_allclose(means.get_ydata(), [0.8, 0.6])
    assert [label.get_text() for label in panels["m.hidden"].get_xticklabels()] == ["8", "8x4"]


def test_many_numbers_get_a_logarithmic_axis(monkeypatch, tmp_path):
    found = [({"lr": 10.0**-i}, [0.1 * i]) for i in range(13)]
    panels = drawn(monkeypatch, found, tmp_path / "sweep.png")
    assert panels["lr"].get_xscale() == "log"
    assert len(panels["lr"].lines) == 13, "no line joins random values"


def test_a_single_setting_has_no_panels(monkeypatch, tmp_path):
    assert drawn(monkeypatch, [({}, [0.9])], tmp_path / "sweep.png") == {}
