"""Picture of the most likely next tokens: which are drawn where, which are framed, and the figure of a model."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from zoo.train.data.dataset import Split
from zoo.train.plots.next_tokens import next_tokens
from zoo.train.tasks._next_tokens_figure import draw_next_tokens

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_guesses_are_ordered_by_probability_and_the_right_one_is_framed(drawn, tmp_path):
    shares = np.array([[0.1, 0.7, 0.2], [1.0, 0.0, 0.0]])
    next_tokens(np.array([2, 0]), shares, ["a", " ", "\n"], tmp_path / "n.png", "title")
    (axes,) = drawn[0].axes
    rows = {(text.get_position()[0] - 0.5, text.get_position()[1]): text.get_text() for text in axes.texts}
    assert [rows[0, -0.6], rows[1, -0.6]] == ["⏎", "a"]
    assert [rows[0, 0.5], rows[0, 1.5], rows[0, 2.5]] == ["␣", "⏎", "a"]
    framed = {patch.get_xy() for patch in axes.patches if to_hex(patch.get_edgecolor()) == "#24292f"}
    assert framed == {(0, 1), (1, 0)}
    strength = {patch.get_xy(): patch.get_facecolor()[0] for patch in axes.patches}
    assert strength[0, 0] == pytest.approx(0.3)  # the red of this blue is 0
    assert strength[1, 1] == 1


def test_long_texts_stop_and_long_words_are_cut(drawn, tmp_path):
    names = ["incomprehensible", "b", "c", "d", "e", "f"]
    next_tokens(np.zeros(100, int), np.full((100, 6), 1 / 6), names, tmp_path / "n.png", "title")
    assert [len(axes.patches) for axes in drawn[0].axes] == [50] * 4
    assert drawn[0].axes[0].texts[0].get_text() == "incompr…"


@pytest.mark.parametrize("length", [2, 10, 300])
def test_a_text_is_drawn_from_what_comes_before_each_token(length, drawn, tmp_path):
    """Each probability stands under the token that follows what the model has read."""
    text = np.arange(length) % 3

    def probabilities(x):
        return np.eye(3)[(x + 1) % 3]  # knows the text

    model = SimpleNamespace(about={"vocabulary": tuple("abc")}, probabilities=probabilities)
    test = Split(text, text)
    draw_next_tokens(SimpleNamespace(model=model, data=SimpleNamespace(test=test), folder=tmp_path))
    cells = [patch for axes in drawn[0].axes for patch in axes.patches if patch.get_y() == 0]
    assert len(cells) == {2: 1, 10: 5, 300: 80}[length]
    assert all(to_hex(patch.get_facecolor()) == "#0072b2" for patch in cells)
