import sys

import pytest

from tests.plugin.test_plugin import install
from zoo import _catalogue, _plugins
from zoo._plugins import distribution, module_path, module_text, plugins
from zoo.train import tasks


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package whose import fails; it registers models by a new name and by the name of ours."""
    source = tmp_path / "source"
    (source / "broken" / "deep").mkdir(parents=True)
    (source / "broken" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (source / "broken" / "deep" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (source / "broken" / "deep" / "model.py").write_text(
        '"""A model."""\n\n\ndef other(*, width: int = 3):\n    pass\n\n\n'
        'TARGETS = {"pairs": "two numbers"}\nPER_STEP = ("pairs",)\n'
    )
    points = 'other = "broken.deep.model"\ncnn = "broken.deep.model:other"\nlost = "broken.nowhere"\n'
    (source / "pyproject.toml").write_text(
        '[project]\nname = "broken-models"\nversion = "0.1"\n'
        f'[project.entry-points."zoo.models"]\n{points}'
        '[project.entry-points."zoo.tasks"]\npairs = "broken.deep.model"\n'
        '[tool.setuptools]\npackages = ["broken"]\n'
    )
    target = tmp_path / "target"
    target.mkdir()
    install(source, target)
    clear()
    monkeypatch.syspath_prepend(str(target))
    yield
    clear()


def clear():
    for cached in (plugins, _plugins._any_registered, _catalogue.names):
        cached.cache_clear()


def test_without_registered_packages_the_metadata_of_none_is_parsed(monkeypatch):
    clear()
    monkeypatch.setattr(_plugins.sys, "path", ["/no/such/folder", __file__])
    monkeypatch.setitem(sys.modules, "importlib.metadata", None)
    assert dict(plugins("zoo.models")) == {}
    clear()


def test_a_registered_model_is_described_without_an_import(package):
    assert {"other", "cnn", "lost"} == set(plugins("zoo.models"))
    assert distribution(plugins("zoo.models")["other"]) == "broken-models 0.1"
    assert "other" in _catalogue.names()
    assert [option.name for option in _catalogue.card("other").options] == ["width"]
    assert module_text("broken.deep.model").startswith('"""A model."""')
    assert module_path("broken.deep.model:other").name == "model.py"
    assert not {"broken", "broken.deep"} & set(sys.modules)
    with pytest.raises(RuntimeError, match="imported"):
        _catalogue.factory("other")


def test_a_registered_task_says_which_targets_it_reads_without_an_import(package):
    assert "pairs" in tasks.names()
    assert (tasks.targets("pairs"), tasks.per_step("pairs")) == (("two numbers",), True)
    assert not {"broken", "broken.deep"} & set(sys.modules)


def test_a_registered_name_does_not_replace_a_model_of_the_zoo(package):
    assert "filters" in [option.name for option in _catalogue.card("cnn").options]
    assert _catalogue.factory("cnn").__module__ == "zoo.cnn"
    assert _catalogue.origin("cnn") == {}


def test_a_registered_module_that_does_not_exist_is_named(package):
    with pytest.raises(
        ValueError, match=r"lost of broken-models 0\.1 is damaged: there is no module 'broken\.nowhere'"
    ):
        _catalogue.card("lost")


def test_modules_without_a_source_file_are_rejected():
    with pytest.raises(ImportError, match="'sys' has no source file"):
        module_path("sys")
    with pytest.raises(ImportError, match=r"there is no module 'zoo\.nothing'"):
        module_path("zoo.nothing.more:f")


def test_a_model_of_the_users_own_is_unknown_until_it_is_named(tmp_path):
    (tmp_path / "once.py").write_text("def small(outputs: int):\n    return outputs + 1\n")
    with pytest.raises(ValueError, match=r"once:small is in a module of your own.*\./FILE\.py:small"):
        _catalogue.card("once:small")
    name = _catalogue.resolve(f"{tmp_path}/once.py:small")
    assert name == "once:small"
    assert _catalogue.resolve(name) == _catalogue.known(name) == name
    assert _catalogue.reference(name) == f"{tmp_path}/once.py:small"
    assert _catalogue.factory(name)(2) == 3
    assert _catalogue.card(name).decided == ("outputs",)
    assert "once" not in sys.modules
