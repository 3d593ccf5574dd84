"""Pictures of reservoirs are drawn from any length of series and number of units."""

import numpy as np

from zoo.train.plots.reservoir import capacity, free_running, states


def test_all_pictures_are_drawn(tmp_path):
    series = np.sin(np.arange(60) / 3)
    free_running(series, series[50:] + 0.01, tmp_path / "long.png", "load $")
    free_running(series[:12], series[11:12], tmp_path / "one.png")
    states(series, np.stack([series] * 3, axis=1), 10, tmp_path / "states.png", "load")
    capacity(np.linspace(1, 0, 20), 15, tmp_path / "capacity.png")
    assert all((tmp_path / f"{name}.png").stat().st_size > 3000 for name in ("long", "one", "states", "capacity"))
