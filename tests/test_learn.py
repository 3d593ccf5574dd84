"""Every code block of docs/learn runs and prints what the page shows; links and pictures exist."""

import doctest
import re

import numpy as np
import pytest

from benchmarks.lesson_players import COLLAPSED, circles
from benchmarks.page import DOCS

PAGES = sorted((DOCS / "learn").glob("*.md"))
LESSONS = [path for path in PAGES if path.name != "README.md"]


# These compile many small programs.
DEAR = ("02-forward-pass", "04-gradient-descent", "09-vanishing-gradient", "11-energy", "12-two-players")


def lessons():
    for path in LESSONS:
        yield pytest.param(path, id=path.stem, marks=pytest.mark.expensive if path.stem in DEAR else ())


@pytest.mark.parametrize("path", lessons())
def test_the_code_of_a_lesson_prints_what_the_page_shows(path):
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```pycon\n(.*?)```", text, re.DOTALL)
    assert blocks, f"{path.name} has no code"
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    failures: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=failures.append)
    assert not failures, "".join(failures)
    assert len(test.examples) >= 5


@pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])
def test_links_and_pictures_of_a_lesson_exist(path):
    for address in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / address).exists(), address


def test_the_contents_list_every_lesson_in_order():
    text = (DOCS / "learn" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\((\d\d-[\w-]+\.md)\)", text) == [path.name for path in LESSONS]


def test_the_lesson_of_two_players_shows_the_command_that_its_picture_is_drawn_by():
    assert f"--model gan {COLLAPSED} " in (DOCS / "learn" / "12-two-players.md").read_text(encoding="utf-8")
    far = {penalty: np.hypot(*circles(penalty)[-1]) for penalty in (0.0, 1.0)}
    assert far[1.0] < 0.01 < 1.5 < far[0.0]
