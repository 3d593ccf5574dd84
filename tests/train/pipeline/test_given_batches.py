"""Lists, generators and iterables of batches as endless iterators that runs can train on."""

import numpy as np
import pytest

import zoo
from zoo.train.errors import BadInput
from zoo.train.pipeline.given_batches import ReadBatches, is_batches, with_state

pytestmark = pytest.mark.usefixtures("quick_compiler")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
BATCHES = [(X[i : i + 20], Y[i : i + 20]) for i in (0, 20, 40)]


def endless():
    step = 0
    while True:
        yield BATCHES[step % 3]
        step += 1


class Anew:
    """An iterable that begins again, as a loader of torch."""

    def __iter__(self):
        return iter(BATCHES)


@pytest.mark.parametrize("given", [lambda: BATCHES, endless, Anew])
def test_batches_are_endless_and_the_first_can_be_read_again(given):
    batches = with_state(given())
    first = [next(batches)[0] for _ in range(4)]
    assert batches.get_state() == {"read": 4}
    batches.set_state({"read": 0})
    for one, other in zip(first, (next(batches)[0] for _ in range(4)), strict=True):
        assert one is other


def test_only_a_list_can_be_continued_anywhere():
    listed = ReadBatches(BATCHES)
    listed.set_state({"read": 100})
    assert next(listed) is BATCHES[1]
    generator = with_state(endless())
    with pytest.raises(ValueError, match="generator has no get_state and set_state: give a list of batches"):
        generator.set_state({"read": 100})


def test_batches_and_rows_are_told_apart():
    assert all(map(is_batches, (BATCHES, endless(), Anew(), [{"x": X, "y": Y}])))
    assert not any(map(is_batches, (X, X.tolist(), [(1.0, 2.0), (3.0, 4.0)], [])))


@pytest.mark.expensive
def test_a_list_and_a_generator_of_the_same_batches_train_the_same_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = {"test": (X, Y), "epochs": 2, "quiet": True}
    listed = zoo.fit("logistic", BATCHES, **settings)
    drawn = zoo.fit("logistic", endless(), steps_per_epoch=3, **settings)
    assert listed.history == drawn.history
    assert len(listed.history) > 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "settings", "message"),
    [
        (BATCHES, {}, r"batches need test examples of their own: give test=\(X_test, y_test\)"),
        (endless(), {"test": (X, Y)}, "give the number of batches that count as an epoch, steps_per_epoch=N"),
    ],
)
def test_what_batches_lack_is_named(given, settings, message):
    with pytest.raises(BadInput, match=message):
        zoo.fit("logistic", given, quiet=True, **settings)
