"""Drawings of models: notation, geometry, both writers, and the rows of the Neural Network Zoo chart."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import zoo
from zoo.__main__ import main
from zoo.train.chart.kinds import KINDS
from zoo.train.chart.layout import drawn
from zoo.train.chart.notation import read_chart, resolve
from zoo.train.chart.png import png
from zoo.train.chart.rows import ROWS, columns_of, drawing_of, rows
from zoo.train.chart.shapes import Circle, Line, Text
from zoo.train.chart.sheet import portrait
from zoo.train.chart.svg import svg
from zoo.train.cli.draw import chart_picture, recipe_of
from zoo.train.config.recipe import book
from zoo.train.errors import BadInput

SVG = "{http://www.w3.org/2000/svg}"


def columns(text, **values):
    data = {"inputs": 2, "features": 2, "outputs": 1}
    return resolve(read_chart(f"none; {text}", "test"), values, data)


def circles(shapes):
    """Cells by colour; the white rims and the dots of a column that goes on are left out."""
    return [each for each in shapes if isinstance(each, Circle) and each.radius == 10]


def lines(shapes):
    """Connections; signs of cells have other colours."""
    return [each for each in shapes if isinstance(each, Line) and each.colour != "#FFFFFF"]


def test_each_row_has_at_most_one_model_and_its_command_trains_it():
    for row in rows():
        named = [name for name in zoo.list_models() if row.short in drawing_of(name).rows]
        assert named in ([row.model], []), row
        assert (row.model == "") == (not named)
        if row.model:
            assert recipe_of(row).model == row.model
    assert [row.short for row in rows()] == list(ROWS)
    assert len(ROWS) == 31


def test_the_feed_forward_row_has_one_hidden_layer_and_the_deep_one_several():
    found = {row.short: columns_of(row.model, recipe_of(row).m, recipe_of(row).dataset) for row in rows() if row.model}
    assert [len(found[short]) - 2 for short in ("P", "FF", "DFF")] == [0, 1, 2]


def test_a_dense_network_has_all_connections_between_neighbouring_columns():
    shapes = drawn(columns("input -> hidden (hidden) -> output", hidden=(3, 2))).shapes
    assert len(circles(shapes)) == 2 + 3 + 2 + 1
    assert len(lines(shapes)) == 2 * 3 + 3 * 2 + 2 * 1
    ends = {point for line in lines(shapes) for point in line.points}
    assert ends == {(each.x, each.y) for each in circles(shapes)}
    assert [each.text for each in shapes if isinstance(each, Text)] == ["2", "3", "2", "1"]


def test_connections_differ_by_what_they_are():
    ring = drawn(columns("ring of backfed input (inputs) and hidden (width)", width=2)).shapes
    assert len(lines(ring)) == 4 * 3 / 2  # each pair
    random = drawn(columns("input ~> hidden (width) -> output", width=2)).shapes
    assert [line.dashed for line in lines(random)] == [True] * 4 + [False] * 2
    local = drawn(columns("convolution (width) -> convolution (width)", width=3)).shapes
    assert len(lines(local)) == 3 + 2 + 2  # itself and its neighbours
    past = drawn(columns("input -> residual hidden (width) -> output", width=2)).shapes
    arcs = [line for line in lines(past) if len(line.points) > 2]
    assert len(arcs) == 1
    assert arcs[0].points[0][0] < arcs[0].points[-1][0]
    memory = drawn(columns("input -> hidden (width) with memory (slots) -> output", width=2, slots=3)).shapes
    assert len(lines(memory)) == 2 * 2 + 2 * 1 + 3


def test_cells_lie_apart_and_inside_of_the_drawing():
    for name in zoo.list_models():
        picture = drawn(columns_of(name, {}, book(name).recipes[0].dataset))
        places = np.array([(each.x, each.y) for each in circles(picture.shapes)])
        apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(len(places))
        assert apart.min() >= 20, name
        assert places.min() >= 10, name
        assert (places + 10 <= (picture.width, picture.height)).all(), name


def test_every_kind_has_a_colour_and_sign_of_its_own():
    assert len({(kind.colour, kind.sign) for kind in KINDS.values()}) == len(KINDS)
    assert all(abs(x) <= 0.75 and abs(y) <= 0.75 for kind in KINDS.values() for line in kind.sign for x, y in line)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LSTM", "expected `Chart: ROWS; CELLS`"),
        ("none; input -> hiden (width)", "'hiden \\(width\\)' names no kind of cells"),
        ("L S; input", "expected rows such as"),
    ],
)
def test_another_notation_raises_an_error_that_shows_the_right_one(text, message):
    with pytest.raises(BadInput, match=message):
        read_chart(text, "mine")


def test_the_svg_is_well_formed_and_has_links_and_no_address_of_another_host():
    text = svg(chart_picture("docs/animals"), "<chart> & more")
    root = ElementTree.fromstring(text)
    links = {each.get("href") for each in root.iter(f"{SVG}a")}
    assert links == {f"docs/animals/{row.model}.md" for row in rows() if row.model}
    assert text.count("http") == 1  # the name of the format
    titles = [each.text for each in root.iter(f"{SVG}title")]
    assert titles[0] == "<chart> & more"
    assert set(titles[1:]) == set(ROWS.values())


def test_both_writers_draw_the_same_geometry(tmp_path):
    picture = portrait("Title", "below", columns("input -> hidden (width) -> output", width=3))
    png(picture, tmp_path / "a.png")
    image, root = imread(tmp_path / "a.png"), ElementTree.fromstring(svg(picture, "t"))
    scale = image.shape[1] / float(root.get("width"))
    assert image.shape[0] == pytest.approx(scale * float(root.get("height")), abs=2)
    plain = [each for each in root.iter(f"{SVG}circle") if each.get("r") == "10"]
    assert len(plain) == 6
    for cell in plain:  # kinds without a sign: the middle of the cell has its colour
        x, y = (round(scale * float(cell.get(axis))) for axis in ("cx", "cy"))
        colour = [int(cell.get("fill")[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        assert image[y, x, :3] == pytest.approx(colour, abs=0.01)


def test_draw_writes_a_model_a_row_and_the_chart(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "mlp", "--m.hidden", "7"]) == 0
    assert ">7</text>" in (tmp_path / "mlp.svg").read_text()
    assert main(["draw", "ff", "--out", "one.svg"]) == 0
    assert "mlp on iris" in (tmp_path / "one.svg").read_text()
    assert main(["draw", "--chart", "--out", "all.svg"]) == 0
    assert "<a " not in (tmp_path / "all.svg").read_text()
    assert capsys.readouterr().out.splitlines()[-1] == "all.svg: Neural Network Zoo"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["draw"], "no model given"),
        (["draw", "lstmm"], "did you mean lstm?"),
        (["draw", "lstm", "--out", "a.gif"], "one that ends in .svg or .png"),
        (["draw", "lstm", "--out", "nowhere/a.svg"], "the folder nowhere does not exist"),
        (["draw", "lstm", "--m.widht", "3"], "unknown flag --m.widht"),
    ],
)
def test_draw_explains_bad_input(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_the_lists_of_models_show_which_row_of_the_chart_each_is(capsys):
    for words in (["list"], ["train", "--list-models"]):
        assert main(words) == 0
        table = capsys.readouterr().out.splitlines()
        assert any(" ".join(line.split()) == "FF feed-forward network --model mlp --dataset iris" for line in table)
    assert main(["list", "*net"]) == 0
    assert "feed-forward" not in capsys.readouterr().out


def test_an_svg_is_drawn_without_jax_numpy_and_matplotlib(tmp_path):
    code = "import sys; from zoo.__main__ import main; main(['draw', '--chart']); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(zoo.__file__).parent.parent)}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert {"jax", "matplotlib"} & set(done.stdout.split()) == set()
    assert (tmp_path / "chart.svg").stat().st_size > 10_000
