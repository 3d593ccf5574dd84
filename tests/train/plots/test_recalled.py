"""Picture of recalled patterns: of few patterns its texts stay apart."""

from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from zoo.train.plots import style
from zoo.train.plots.recalled import recalled


def test_the_texts_above_the_images_of_few_patterns_stay_apart(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(style, "save", lambda figure, path: (FigureCanvasAgg(figure).draw(), drawn.append(figure)))
    images = np.zeros((2, 4, 4, 1))
    recalled({"stored": images, "damaged": images}, None, tmp_path / "unused.png", "grey: unknown")
    (axes,) = drawn[0].axes
    titles = [each for each in (axes.title, axes._left_title, axes._right_title) if each.get_text()]
    assert any("grey: unknown" in each.get_text() for each in titles)
    boxes = [each.get_window_extent() for each in titles]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
