"""Pages of the models, the gallery and the chart agree with cards, recipes and stored results."""

import re

import pytest

import zoo
from benchmarks import gallery, pages, results
from benchmarks.page import DOCS, README
from zoo._catalogue import card
from zoo.train.chart.rows import rows

WANTED = pages.files()


@pytest.mark.parametrize("path", WANTED, ids=[path.name for path in WANTED])
def test_each_page_and_drawing_is_what_the_command_writes(path):
    assert path.read_text(encoding="utf-8") == WANTED[path], "run python -m benchmarks.pages"


def test_no_page_of_a_model_that_is_gone_stays():
    there = {path for path in (DOCS / "animals").rglob("*") if path.suffix in (".md", ".svg")}
    assert there == {path for path in WANTED if path.parent != DOCS}


def test_the_readme_shows_every_row_of_the_chart_with_its_page():
    text = README.read_text(encoding="utf-8")
    links = pages.chart_links("docs/animals/")
    assert f"<!-- chart -->\n{links}\n<!-- /chart -->" in text
    assert all(f"tiles/{row.short}.svg" in links for row in rows())
    assert links.count(".md)") == sum(bool(row.model) for row in rows())


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_card_says_what_a_model_is_its_equations_and_how_it_fails(name):
    text = card(name)
    for field in ("About", "Equations", "Limits"):
        assert text.field(field), f"{name}: the card has no line {field}:"
    assert 2 <= len(re.findall(r"\.(?: |$)", f"{text.title} {text.field('About')}")) <= 4


def test_links_and_pictures_of_the_pages_exist():
    for path, text in WANTED.items():
        for address in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if path.suffix == ".md" else ():
            if "/zoo/" not in address:  # the wheel is tested without the sources
                assert (path.parent / address).exists(), f"{path.name}: {address}"


def test_a_result_is_shown_with_its_bound_and_a_missing_one_as_not_measured():
    claim = next(each for each in results.CLAIMS if each.name == "cnn-mnist")
    stored = {"values": [0.5, 0.7], "seconds": [2.0], "also": [], "exact": None}
    text = pages.page("cnn", {claim.name: stored})
    mean = "60.00 %, mean of 2 seeds (50.00 to 70.00)"
    assert f"| `--model cnn --dataset mnist` | {mean} | missed: 99.25 % or more" in text
    assert "| `--model cnn` | not measured | 98.5 % or more | |" in text
    assert pages.page("wgan", {}).count("not measured") == 1  # no row of the README: the bound of the recipe


def test_the_most_telling_picture_is_chosen(tmp_path):
    assert gallery.chosen(tmp_path) is None
    for name in ("filters", "recalled", "unknown"):
        (tmp_path / f"{name}.png").write_bytes(b"")
    assert gallery.chosen(tmp_path).name == "recalled.png"
    assert gallery.chosen(tmp_path, "filters").name == "filters.png"
    assert gallery.chosen(tmp_path, "map").name == "recalled.png"
