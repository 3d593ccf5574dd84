"""Fixtures of the tests of pictures."""

import pytest


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved."""
    kept = []
    monkeypatch.setattr("zoo.train.plots.style.save", lambda figure, path: kept.append(figure))
    return kept
