"""Each row of the chart that is in the zoo has a page, a drawing, a measured result and one to stand beside it."""

import json

import numpy as np
import pytest

from benchmarks import chart_results, results
from benchmarks.page import DOCS
from zoo.train.chart.rows import rows
from zoo.train.data.dataset import load_data

ROWS = [row for row in rows() if row.model]
KEPT = json.loads(results.KEPT.read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row.short for row in ROWS])
def test_a_row_has_page_drawing_measured_result_and_a_result_beside_it(row):
    folder = DOCS / "animals"
    page = (folder / f"{row.model}.md").read_text(encoding="utf-8")
    assert f"]({row.model}.svg)" in page
    for drawing in (folder / f"{row.model}.svg", folder / "tiles" / f"{row.short}.svg"):
        assert "<svg" in drawing.read_text(encoding="utf-8")
    claim = chart_results.shown(row, KEPT)
    assert claim, (
        f"{row.short}: no claim of benchmarks/results.py about {row.model} is measured and has a reference: "
        "add one, and run python -m benchmarks.results --only NAME"
    )
    assert results.reached(claim, KEPT[claim.name])
    assert results.row(claim, KEPT[claim.name]) in page, "run python -m benchmarks.pages"
    assert results.beside(claim, KEPT[claim.name]["exact"]) in page


def test_a_result_that_misses_its_target_is_shown_so():
    claim = results.Claim("cnn-digits", "--model cnn", at_least=0.985)
    kept = {"values": [0.98], "seconds": [], "also": [], "exact": None}
    assert results.row(claim, kept) == "| `--model cnn` | 98.00 % | missed: 98.5 % or more | |"
    assert results.row(claim, kept | {"values": [0.985]}) == "| `--model cnn` | 98.50 % | 98.5 % or more | |"


def test_a_row_shows_its_own_command_first_and_never_that_of_another_row():
    assert {row.short: chart_results.shown(row, KEPT) for row in ROWS}["FF"].flags == "--model mlp --dataset iris"
    shown = [claim.flags for row in ROWS if (claim := chart_results.shown(row, KEPT))]
    assert len(set(shown)) == len(shown)


def test_a_row_without_a_measured_result_or_without_one_beside_it_is_shown_as_not_measured(monkeypatch):
    row = next(each for each in ROWS if each.short == "ESN")
    assert chart_results.shown(row, {}) is None
    assert f"| `{row.command}` | not measured | |" in chart_results.table({})
    alone = [claim for claim in results.CLAIMS if claim.flags != row.command]
    monkeypatch.setattr(results, "CLAIMS", [*alone, results.Claim("esn-mackey_glass", row.command)])
    assert chart_results.shown(row, KEPT) is None


def test_the_variational_autoencoder_stands_beside_independent_pixels():
    found, grey, pixels = [], np.arange(17)[:, None, None], np.arange(64)
    for fold in range(5):
        data = load_data("digits", options={"fold": fold})
        seen, test = (split.x.reshape(len(split.x), 64).astype(int) for split in (data.train, data.test))
        counts = np.sum(seen == grey, axis=1) + 1
        found.append(np.log(counts / counts.sum(axis=0))[test, pixels].sum(axis=1).mean())
    claim = next(each for each in results.CLAIMS if each.name == "vae-digits")
    assert claim.reference == f"independent pixels: {np.mean(found):.1f}"
