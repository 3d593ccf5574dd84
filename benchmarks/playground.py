"""Measures the playground in a real browser: `python -m benchmarks.playground`.

Measures the seconds from the command to the first surface, the second time that it is run; steps a second of a 4-2 tanh
network with batches of 10 while it is drawn, and of TensorFlow's Playground in the same browser where `--peer` names a
folder with its built page; the seconds to 95 % on the spiral with the knobs of the first page; and the memory of one
session and of 20. Writes the table into docs/playground.md; exits with 1 if a target is missed. `--pictures` writes the
pictures of the documentation instead. Needs Chromium and the package playwright.
"""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .page import DOCS, HERE, keep, measured_on, publish

__all__ = ["Server", "main", "table"]

KEPT = HERE / "playground.json"

_STEPS = {"m.hidden": [4, 2], "m.activation": "tanh", "sched": "constant", "opt": "sgd", "lr": 0.03, "batch_size": 10}
_SECONDS = 10.0  # of training whose steps are counted
_SESSIONS = 20
_WAIT = 240_000  # milliseconds
_COUNT = """seconds => new Promise(done => {
    const node = document.getElementById('count'), step = () => Number(node.dataset.step);
    const first = step(), began = performance.now();
    let frames = 0;
    new MutationObserver(() => { frames += 1; }).observe(node, { attributes: true });
    setTimeout(() => {
        const taken = (performance.now() - began) / 1000;
        done([(step() - first) / taken, frames / taken]);
    }, 1000 * seconds);
})"""
_PEER = "#dataset=spiral&networkShape=4,2&batchSize=10&activation=tanh"
_FIRST, _LEAST = 3.0, 1000.0  # targets: seconds to the first surface, steps a second
_PICTURES = {  # model, data set, knobs, steps before the picture, height in pixels
    "playground.png": ("mlp", "spiral", None, 4000, 900),
    "playground-series.png": ("gru", "sine", {}, 400, 900),
    "playground-hopfield.png": ("hopfield", "digits", {}, 1, 1190),
}


class Server:
    """Runs the command in a process of its own, until it is closed.

    Attributes:
        url: Address of the page.
        began: Time at which the command was started.
    """

    def __init__(self) -> None:
        self.began = time.perf_counter()
        words = [sys.executable, "-m", "zoo", "playground", "--no-browser", "--port", "0"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http\S+", self.process.stdout.readline())
        assert found is not None, "the command printed no address"
        self.url = found[0]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *error: Any) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def address(self, model: str, dataset: str, given: dict | None) -> str:
        """Returns the address of a state; without knobs that of the first page."""
        if given is None:
            return self.url
        return f"{self.url}#{urllib.parse.quote(json.dumps({'model': model, 'dataset': dataset, 'set': given}))}"

    def memory(self) -> float:
        """Returns the resident memory of the process in MB."""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else float("nan")


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes it into docs/playground.md, or writes the pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.playground", description=__doc__)
    parser.add_argument("--pictures", action="store_true", help="write the pictures of the documentation instead")
    parser.add_argument("--peer", type=Path, help="folder with the built page of TensorFlow's Playground, its dist/")
    parser.add_argument("--table", action="store_true", help="write the table from stored values, without measuring")
    args = parser.parse_args(argv)
    if args.pictures:
        _in_browser(_pictures)
        return 0
    kept = json.loads(KEPT.read_text()) if args.table else keep(KEPT, _in_browser(partial(_measured, folder=args.peer)))
    print(text := table(kept))
    publish(DOCS / "playground.md", playground=text)
    return int(kept["page"]["first"] > _FIRST or kept["page"]["steps"] < _LEAST)


def _in_browser(run: Callable[[Any], Any]) -> Any:
    """Calls a function with Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--allow-file-access-from-files"])
        try:
            return run(browser)
        finally:
            browser.close()


def table(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """Makes the Markdown table of the values of `page` and, where it was measured, of `peer`."""
    page, peer = kept["page"], kept.get("peer")
    rows = {
        "first surface after the command, programs cached": f"{page['first']:.1f} s",
        "steps a second of a 4-2 tanh network, batches of 10": "{steps:,.0f}, in {frames:.0f} frames a second".format(
            **page
        ),
        "the same in TensorFlow's Playground": f"{peer['steps']:,.0f}, an epoch of 25 in each frame"
        if peer
        else "not measured",
        "spiral to 95 % of the test examples, knobs of the first page": f"{page['spiral']:.1f} s",
        f"memory of the server with 1 session, with {_SESSIONS}": "{:,.0f} MB, {:,.0f} MB".format(*page["memory"]),
    }
    lines = ["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())]
    return "\n".join([*lines, "", f"In {page['browser']}. {measured_on(list(kept.values()))}"])


def _measured(browser: Any, folder: Path | None) -> dict[str, dict[str, Any]]:
    """Measures the rows to be stored: the page, and the peer where a folder has its page."""
    first = _first_surface(browser)[1]
    with Server() as server:
        steps, frames = _rate(browser, server)
        spiral = _spiral(browser, server)
    with Server() as server:
        memory = _memory(browser, server)
    page = {"first": first, "steps": steps, "frames": frames, "spiral": spiral, "memory": memory}
    rows = {"page": {"browser": f"Chromium {browser.version}", **page}}
    return rows if folder is None else rows | {"peer": {"steps": _peer(browser, folder)}}


def _page(browser: Any, **options: Any) -> Any:
    page = browser.new_page(bypass_csp=True, **options)
    page.set_default_timeout(_WAIT)
    return page


def _reached(page: Any, step: int) -> None:
    page.wait_for_function(f"Number(document.getElementById('count').dataset.step ?? -1) >= {step}")


def _first_surface(browser: Any) -> list[float]:
    """Measures the seconds from the command to its first surface, twice: the second time its programs are cached."""
    found = []
    for _ in range(2):
        with Server() as server:
            page = _page(browser)
            page.goto(server.url)
            _reached(page, 0)
            found.append(time.perf_counter() - server.began)
            page.close()
    return found


def _rate(browser: Any, server: Server) -> tuple[float, float]:
    """Measures steps and frames a second, from the counter that the page shows."""
    page = _page(browser)
    page.goto(server.address("mlp", "spiral", _STEPS))
    _reached(page, 0)
    page.click("#play")
    _reached(page, 500)  # compiled
    steps, frames = page.evaluate(_COUNT, _SECONDS)
    page.close()
    return steps, frames


def _spiral(browser: Any, server: Server) -> float:
    """Measures the seconds from Play to 95 % accuracy of the test examples."""
    page = _page(browser)
    page.goto(server.url)
    _reached(page, 0)
    began = time.perf_counter()
    page.click("#play")
    cells = "[...document.querySelectorAll('#scores span')].map(e => e.textContent)"
    page.wait_for_function(f"(c => parseFloat(c[c.indexOf('accuracy') + 2]) >= 95)({cells})")
    page.close()
    return time.perf_counter() - began


def _memory(browser: Any, server: Server) -> tuple[float, float]:
    """Measures the memory of the server with one page that trains, and with 20."""
    pages, found = [], []
    for _ in range(_SESSIONS):
        page = _page(browser)
        page.goto(server.url)
        _reached(page, 0)
        page.click("#step")
        _reached(page, 1)
        pages.append(page)
        found.append(server.memory())
    for page in pages:
        page.close()
    return found[0], found[-1]


def _peer(browser: Any, folder: Path) -> float:
    """Measures the steps a second of TensorFlow's Playground, whose counter shows epochs of 25 batches of 10."""
    if not (folder / "index.html").is_file():
        raise SystemExit(f"--peer {folder}: there is no index.html; name the folder dist/ that `npm run build` makes")
    page = _page(browser)
    page.goto((folder / "index.html").resolve().as_uri() + _PEER)
    page.click("#play-pause-button")
    epochs = "() => Number(document.getElementById('iter-number').textContent.replaceAll(',', ''))"
    page.wait_for_function(f"({epochs})() > 5")
    first, began = page.evaluate(epochs), time.perf_counter()
    time.sleep(_SECONDS)
    rate = (page.evaluate(epochs) - first) / (time.perf_counter() - began)
    page.close()
    return 25 * rate


def _pictures(browser: Any) -> None:
    """Writes the pictures of the documentation."""
    with Server() as server:
        for name, (model, dataset, given, steps, height) in _PICTURES.items():
            page = _page(browser, viewport={"width": 1400, "height": height}, color_scheme="light")
            page.goto(server.address(model, dataset, given))
            _reached(page, 0)
            page.click("#play")
            _reached(page, steps)
            if page.get_attribute("#play", "aria-pressed") == "true":
                page.click("#play")
            if model == "hopfield":
                page.click("#recall-go")
                page.wait_for_function("document.getElementById('path-words').textContent !== ''")
            page.screenshot(path=DOCS / name)
            page.close()
            print(DOCS / name)


if __name__ == "__main__":
    sys.exit(main())
