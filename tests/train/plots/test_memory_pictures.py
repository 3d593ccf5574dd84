"""Pictures of a memory and of errors by length are drawn for any number of heads, also without inputs and answers."""

import numpy as np
import pytest

from zoo.train.plots.lengths import Errors, errors_by_length
from zoo.train.plots.memory import Trace, memory

rng = np.random.default_rng(0)


@pytest.mark.parametrize("heads", [1, 3])
def test_a_memory_is_drawn_with_and_without_bits(heads, tmp_path):
    weights = np.eye(20)[rng.integers(0, 6, (9, heads))]
    bits, slots = rng.integers(0, 2, (9, 4)).astype(float), rng.normal(size=(20, 5))
    memory(Trace(bits, bits, bits, weights, weights, slots), tmp_path / "all.png", "all $")
    memory(Trace(None, None, None, 0 * weights, weights, 0 * slots), tmp_path / "few.png", "few")
    assert (tmp_path / "all.png").stat().st_size > (tmp_path / "few.png").stat().st_size > 3000


def test_errors_by_length_are_drawn_beside_a_guess_and_the_longest_training_sequence(tmp_path):
    errors = {"one": Errors([1, 20, 40], [0, 0.1, 12.0]), "other": Errors([1, 40], [1, 99])}
    errors_by_length(errors, tmp_path / "both.png", 20, 4.0)
    errors_by_length({"alone": Errors([3], [0.0])}, tmp_path / "one.png")
    assert all((tmp_path / f"{name}.png").stat().st_size > 3000 for name in ("both", "one"))
