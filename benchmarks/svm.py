"""Compares support vector machines with scikit-learn's SVC at the same cost and gamma: `python -m benchmarks.svm`.

On binary problems the decision values are compared; on the first 10,000 examples of MNIST the seconds to fit and to
predict 10,000 others, in turns of one process, also those of the processors, which other programs disturb less. Ours
include compiling. Both fit with probabilities, ours from three folds and scikit-learn's from five, and without.
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
import sklearn
from sklearn.svm import SVC

import zoo
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Place, load_data
from zoo.train.distributed.sharding import data_parallel
from zoo.train.tasks import task_for
from zoo.train.trainers import Run
from zoo.train.trainers.dual import dual

from .beside import compared, named
from .page import machine

__all__ = ["main"]

_APART = 1e-2  # largest difference of decision values
_CHUNK = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Compares and prints; returns 1 if decision values differ by more than 0.01."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.svm", description=__doc__)
    parser.add_argument("--mnist", action="store_true", help="also MNIST, which takes minutes")
    parser.add_argument("--data-dir", help="folder that holds the downloaded data sets")
    parser.add_argument("--turns", type=int, default=3, help="turns on MNIST")
    args = parser.parse_args(argv)
    print(f"jax {jax.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}, {machine()}")
    good = [_binary(name, *problem) for name, problem in _problems().items()]
    if args.mnist:
        data = load_data("mnist", Place(args.data_dir) if args.data_dir else Place(), {"train_examples": 10_000})
        x, test = (split.x.reshape(len(split.x), -1).astype(np.float32) / 255 for split in (data.train, data.test))
        found: dict[str, list[Timed]] = {name: [] for name in _FITS}
        for turn in range(args.turns):
            for name, fit in _FITS.items():
                found[name].append(timed := _timed(fit, x, data.train.y, test, data.test.y))
                print(f"mnist 10,000, turn {turn + 1}: {name:28} {timed.text}", flush=True)
        _keep(found["zoo"], found["scikit-learn"])
    return 0 if all(good) else 1


def _problems() -> dict[str, tuple[np.ndarray, np.ndarray, float, float]]:
    """Returns inputs, labels, cost and gamma of the binary problems."""
    spiral, digits = load_data("spiral", options={"noise": 20}), load_data("digits")
    pixels = digits.train.x.reshape(len(digits.train.x), -1).astype(np.float32) / 16
    problems = {f"spiral, cost {cost:g}": (spiral.train.x, spiral.train.y, cost, 0.5) for cost in (1.0, 100.0)}
    for one, other in ((3, 8), (1, 9)):
        chosen = np.isin(digits.train.y, (one, other))
        labels = (digits.train.y[chosen] == one).astype(np.int32)
        problems[f"digits {one} and {other}"] = (pixels[chosen], labels, 10.0, 0.1)
    problems["digits, even or odd"] = (pixels, (digits.train.y % 2).astype(np.int32), 10.0, 0.1)
    return problems


def _binary(name: str, x: np.ndarray, y: np.ndarray, cost: float, gamma: float) -> bool:
    """Prints the largest difference of the decision values on a problem; True if it is small."""
    decide, metrics = _fitted(x, y, cost, gamma)
    peer = SVC(C=cost, gamma=gamma).fit(x, y)  # pyright: ignore[reportArgumentType]
    apart = float(np.abs(decide(x)[:, 0] - peer.decision_function(x)).max())
    print(
        f"{name:20} difference of decision values {apart:.1e}, KKT gap {metrics['kkt_gap']:.1e}, support vectors "
        f"{metrics['support_vectors']:.0f}, of scikit-learn {len(peer.support_)}"
    )
    return apart <= _APART and metrics["kkt_gap"] <= 1e-3


def _fitted(x: np.ndarray, y: np.ndarray, cost: float, gamma: float, folds: int = 3) -> tuple[Callable, dict]:
    """Returns the decision function of our machines, and the metrics of their training."""
    outputs = int(y.max()) + 1
    model = zoo.create("svm", outputs if outputs > 2 else 1, gamma=gamma)
    task = task_for("multiclass", outputs=outputs) if outputs > 2 else task_for("binary")
    run = Run(Recipe("svm", "digits", trainer="dual"), 1, 1, data_parallel(), y)
    trainer = dual(model, task, run, cost=cost, folds=folds)

    def train(batch: dict, key: jax.Array) -> tuple[dict, dict]:
        return trainer.step(trainer.init(key, batch), batch, key)

    fit, metrics = jax.jit(train)({"x": x, "y": y}, jax.random.key(0))
    params, state, _ = model.pruned(fit["params"], fit["state"])
    apply = jax.jit(model.decision if outputs == 2 else lambda *given: model.apply(*given)[0])

    def decide(x: np.ndarray) -> np.ndarray:
        parts = [x[i : i + _CHUNK] for i in range(0, len(x), _CHUNK)]
        return np.concatenate([np.asarray(apply(params, state, part)) for part in parts])

    return decide, {name: float(value) for name, value in metrics.items()}


def _fitted_by_sklearn(
    x: np.ndarray, y: np.ndarray, cost: float, gamma: float, *, probability: bool = False
) -> tuple[Callable, dict]:
    options: Any = {"C": cost, "gamma": gamma, "cache_size": 1000, "probability": probability}
    peer = SVC(**options).fit(x, y)
    return lambda x: np.eye(int(y.max()) + 1)[peer.predict(x)], {"support_vectors": len(peer.support_)}


class Timed(NamedTuple):
    """Seconds to fit and to predict, the accuracy, and all of it as text."""

    fit: float
    predict: float
    accuracy: float
    text: str


def _keep(ours: Sequence[Timed], theirs: Sequence[Timed]) -> None:
    """Stores the turns for docs/speed.md."""
    results = tuple(f"{100 * np.median([each.accuracy for each in turns]):.2f} %" for turns in (ours, theirs))
    for step, does in (
        ("fit", "fits 10,000 images of MNIST, with probabilities"),
        ("predict", "predicts 10,000 images"),
    ):
        seconds = ([getattr(each, step) for each in turns] for turns in (ours, theirs))
        compared(f"support vector machine {does}", named("scikit-learn"), *seconds, results)  # pyright: ignore


def _timed(fit: Callable, x: np.ndarray, y: np.ndarray, test: np.ndarray, truth: np.ndarray) -> Timed:
    """Fits and predicts with C 10 and scikit-learn's usual gamma."""
    gamma, began, busy = float(1 / (x.shape[1] * x.var())), time.perf_counter(), time.process_time()
    decide, metrics = fit(x, y, 10.0, gamma)
    fitted, busy = time.perf_counter(), time.process_time() - busy
    found: Any = decide(test).argmax(axis=1)
    ended = time.perf_counter()
    gap = f", KKT gap {metrics['kkt_gap']:.1e}" if "kkt_gap" in metrics else ""
    accuracy = float(np.mean(found == truth))
    text = (
        f"fit {fitted - began:.1f} s (processors {busy:.1f} s), predict {ended - fitted:.2f} s, accuracy "
        f"{accuracy:.4f}, support vectors {metrics['support_vectors']:.0f}{gap}"
    )
    return Timed(fitted - began, ended - fitted, accuracy, text)


_FITS = {
    "zoo": _fitted,
    "scikit-learn": partial(_fitted_by_sklearn, probability=True),
    "zoo, no probabilities": partial(_fitted, folds=0),
    "scikit-learn, no probabilities": _fitted_by_sklearn,
}

if __name__ == "__main__":
    sys.exit(main())
