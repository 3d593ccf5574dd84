"""Scores of maps against values by hand; the comparison names what was measured and what was missed."""

import json

import numpy as np
import pytest

from benchmarks import maps
from benchmarks.map_work import WORK, errors, inertia, rows_of
from benchmarks.map_worker import of_seeds

WHERE = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today"}


def measured(seconds, quantisation=1.0, topographic=0.01):
    found = {"seconds": seconds, "peak_mb": 300.0, "quantisation": quantisation, "topographic": topographic}
    return [found]


def test_errors_of_a_map_are_those_by_hand():
    units = np.array([[0.0], [1.0], [2.0], [3.0], [0.6], [8.0], [8.5], [9.0], [9.9]])  # 3 x 3, row by row
    x = np.array([[0.2], [3.0], [9.5]])  # nearest units 0 and 4: neighbours; 3 and 2: not; 8 and 7: neighbours
    found = errors(x, units, 3)
    assert found["topographic"] == pytest.approx(1 / 3)
    assert found["quantisation"] == pytest.approx((0.2 + 0.0 + 0.4) / 3)
    assert inertia(x, units) == pytest.approx((0.04 + 0.16) / 3)


def test_rows_of_a_block_are_scored_like_all_of_them():
    rng = np.random.default_rng(0)
    x, units = rng.normal(size=(9000, 3)), rng.normal(size=(25, 3))
    distances = np.linalg.norm(x[:, None] - units, axis=-1)
    assert errors(x, units, 5)["quantisation"] == pytest.approx(distances.min(axis=1).mean())


def test_maps_of_several_seeds_are_judged_by_their_mean_and_the_range_is_shown():
    x, units = np.array([[0.0], [2.0]]), np.array([[0.0], [1.0], [3.0], [4.0]])
    found = of_seeds(x, np.stack([units, units + 1]), 2)  # errors 0 and 1, and 1 and 0
    assert found["quantisation"] == pytest.approx((0.5 + 0.5) / 2)
    worse = of_seeds(x, np.stack([units, units + 3]), 2)  # then 3 and 1
    assert worse["quantisation"] == pytest.approx((0.5 + 2) / 2)
    assert worse["range"]["quantisation"] == pytest.approx([0.5, 2])
    assert of_seeds(x, units, 2) == errors(x, units, 2)
    kept = {"iris": {"methods": {"zoo online": [measured(1.0)[0] | worse]}, **WHERE}}
    assert "| zoo online | 1.250 (0.500 to 2.000) | 0.000 (0.000 to 0.000) |" in maps.table(kept)
    assert maps.targets(kept) == ["iris, online: quantisation error 1.250 exceeds 0.300"]


def test_rows_are_those_of_the_name():
    assert rows_of("iris").shape == (150, 4)
    np.testing.assert_allclose(rows_of("iris").std(axis=0), 1, rtol=1e-5)
    digits = rows_of("digits")
    assert digits.shape == (1797, 64)
    assert (digits.min(), digits.max()) == (0, 1)


def test_the_ratio_is_that_of_the_same_method_and_missed_targets_are_named():
    rows = {"zoo batch": measured(2.0), "minisom batch": measured(30.0), "zoo online": measured(1.0)}
    kept = {"rows": {"methods": rows, **WHERE}, "iris": {"methods": {"zoo batch": measured(1.0, 0.31, 0.05)}, **WHERE}}
    assert maps.times("zoo batch", rows) == 15
    assert maps.times("zoo online", rows) == maps.times("minisom batch", rows) == 0
    assert maps.targets(kept) == [
        "iris, batch: quantisation error 0.310 exceeds 0.300",
        "rows, batch: 15.0 times as fast as MiniSom, not 20",
    ]
    assert maps.targets({"digits": {"methods": {"zoo batch": measured(1.0), "minisom batch": measured(1.0)}}}) == []


def test_the_table_shows_what_is_kept(tmp_path, capsys):
    file = tmp_path / "maps.json"
    rows = {"zoo batch": measured(2.0, 1.25), "minisom batch": measured(60.0, 1.35)}
    file.write_text(json.dumps({"rows": {"methods": rows, **WHERE}}))
    assert maps.main(["--table", "--kept", str(file)]) == 0
    assert f"| {WORK['rows'].about} | zoo batch | 1.250 | 0.010 | 2.0 | 30.0 | 300 MB |" in capsys.readouterr().out


def test_a_method_that_fails_is_named_and_left_out(monkeypatch):
    monkeypatch.setattr(maps, "rows_of", lambda work: np.zeros((3, 2), np.float32))
    said = []
    found = maps.measured("iris", ["no such method"], 1, said.append)
    assert found["methods"] == {}
    assert "no such method is left out" in said[0]
