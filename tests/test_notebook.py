"""The notebook for Colab runs from top to bottom, and lies here without what it printed."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

import zoo

PROJECT = Path(__file__).parent.parent
NOTEBOOK = PROJECT / "notebooks" / "zoo_on_colab.ipynb"
HOUSE = str(Path(zoo.__file__).parent.parent)
ADDRESS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]


def test_the_notebook_is_kept_without_outputs_and_with_names_that_stay():
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    for cell in book["cells"]:
        assert re.fullmatch("[a-z-]+", cell["id"]), "a name that says what the cell is for, not a random one"
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    names = [cell["id"] for cell in book["cells"]]
    assert len(set(names)) == len(names)


def test_the_readme_and_the_notebook_name_the_repository_of_the_package():
    readme, book = (PROJECT / "README.md").read_text(encoding="utf-8"), NOTEBOOK.read_text(encoding="utf-8")
    where = ADDRESS.removeprefix("https://github.com/")
    assert f"https://colab.research.google.com/github/{where}/blob/main/notebooks/{NOTEBOOK.name}" in readme
    addresses = re.findall(r"https://github\.com/[^/\s]+/[\w-]+", book)
    assert len(addresses) >= 3
    assert set(addresses) == {ADDRESS}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebook after a run with short settings, and the folder that it ran in."""
    nbclient = pytest.importorskip("nbclient", reason="the notebook's test needs nbclient and ipykernel: extra test")
    pytest.importorskip("ipykernel", reason="the notebook's test needs nbclient and ipykernel: extra test")
    nbformat = pytest.importorskip("nbformat")
    book, folder = nbformat.read(NOTEBOOK, as_version=4), tmp_path_factory.mktemp("notebook")
    nbformat.validate(book)
    paths = os.pathsep.join([HOUSE, str(PROJECT)])  # an installed package has no measurements beside it
    settings = {"ZOO_SHORT": "1", "PYTHONPATH": paths, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    client = nbclient.NotebookClient(book, timeout=None, resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, **settings})
    return book, folder / "zoo-runs"


def printed(book, name):
    outputs = next(cell for cell in book.cells if cell["id"] == name).outputs
    return "".join(each["text"] for each in outputs if each["output_type"] == "stream")


def pictures(book, name):
    outputs = next(cell for cell in book.cells if cell["id"] == name).outputs
    return [each["data"]["image/png"] for each in outputs if "image/png" in each.get("data", {})]


def metrics(run):
    return json.loads((run / "result.json").read_text(encoding="utf-8"))["metrics"]


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_leaves_jax_alone_and_shows_the_devices(ran):
    before, after = re.findall(r"jax (?:before|after): *(\S+)", printed(ran[0], "install"))
    assert before == after != "none"
    assert "Device(" in printed(ran[0], "devices")


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_reads_digits(ran):
    book, runs = ran
    assert metrics(runs / "cnn")["accuracy"] > 0.9
    assert len(pictures(book, "cnn-pictures")) == 2


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_writes_after_it_was_killed_and_resumed(ran):
    book, runs = ran
    assert "killed, exit code -9" in printed(book, "lstm")
    assert re.search(r"resumed +step \d+ of 22 ", printed(book, "resume"))
    assert metrics(runs / "lstm")["bpc"] < 5, "a guess: 6.6"
    text = printed(book, "sample")
    assert text.startswith("def ")
    assert len(text.replace("\r\n", "\n").removesuffix("\n")) == len("def ") + 400


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_recalls_maps_and_attends(ran):
    book, runs = ran
    assert metrics(runs / "hopfield")["exact"] > 0.9
    assert metrics(runs / "kohonen")["quantisation_error"] < 0.6
    assert metrics(runs / "transformer")["accuracy"] > 0.2, "a guess: 0.1"
    assert [len(pictures(book, name)) for name in ("energy", "map", "transformer")] == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_learns_a_table_and_arrays(ran):
    book, runs = ran
    assert metrics(runs / "table")["accuracy"] > 0.8
    lines = (runs / "predictions.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "input,class,probability,p(no),p(yes)"
    assert len(lines) == 401
    assert float(re.search(r"accuracy ([\d.]+)", printed(book, "arrays"))[1]) > 0.9


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_measures_the_device_in_tiny_sizes_on_a_cpu(ran):
    book, runs = ran
    assert re.search(r"device .* \(cpu\); tiny sizes", printed(book, "accelerator"))
    assert json.loads((runs / "accelerator" / "results.json").read_text(encoding="utf-8"))["about"]["sizes"] == "tiny"
    shown = next(cell for cell in book.cells if cell["id"] == "accelerator").outputs[-1]["data"]["text/markdown"]
    assert "# Measured by `python -m benchmarks.accelerator`" in shown


@pytest.mark.slow
@pytest.mark.expensive
def test_the_notebook_draws(ran):
    book, runs = ran
    assert metrics(runs / "dcgan")["frechet"] < 1.5, "untrained: 1.6"
    drawn = pictures(book, "gan-pictures")
    assert len(drawn) == len(set(drawn)) == 4
