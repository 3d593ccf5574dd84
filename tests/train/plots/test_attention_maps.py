"""Pictures of attention: one panel for each map with its names, and the figure of a model for each kind of data."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

import zoo
from zoo.train.data.dataset import Split
from zoo.train.evaluation.pictures import _of_capabilities
from zoo.train.plots.attention import Map, attention_maps

pytestmark = pytest.mark.usefixtures("quick_compiler")


def test_each_map_has_a_panel_whose_axes_name_its_steps(drawn, tmp_path):
    maps = [Map(np.eye(2, 3), ["a", " ", "c"], ["x", "end"], "x"), Map(np.eye(60), title="y"), Map(np.zeros((1, 1)))]
    attention_maps(maps, tmp_path / "a.png", "weights", "read", "written")
    first, second, third, rest = drawn[0].axes
    assert [label.get_text() for label in first.get_xticklabels()] == ["a", "␣", "c"]
    assert [label.get_text() for label in first.get_yticklabels()] == ["x", "end"]
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("x", "y")
    colours = first.images[0].get_array()
    assert colours[0, 1].tolist() == [1, 1, 1]
    assert colours[0, 0].tolist() == pytest.approx([0, 0x72 / 255, 0xB2 / 255])
    assert (third.get_xlabel(), first.get_ylabel(), rest.axison) == ("read", "written", False)


MORE = [pytest.param(kind, marks=pytest.mark.expensive) for kind in ("sequence", "image")]


@pytest.mark.parametrize("kind", ["text", *MORE])
def test_a_model_with_attention_draws_its_heads(kind, drawn, tmp_path, key):
    options = {"width": 8, "heads": 2, "depth": 3}
    if kind == "image":
        x, model, names = np.random.default_rng(0).normal(size=(2, 4, 4, 1)), zoo.transformer(3, **options), ()
        split = Split(x.astype(np.float32), np.zeros(2))
    else:
        x, names = np.arange(90) % 5, tuple("abcde")
        model = zoo.transformer(5, each=True, vocabulary=5, causal=kind == "text", **options)
        split = Split(x, x) if kind == "text" else Split(x.reshape(9, 10), x, np.full(9, 7))
    params, state = jax.jit(model.init)(key, split.x if kind != "text" else split.x[None])
    trained = SimpleNamespace(model=model, params=params, state=state, scaler=None, about={"vocabulary": names})
    (draw,) = _of_capabilities(model)
    draw(SimpleNamespace(model=trained, data=SimpleNamespace(test=split), kind=kind, folder=tmp_path))
    panels, steps = drawn[0].axes, {"text": 40, "sequence": 7, "image": 4}[kind]
    assert [axes.get_title(loc="left") for axes in panels[:3]] == [
        "block 1, head 1",
        "block 1, head 2",
        "block 2, head 1",
    ]
    assert len(panels) == 6
    assert panels[0].images[0].get_array().shape[:2] == (steps, steps)
    assert len(panels[0].get_xticklabels()) == steps or not names


def test_models_without_further_fields_have_no_figures():
    assert _of_capabilities(zoo.mlp(2)) == []
