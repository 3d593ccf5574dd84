"""The sweep's benchmark compares whole ways by turns, and what it warms up is not measured."""

import jax
import pytest

from benchmarks import sweep


@pytest.fixture
def called(monkeypatch):
    """Ways that take one, two and four seconds, and the order in which they were gone."""
    now, order = [0.0], []
    monkeypatch.setattr(sweep.time, "perf_counter", lambda: now[0])

    def way(name, seconds):
        def go():
            now[0] += seconds
            order.append(name)

        return go

    return {name: way(name, seconds) for name, seconds in ((sweep._APART, 4.0), ("vmap", 1.0), ("own", 2.0))}, order


def test_each_round_begins_with_another_way_and_gives_ratios_to_sequential_runs(called):
    ways, order = called
    assert sweep.compared(ways, 2) == ({"vmap": [4.0, 4.0], "own": [2.0, 2.0]}, 4.0)
    assert order == [sweep._APART, "vmap", "own", "vmap", "own", sweep._APART]
    told = sweep.describe_ratios({"vmap": [1.0, 3.0, 2.5]}, 4.0)
    assert told == "vmap 2.50 times as fast (1.00 to 3.00) as sequential runs (4 s)"


def test_what_is_to_be_warm_is_gone_through_once_before(called):
    ways, order = called
    assert sweep.compared(ways, 1, warm=True)[0] == {"vmap": [4.0], "own": [2.0]}
    assert len(order) == 6


@pytest.mark.slow
@pytest.mark.expensive
def test_a_first_sweep_compiles_and_the_next_one_finds_its_programs_on_the_disk(tmp_path):
    before = jax.config.jax_compilation_cache_dir
    recipe = sweep.replace(sweep.CASES["mlp on iris"], epochs=1)
    try:
        for kept, files in ((None, False), (tmp_path, True)):
            sweep.sweeps(recipe, 2, kept)["vmap"]()
            assert any(tmp_path.iterdir()) == files
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
        sweep.compilation_cache.reset_cache()
