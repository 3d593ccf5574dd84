"""The documentation site builds without a warning, all its links lead somewhere, and it sends no request elsewhere."""

import importlib.util
import os
import re
import subprocess
import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.site_hooks import on_config, pages

PROJECT = Path(__file__).parent.parent
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """Anchors, links and loaded files of a page."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loaded = set(), set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[each] for each in ("id", "name") if values.get(each)}
        if tag == "a" and values.get("href"):
            self.links.add(values["href"])
        if tag in LOADED and values.get(LOADED[tag]):
            self.loaded.add(values[LOADED[tag]])


def test_the_pages_made_from_the_repository_lead_into_the_site():
    made = pages()
    assert "](docs/" not in made["index.md"]
    assert "::: zoo.lstm.lstm" in made["api/models.md"]
    assert "::: zoo.layers.dense.dense" in made["api/layers.md"]


def test_a_new_guide_and_a_new_lesson_are_added_to_the_contents(tmp_path):
    (tmp_path / "learn").mkdir()
    for name in ("data.md", "playground.md", "learn/README.md", "learn/12-players.md"):
        (tmp_path / name).write_text("# A")
    nav = [{"Home": "index.md"}, {"Learn": ["learn/README.md"]}, {"How to": [{"Your own data": "data.md"}]}]
    config = SimpleNamespace(nav=nav, docs_dir=str(tmp_path))
    assert on_config(config).nav[1:] == [
        {"Learn": ["learn/README.md", "learn/12-players.md"]},
        {"How to": [{"Your own data": "data.md"}, "playground.md"]},
    ]


@pytest.mark.expensive
@pytest.mark.skipif(importlib.util.find_spec("material") is None, reason="needs the extra `docs`")
def test_the_site_builds_without_a_warning_a_dead_link_or_a_request_to_another_host(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {path: Page(path) for path in tmp_path.rglob("*.html")}
    assert len(found) > 60
    for path, page in found.items():
        for address in page.links | page.loaded:
            target, _, anchor = urllib.parse.unquote(address).partition("#")
            if urllib.parse.urlsplit(address).scheme or target.startswith("//"):
                assert address not in page.loaded, f"{path.name} loads {address}"
                continue
            if path.name == "404.html":  # its addresses are those of the server's root
                continue
            place = (path.parent / target).resolve() if target else path
            place = place / "index.html" if place.is_dir() else place
            assert place.exists(), f"{path.relative_to(tmp_path)}: {address}"
            if anchor and place in found and place.name != "404.html" and not anchor.startswith("__"):
                assert anchor in found[place].anchors, f"{path.relative_to(tmp_path)}: {address}"
        assert 'class="mermaid"' not in path.read_text(encoding="utf-8"), "mermaid would be loaded from another host"
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"""(@import|url\(\s*["']?)\s*["']?https?:""", sheet.read_text(encoding="utf-8")), sheet
