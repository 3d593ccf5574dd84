"""The page in a real browser: every control does what it says. Skipped where there is no Chromium."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("uvicorn", reason="the extra playground is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.expensive,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
SLOW = 240_000  # milliseconds; a machine that does other things as well
SMALL = {"m.hidden": [4], "m.activation": "tanh", "sched": "constant", "d.examples": 60}


class Server:
    def __init__(self, port=0, token=None):
        code = "import sys; from zoo.__main__ import main; sys.exit(main())"
        if token:  # as the one before
            code = f"import secrets; secrets.token_urlsafe = lambda n: {token!r}; " + code
        words = [sys.executable, "-c", code, "playground", "--no-browser", "--port", str(port)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ)
        line = self.process.stdout.readline()
        self.url = re.search(r"http\S+", line)[0]
        self.token, self.port = self.url.partition("token=")[2], int(re.search(r":(\d+)/", self.url)[1])

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.end()


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(server, browser):
    found = []
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True, bypass_csp=True)
    tab = context.new_page()
    tab.set_default_timeout(SLOW)
    tab.on("pageerror", lambda error: found.append(str(error)))
    tab.on(
        "request",
        lambda request: (
            found.append(request.url)
            if f":{server.port}/" not in request.url and not request.url.startswith(("data:", "blob:"))
            else None
        ),
    )
    yield tab
    context.close()
    assert found == [], "errors of the page, or requests to other hosts"


def show(tab, server, model="mlp", dataset="spiral", given=SMALL, **more):
    state = {"model": model, "dataset": dataset, "set": given, **more}
    tab.goto(f"{server.url}#{urllib.parse.quote(json.dumps(state))}")
    reached(tab, 0)
    return state


def reached(tab, step):
    tab.wait_for_function(f"Number(document.getElementById('count').dataset.step ?? -1) >= {step}")


def linked(tab):
    return json.loads(urllib.parse.unquote(tab.evaluate("location.hash.slice(1)")))


def test_spiral_is_learned_to_95_percent_with_the_knobs_of_the_first_page(server, tab):
    tab.goto(server.url)
    reached(tab, 0)
    tab.click("#play")
    accuracy = "[...document.querySelectorAll('#scores span')].map(e => e.textContent)"
    tab.wait_for_function(
        f"(() => {{ const cells = {accuracy}; return parseFloat(cells[cells.indexOf('accuracy') + 2]) >= 95; }})()"
    )
    tab.click("#play")
    tab.wait_for_function("document.getElementById('play').textContent === 'Play'")


def test_the_page_keeps_its_own_content_policy(server, browser):
    """The other tests evaluate texts in the page, which its policy forbids, and so do without it."""
    tab, found = browser.new_page(), []
    tab.on("console", lambda message: found.append(message.text))
    tab.on("pageerror", lambda error: found.append(str(error)))
    tab.goto(server.url)
    tab.locator("#count[data-step='0']").wait_for(timeout=SLOW)
    tab.locator("#home-go").click()
    tab.locator("#home-command").wait_for(timeout=SLOW)
    tab.close()
    assert found == []


def test_play_pause_and_one_step(server, tab):
    show(tab, server)
    tab.click("#step")
    reached(tab, 1)
    assert tab.get_attribute("#count", "data-step") == "1"
    tab.click("#play")
    tab.wait_for_function("document.getElementById('play').getAttribute('aria-pressed') === 'true'")
    reached(tab, 50)
    tab.click("#play")
    tab.wait_for_function("document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    tab.click("#restart")
    tab.wait_for_function("document.getElementById('count').dataset.step === '0'")
    tab.select_option("#speed", "slow")
    tab.click("#play")
    reached(tab, 2)
    assert int(tab.get_attribute("#count", "data-step")) < 20


def test_a_rate_noise_and_a_penalty_turn_without_a_restart(server, tab):
    show(tab, server)
    tab.click("#step")
    reached(tab, 1)
    for name, value in (("lr", "0.1"), ("l2", "0.01"), ("d-noise", "20")):
        tab.fill(f"#knob-{name}", value)
        tab.press(f"#knob-{name}", "Enter")
        tab.wait_for_function(f"document.querySelector('#knob-{name}').closest('.knob').classList.contains('changed')")
    assert linked(tab)["set"]["d.noise"] == 20
    assert tab.get_attribute("#count", "data-step") == "1"


def test_layers_units_activation_batch_and_optimizer_start_it_again(server, tab):
    show(tab, server)
    tab.click("#step")
    reached(tab, 1)
    tab.click("text=+ layer")
    tab.wait_for_selector("text=layer 2: 4 units")
    tab.click("[aria-label='remove a unit of layer 2']")
    tab.wait_for_selector("text=layer 2: 3 units")
    tab.click("[aria-label='add a unit to layer 1']")
    tab.wait_for_selector("text=layer 1: 5 units")
    tab.click("text=− layer")
    tab.wait_for_function("!document.body.innerText.includes('layer 2:')")
    tab.select_option("#knob-m-activation", "relu")
    tab.select_option("#knob-opt", "sgd")
    tab.fill("#knob-batch_size", "5")
    tab.press("#knob-batch_size", "Enter")
    tab.wait_for_function("document.querySelector('#knob-batch_size').closest('.knob').classList.contains('changed')")
    tab.wait_for_function("document.querySelector('#knob-momentum').disabled")  # sgd reads none
    assert (
        linked(tab)["set"] | {"m.hidden": [5], "m.activation": "relu", "opt": "sgd", "batch_size": 5}
        == linked(tab)["set"]
    )
    assert tab.get_attribute("#count", "data-step") == "0"


@pytest.mark.parametrize("name", ["circle", "xor", "gauss", "plane", "multi_gauss"])
def test_every_data_set_is_shown(server, tab, name):
    show(tab, server)
    tab.select_option("#dataset", name)
    tab.wait_for_function(f"document.getElementById('dataset').value === '{name}' && location.hash.includes('{name}')")
    tab.click("#step")
    reached(tab, 1)
    assert "loss" in tab.inner_text("#scores")


def test_features_are_added_and_removed(server, tab):
    show(tab, server)
    for name in ("x2", "y2", "xy", "sin_x", "sin_y"):
        tab.click(f"[data-feature={name}]")
        tab.wait_for_selector(f"[data-feature={name}][aria-pressed=true]")
    tab.click("[data-feature=x]")
    tab.wait_for_selector("[data-feature=x][aria-pressed=false]")
    assert linked(tab)["set"]["d.features"] == ["y", "x2", "y2", "xy", "sin_x", "sin_y"]
    tab.wait_for_function("document.querySelectorAll('#network path').length === 6 * 4 + 4")


def test_weights_are_lines_by_size_and_sign_and_units_show_their_own_surface(server, tab):
    show(tab, server)
    tab.wait_for_function("document.querySelectorAll('#network path').length === 2 * 4 + 4")
    for path in tab.query_selector_all("#network path"):
        weight = float(path.get_attribute("data-w"))
        assert path.get_attribute("class") == ("neg" if weight < 0 else "pos")
        assert float(path.get_attribute("stroke-width")) == pytest.approx(min(8, 0.4 + abs(weight)), abs=0.01)
    before = tab.evaluate("document.getElementById('plane').toDataURL()")
    tab.hover("[aria-label^='layer 1, unit 0']")
    assert tab.evaluate("document.getElementById('plane').toDataURL()") != before


def test_decision_and_test_examples_are_shown_on_demand(server, tab):
    show(tab, server)
    picture = "document.getElementById('plane').toDataURL()"
    seen = {tab.evaluate(picture)}
    for name in ("#discretise", "#show-test"):
        tab.check(name)
        seen.add(tab.evaluate(picture))
    assert len(seen) == 3
    assert linked(tab)["view"] == {"discretise": True, "showTest": True}


def test_the_link_restores_the_whole_state(server, tab):
    show(
        tab,
        server,
        dataset="xor",
        given=SMALL | {"lr": 0.07, "d.features": ["x", "xy"]},
        view={"discretise": True, "showTest": True},
    )
    assert tab.input_value("#dataset") == "xor"
    assert tab.input_value("#knob-lr") == "0.07"
    assert tab.is_checked("#discretise")
    assert tab.is_checked("#show-test")
    assert tab.get_attribute("[data-feature=xy]", "aria-pressed") == "true"
    assert tab.get_attribute("[data-feature=y]", "aria-pressed") == "false"
    before = linked(tab)
    tab.reload()
    reached(tab, 0)
    tab.wait_for_function("document.getElementById('dataset').value === 'xor'")
    assert linked(tab) == before


def test_own_points_are_clicked_pasted_and_drawn_around_a_function(server, tab):
    show(tab, server)
    tab.click("#own summary")
    tab.fill("#csv", "x,y,label\n" + "\n".join(f"{i % 5},{i % 3},{'a' if i % 2 else 'b'}" for i in range(20)))
    tab.click("#csv-go")
    tab.wait_for_function("document.getElementById('dataset').value === 'points'")
    assert linked(tab)["points"]["xy"][6] == [1, 0]
    tab.fill("#label", "c")
    tab.click("#plane", position={"x": 40, "y": 40})
    tab.wait_for_function("decodeURIComponent(location.hash).includes('\"c\"')")
    tab.wait_for_function("document.getElementById('legend').textContent.includes('class c')")
    tab.click("#undo")
    tab.wait_for_function("!document.getElementById('legend').textContent.includes('class c')")
    tab.fill("#formula", "2 * sin(x) ^ 2 - 1")
    tab.click("#formula-go")
    tab.wait_for_function("document.getElementById('legend').textContent.includes('class above')")
    points = linked(tab)["points"]
    x, y = np.array(points["xy"]).T
    assert len(x) == 400
    assert [label == "above" for label in points["label"]] == (y > 2 * np.sin(x) ** 2 - 1).tolist()
    tab.fill("#formula", "fetch(x)")
    tab.click("#formula-go")
    tab.wait_for_function("document.getElementById('status').textContent.includes('fetch is not understood')")
    tab.click("#clear")
    assert "Two points at least" in tab.inner_text("#status")


def test_blame_shows_the_numbers_of_python(server, tab):
    from zoo.train.playground.blame import blame
    from zoo.train.playground.build import build
    from zoo.train.playground.state import State

    show(tab, server)
    tab.fill("#blame-index", "4")
    tab.click("#blame-go")
    built = build(State("mlp", "spiral", SMALL))
    header, arrays = blame(built, built.parts.advance.init(built.parts.key), "train", 4)
    tab.wait_for_selector("#blame-out table")
    values = "[...document.querySelectorAll('#blame-out td[data-value]')].map(e => Number(e.dataset.value))"
    shown = np.array(tab.evaluate(values)).reshape(4, 2)
    np.testing.assert_allclose(shown, np.stack([arrays["z0"], arrays["a0"]], 1), atol=1e-6)
    for _ in range(3):
        tab.click("#blame-next")
    shown = np.array(tab.evaluate(values)).reshape(4, 4)
    np.testing.assert_allclose(shown, np.stack([arrays["e0"], *arrays["w0"], arrays["b0"]]), atol=1e-6)
    assert f"loss {header['loss']:.3}"[:9] in tab.inner_text("#blame-out")


def test_command_code_recipe_and_model_are_taken_home(server, tab, tmp_path):
    from zoo import load

    show(tab, server)
    tab.click("#step")
    reached(tab, 1)
    tab.click("#home-go")
    tab.wait_for_selector("#home-command")
    assert "--model mlp --dataset spiral --steps 1" in tab.inner_text("#home-command")
    assert 'model = "mlp"' in tab.inner_text("#home-toml")
    assert "recipe_for('mlp', 'spiral')" in tab.inner_text("#home-python")
    with tab.expect_download() as found:
        tab.click("#model-go")
    path = Path(tmp_path / "mine.safetensors")
    found.value.save_as(path)
    assert found.value.suggested_filename == "mlp-spiral.safetensors"
    assert load(path).probabilities(np.zeros((3, 2))).shape == (3, 2)


@pytest.mark.parametrize("model", ["logistic", "perceptron", "linear", "svm", "kohonen", "elm"])
def test_every_animal_is_chosen_and_trained(server, tab, model):
    show(tab, server, dataset="circle", given={})
    tab.select_option("#model", model)
    tab.wait_for_function(f"document.getElementById('model').value === '{model}' && location.hash.includes('{model}')")
    tab.click("#step")
    reached(tab, 1)
    assert not tab.inner_text("#status").startswith("the playground failed")


def canvas(tab, name):
    return tab.evaluate(f"document.getElementById('{name}').toDataURL()")


QUICK = {"d.steps": 300, "d.window": 8, "d.horizon": 4, "m.width": 8, "sched": "constant"}


def test_a_series_is_forecast_beside_the_truth_and_may_be_drawn_pasted_or_a_function(server, tab):
    show(tab, server, "rnn", "sine", QUICK)
    assert tab.is_visible("#forecast")
    assert not tab.is_visible("#plane")
    before = canvas(tab, "forecast")
    tab.click("#step")
    reached(tab, 1)
    assert canvas(tab, "forecast") != before
    assert re.match(r"RMSE of the 57 steps drawn: one step ahead [\d.]+, free", tab.inner_text("#forecast-words"))
    tab.click("#own summary")
    tab.fill("#wave", "sin(x) ^ 2")
    tab.click("#wave-go")
    tab.wait_for_function("document.getElementById('dataset').value === 'series'")
    x = np.linspace(0, 100, 600)
    np.testing.assert_allclose(linked(tab)["series"]["values"], np.sin(x) ** 2, atol=1e-4)
    tab.fill("#numbers", " ".join(str(i % 7) for i in range(80)))
    tab.click("#numbers-go")
    tab.wait_for_function("decodeURIComponent(location.hash).includes('[0,1,2,3,4,5,6,0')")
    tab.locator("#pad").scroll_into_view_if_needed()
    box = tab.locator("#pad").bounding_box()
    tab.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] - 1, box["y"] + 2, steps=8)
    tab.mouse.up()
    tab.wait_for_function("JSON.parse(decodeURIComponent(location.hash.slice(1))).series.values.length === 600")
    values = linked(tab)["series"]["values"]
    assert values[-10] > 0.85
    assert abs(values[5]) < 0.1
    tab.click("#step")
    reached(tab, 1)
    tab.fill("#numbers", "1 2 three")
    tab.click("#numbers-go")
    tab.wait_for_function("document.getElementById('status').textContent.includes('word 3 is no number: three')")


@pytest.mark.parametrize("model", ["lstm", "gru", "esn"])
def test_every_animal_of_series_is_chosen_and_trained(server, tab, model):
    show(tab, server, "rnn", "sine", QUICK | {"d.steps": 700})  # the washout of a reservoir takes 100 of 140
    tab.select_option("#model", model)
    tab.wait_for_function(f"document.getElementById('model').value === '{model}' && location.hash.includes('{model}')")
    tab.wait_for_function("document.getElementById('count').dataset.step === '0'")
    tab.click("#step")
    reached(tab, 1)
    assert "free running" in tab.inner_text("#forecast-words")


def test_a_pattern_is_drawn_stored_damaged_and_recalled_while_the_energy_falls(server, tab):
    show(tab, server, "hopfield", "digits", {})
    tab.click("#own summary")
    tab.fill("#rows", "4")
    tab.fill("#columns", "4")
    tab.click("#grid-go")
    assert "One picture at least" in tab.inner_text("#status")
    cells = tab.locator("#cells button")
    assert cells.count() == 16
    for i in (0, 5, 10):
        cells.nth(i).click()
    cells.nth(10).focus()
    for key in ("ArrowRight", "ArrowDown", " "):  # to the cell 15
        tab.keyboard.press(key)
    tab.click("#pattern-add")
    tab.wait_for_function("document.getElementById('dataset').value === 'patterns'")
    assert linked(tab)["patterns"] == {"rows": 4, "columns": 4, "cells": ["1000010000100001"]}
    tab.fill("#flip", "0.25")
    tab.click("#recall-go")
    tab.wait_for_function("document.getElementById('path-words').textContent.includes('is restored')")
    tab.wait_for_selector("[data-kind=stored] button")
    energies = tab.evaluate("[...document.querySelectorAll('#path [data-energy]')].map(e => Number(e.dataset.energy))")
    assert len(energies) == 3  # given, restored in one sweep, unchanged in the next
    assert energies[0] > energies[1] == energies[2]
    tab.select_option("#hide", "lower")
    tab.fill("#flip", "0")
    tab.click("#recall-go")
    tab.wait_for_function("document.getElementById('path-words').textContent.includes('is restored')")
    tab.reload()
    reached(tab, 0)
    assert linked(tab)["patterns"]["cells"] == ["1000010000100001"]


def test_a_machine_shows_filters_chains_and_free_energies(server, tab):
    show(tab, server, "rbm", "bars_and_stripes", {"d.side": 3, "m.hidden": 6, "t.chains": 12, "epochs": 3})
    tab.click("#play")
    tab.wait_for_function("document.getElementById('play').textContent === 'Play'")
    reached(tab, 20)
    assert tab.locator("[data-kind=filters] canvas").count() == 6
    assert tab.locator("[data-kind=chains] canvas").count() == 12
    assert "free energy" in tab.inner_text("#scores")
    tab.locator("[data-kind=chains] button").first.click()
    tab.click("#recall-go")
    tab.wait_for_function("document.querySelectorAll('#path figure').length === 21")


def test_each_knob_has_an_explanation_and_a_link_to_its_lesson(server, tab):
    show(tab, server)
    pairs = tab.evaluate(
        "[...document.querySelectorAll('.knob p')].map(e => [e.textContent, e.querySelector('a')?.href])"
    )
    lessons = {path.name for path in (Path(__file__).parents[3] / "docs" / "learn").glob("*.md")}
    assert len(pairs) > 20
    for text, address in pairs:
        assert len(text) > 20
        assert address.startswith("https://")
        assert address.rpartition("/")[2] in lessons


def test_two_tabs_train_apart(server, browser, tab):
    other = browser.new_page(bypass_csp=True)
    other.set_default_timeout(SLOW)
    show(tab, server)
    show(other, server, dataset="xor")
    tab.click("#step")
    reached(tab, 1)
    assert other.get_attribute("#count", "data-step") == "0"
    assert (tab.input_value("#dataset"), other.input_value("#dataset")) == ("spiral", "xor")
    other.close()


def test_a_server_that_ends_is_named_and_the_page_goes_on_when_it_is_back(browser):
    first = Server()
    tab = browser.new_page(bypass_csp=True)
    tab.set_default_timeout(SLOW)
    show(tab, first, dataset="xor")
    first.end()
    tab.wait_for_function("document.getElementById('status').textContent.includes('does not answer')")
    second = Server(first.port, first.token)
    try:
        tab.wait_for_function("document.getElementById('status').textContent === ''")
        tab.click("#step")
        reached(tab, 1)
        assert tab.input_value("#dataset") == "xor"
    finally:
        tab.close()
        second.end()


def test_a_phone_shows_everything_in_its_width(server, browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True, is_mobile=True, bypass_csp=True
    )
    tab = context.new_page()
    tab.set_default_timeout(SLOW)
    for model, dataset, given in (("mlp", "spiral", SMALL), ("rnn", "sine", QUICK), ("hopfield", "digits", {})):
        show(tab, server, model, dataset, given)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        tab.tap("#step")
        reached(tab, 1)
        tab.goto("about:blank")  # so that the next address is another page, not another hash of this one
    context.close()


def test_keyboard_and_screen_reader_find_every_control(server, tab):
    show(tab, server)
    unnamed = """[...document.querySelectorAll('button, input, select, textarea')].filter(e =>
        !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML)"""
    assert tab.evaluate(unnamed) == []
    tab.focus("#step")
    tab.keyboard.press("Enter")
    reached(tab, 1)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "restart"
