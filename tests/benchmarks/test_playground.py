import pytest

from benchmarks import playground

PAGE = {"browser": "Chromium 1", "first": 2.0, "steps": 5000.0, "frames": 19.6, "spiral": 1.4, "memory": (300.0, 310.0)}
WHERE = {"machine": "a desk", "versions": {"jax": "1"}, "date": "today"}


def test_the_table_has_the_peer_where_it_was_measured():
    kept = {"page": PAGE | WHERE}
    assert "| the same in TensorFlow's Playground | not measured |" in playground.table(kept)
    text = playground.table(kept | {"peer": {"steps": 1500.0, **WHERE}})
    assert "| the same in TensorFlow's Playground | 1,500, an epoch of 25 in each frame |" in text
    assert "batches of 10 | 5,000, in 20 frames a second |" in text
    assert text.endswith("In Chromium 1. Measured on a desk; jax 1; today.")


def test_a_folder_without_the_page_of_the_peer_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"there is no index\.html"):
        playground._peer(None, tmp_path)
