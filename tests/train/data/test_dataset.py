"""The list of data sets, and how their options are checked."""

import inspect
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

from zoo.train.data.dataset import SOURCES, Place, load_data, source
from zoo.train.errors import BadInput

HERE = [name for name, data in SOURCES.items() if data.load.__module__.rpartition(".")[2] in ("bundled", "playground")]


def test_the_listing_of_sources_imports_neither_jax_nor_numpy():
    code = (
        "import sys; from zoo.train.data.dataset import SOURCES; assert len(SOURCES) >= 14; "
        "print(sorted({'jax', 'numpy', 'sklearn', 'urllib.request'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_loading_bundled_data_imports_neither_jax_nor_sklearn():
    code = (
        "import sys; from zoo.train.data.dataset import load_data; load_data('digits'); load_data('spiral'); "
        "print(sorted({'jax', 'sklearn', 'urllib.request'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize("name", HERE)
def test_arrays_are_what_the_source_says(name):
    said, data = source(name), load_data(name)
    assert (data.name, data.task) == (said.name, said.task)
    for x, y, lengths in (data.train, data.test):
        assert lengths is None
        assert x.shape == (len(y), *said.shape)
        assert x.dtype == (np.uint8 if said.kind == "image" else np.float32)
        assert np.isfinite(x).all()
        assert y.ndim == 1
        if said.task == "regression":
            assert y.dtype == np.float32
            assert data.target
        else:
            assert y.dtype == np.int32
            assert sorted(set(y.tolist())) == list(range(len(data.classes)))
    assert said.outputs == (len(data.classes) if said.task == "multiclass" else 1)
    assert len(data.features) in (said.shape[-1], 0)


@pytest.mark.parametrize("name", SOURCES)
def test_every_option_has_a_plain_type_a_default_of_it_and_a_line_of_help(name):
    load = SOURCES[name].load
    place, *options = inspect.signature(load).parameters.values()
    assert place.name == "place"
    for option in options:
        assert option.kind is option.KEYWORD_ONLY
        choices = get_args(option.annotation)  # of a Literal
        assert choices or option.annotation in (int, float, str, bool)
        assert option.default in choices if choices else type(option.default) is option.annotation
        assert f"    {option.name}: " in inspect.getdoc(load)


def test_an_unknown_data_set_is_answered_with_the_nearest():
    with pytest.raises(BadInput, match="did you mean iris"):
        load_data("irsi")


def test_an_unknown_option_is_answered_with_the_nearest():
    with pytest.raises(BadInput, match=r"circle has no option 'noize'; did you mean noise\? it has: noise, examples"):
        load_data("circle", Place(), {"noize": 3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "much"}, "noise of circle must be a number, got 'much'"),
        ({"noise": float("nan")}, "between 0 and 50"),
        ({"noise": 51}, "between 0 and 50, got 51"),
        ({"noise": -1}, "between 0 and 50"),
        ({"examples": 100.0}, "of type int, got 100.0"),
        ({"examples": True}, "of type int, got True"),
        ({"examples": 0}, "--d.examples must lie between 10"),
        ({"train_share": 0.95}, r"between 0\.1 and 0\.9"),
        ({"seed": -1}, "--d.seed must lie between 0"),
    ],
)
def test_a_wrong_value_of_an_option_is_refused(options, message):
    with pytest.raises(BadInput, match=message):
        load_data("circle", Place(), options)


def test_a_whole_number_passes_for_a_float():
    assert np.array_equal(load_data("circle", Place(), {"noise": 10}).train.x, load_data("circle").train.x)
