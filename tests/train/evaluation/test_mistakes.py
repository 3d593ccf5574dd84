"""The pictures of mistakes: the most confident of them are explained, if the images are large enough."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from zoo.layers import dense, flatten, serial
from zoo.train.data.dataset import Dataset, Split
from zoo.train.data.normalize import Scaler
from zoo.train.evaluation.figures import Drawing, mistakes

pytestmark = pytest.mark.usefixtures("quick_compiler")


@pytest.mark.parametrize(
    ("side", "wrong", "names"),
    [(16, 3, ["mistakes", "mistakes_explained"]), (16, 0, ["mistakes"]), (8, 3, ["mistakes"])],
)
def test_mistakes_are_drawn_and_explained(tmp_path, side, wrong, names):
    x = np.random.default_rng(0).random((6, side, side, 3)).astype(np.float32)
    y = np.array([0, 1, 0, 1, 0, 1])
    predicted = np.where(np.arange(6) < wrong, 1 - y, y)
    model = serial(flatten, dense(2))
    params, state = jax.jit(model.init)(jax.random.key(0), x)
    trained = SimpleNamespace(
        model=model, params=params, state=state, scaler=Scaler(np.zeros(1), np.ones(1)),
        probabilities=lambda x, lengths: np.tile([0.4, 0.6], (len(x), 1)),
        task=SimpleNamespace(name="multiclass", compare=lambda model, data: (y, predicted)),
    )  # fmt: skip
    data = Dataset("own", "multiclass", Split(x, y), Split(x, y), ("cats", "dogs"))
    mistakes(Drawing(SimpleNamespace(source=SimpleNamespace(kind="image")), trained, data, tmp_path))
    assert sorted(path.stem for path in tmp_path.iterdir()) == names
