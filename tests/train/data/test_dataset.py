"""The list of data sets, what their options are and how they are checked, data sets of other packages."""

import inspect
import subprocess
import sys
from typing import get_args, get_origin

import numpy as np
import pytest

from zoo._plugins import _any_registered, plugins
from zoo.train.data import source as former
from zoo.train.data import sources as room
from zoo.train.data.dataset import Dataset, Place, Source, Split, load_data, source
from zoo.train.data.sources import names, sources
from zoo.train.errors import BadInput
from zoo.train.option_types import strip_optional

HERE = [
    name for name, data in sources().items() if data.load.__module__.rpartition(".")[2] in ("bundled", "playground")
]


def test_the_listing_of_sources_imports_neither_jax_nor_numpy():
    code = (
        "import sys; from zoo.train.data.sources import sources; assert len(sources()) >= 14; "
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
def test_arrays_agree_with_the_source(name):
    listed, data = source(name), load_data(name)
    assert (data.name, data.task) == (listed.name, listed.task)
    for x, y, lengths, _ in (data.train, data.test):
        assert lengths is None
        assert x.shape == (len(y), *listed.shape)
        assert x.dtype == (np.uint8 if listed.kind == "image" else np.float32)
        assert np.isfinite(x).all()
        assert y.ndim == 1
        if listed.task == "regression":
            assert y.dtype == np.float32
            assert data.target
        else:
            assert y.dtype == np.int32
            assert sorted(set(y.tolist())) == list(range(len(data.classes)))
    assert listed.outputs == (len(data.classes) if listed.task == "multiclass" else 1)
    assert len(data.features) in (listed.shape[-1], 0)


@pytest.mark.parametrize("name", names())
def test_every_option_has_a_plain_type_a_default_and_help(name):
    load = sources()[name].load
    place, *options = inspect.signature(load).parameters.values()
    assert place.name == "place"
    for option in options:
        assert option.kind is option.KEYWORD_ONLY
        kind, optional = strip_optional(option.annotation)
        assert not optional
        choices = get_args(kind)  # of a Literal
        if get_origin(kind) is tuple:  # several values of one plain type
            assert choices[0] in (int, float, str)
            assert option.default
            assert {*map(type, option.default)} == {choices[0]}
        else:
            assert choices or kind in (int, float, str, bool)
            assert option.default in choices if choices else type(option.default) is kind
        assert f"    {option.name}: " in inspect.getdoc(load)


def test_an_unknown_data_set_raises_with_the_nearest_name():
    with pytest.raises(BadInput, match="did you mean iris"):
        load_data("irsi")


def test_an_unknown_option_raises_with_the_nearest_name():
    with pytest.raises(BadInput, match=r"circle has no option 'noize'; did you mean noise\? \(it has: noise, examples"):
        load_data("circle", Place(), {"noize": 3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise": "much"}, "--d.noise of circle must be a number from 0 to 50, got 'much'"),
        ({"noise": float("nan")}, "from 0 to 50, got"),
        ({"noise": 51}, "from 0 to 50, got 51"),
        ({"noise": -1}, "from 0 to 50, got"),
        ({"examples": 100.0}, "a whole number from 10 to 1000000, got 100.0"),
        ({"examples": True}, "a whole number from 10 to 1000000, got True"),
        ({"examples": 0}, "--d.examples of circle must be a whole number from 10 to"),
        ({"train_share": 0.95}, r"--d.train-share of circle must be a number from 0\.1 to 0\.9"),
        ({"seed": -1}, "--d.seed of circle must be a whole number from 0 to 4294967295"),
    ],
)
def test_a_wrong_value_of_an_option_raises(options, message):
    with pytest.raises(BadInput, match=message):
        load_data("circle", Place(), options)


def test_a_whole_number_is_accepted_as_a_float():
    assert np.array_equal(load_data("circle", Place(), {"noise": 10}).train.x, load_data("circle").train.x)


def test_the_former_place_still_has_its_names():
    assert (former.Dataset, former.Source, former.Split, former.Place) == (Dataset, Source, Split, Place)
    assert former.load_data is load_data
    assert former.source is source


PACKAGE = '''
import numpy as np
from zoo.train.data.dataset import Dataset, Source, Split

def load(place, *, shift: int = 0):
    """Counts.

    Args:
        place: not used.
        shift: added to every number.
    """
    x = np.arange(8, dtype=np.float32)[:, None] + shift
    y = np.arange(8, dtype=np.int32) % 2
    return Dataset("counts", "binary", Split(x[:6], y[:6]), Split(x[6:], y[6:]), ("even", "odd"), ("n",))

SOURCES = (Source("counts", "eight numbers", "table", "binary", (1,), 1, load),)
digits = SOURCES[0]
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that installs a package with a module `counted` and these entry points of data sets."""

    def install(points):
        facts = tmp_path / "counted-2.0.dist-info"
        facts.mkdir()
        (tmp_path / "counted.py").write_text(PACKAGE)
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: counted\nVersion: 2.0\n")
        (facts / "entry_points.txt").write_text("[zoo.datasets]\n" + points)
        monkeypatch.syspath_prepend(str(tmp_path))
        return forget()

    def forget():
        for cached in (plugins, _any_registered, room.sources, room._registered):
            cached.cache_clear()
        sys.modules.pop("counted", None)

    yield install
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize("value", ["counted", "counted:digits"])
def test_a_data_set_of_another_package_is_listed_and_loaded(installed, value):
    installed(f"counts = {value}\n")
    assert "counts" in names()
    assert "counted" not in sys.modules, "the names need no import"
    assert sources()["counts"].about == "eight numbers"
    assert load_data("counts", Place(), {"shift": 3}).train.x[0, 0] == 3


def test_a_data_set_of_the_zoo_takes_precedence_over_a_registered_one(installed):
    installed("digits = counted:digits\n")
    assert source("digits").outputs == 10
    assert names().count("digits") == 1


def test_a_package_that_cannot_be_imported_is_named_and_the_others_are_still_listed(installed, capsys):
    installed("counts = counted\nlost = counted.nowhere\nother = counted\n")
    with pytest.raises(BadInput, match=r"data set 'lost' of counted 2.0 cannot be imported: .*nowhere"):
        source("lost")
    with pytest.raises(BadInput, match=r"data set 'other' of counted 2.0 .* has no such Source"):
        load_data("other")
    assert "counts" in sources()
    assert "lost" not in sources()
    assert "warning: data set 'lost'" in capsys.readouterr().err
