"""Trains one method on the rows of a file, in a process of its own: `python -m benchmarks.map_worker` prints JSON.

The clock starts before the library is imported and stops when the result is on the host, so that compiling counts.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .map_work import WORK, errors, inertia

_SEED = 0


def main() -> int:
    """Trains, and prints the seconds, the scores and the peak memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.map_worker", description=__doc__)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("file", help="NPY file of the rows, float32 (rows, features)")
    args = parser.parse_args()
    x, work = np.load(args.file), WORK[args.work]
    began = time.perf_counter()
    made = np.asarray(METHODS[args.method](x, work), np.float64)
    seconds = time.perf_counter() - began
    scale = 1 << (20 if sys.platform == "darwin" else 10)
    found = {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale}
    scores = {"inertia": inertia(x, made)} if work.units else of_seeds(x, made, work.side)
    print(json.dumps(found | scores))
    return 0


def of_seeds(x: np.ndarray, units: np.ndarray, side: int) -> dict[str, Any]:
    """Computes the errors of a map, or the means and the range of those of several (seeds, units, features)."""
    if units.ndim == 2:
        return errors(x, units, side)
    each = [errors(x, one, side) for one in units]
    by_name = {name: [one[name] for one in each] for name in each[0]}
    means: dict[str, Any] = {name: float(np.mean(values)) for name, values in by_name.items()}
    return means | {"range": {name: [min(values), max(values)] for name, values in by_name.items()}}


def _zoo(x: np.ndarray, recipe: Any, task: str, seeds: int = 1) -> list[dict]:
    """Trains a recipe as the command does, on rows in memory, in one program; returns the parameters of each seed."""
    import jax

    from zoo.train import trainers
    from zoo.train.data.dataset import Split
    from zoo.train.data.normalize import fit_scaler
    from zoo.train.distributed.sharding import data_parallel
    from zoo.train.engine.loop import train
    from zoo.train.engine.plan import Plan
    from zoo.train.engine.steps import StepProgram
    from zoo.train.pipeline.batches import from_memory
    from zoo.train.tasks import task_for
    from zoo.train.trained.build import ModelSpec, build

    steps, sharding = round(recipe.epochs), data_parallel(jax.local_devices()[:1])
    y = x.sum(axis=1) if task == "regression" else np.zeros(len(x), np.int32)
    feed = from_memory(Split(x, y), len(x), fit_scaler(x, "none"), None, "none", whole=True)
    model = build(recipe.model, ModelSpec(1), recipe.m)
    trainer = trainers.make(model, task_for(task, outputs=1), trainers.Run(recipe, steps, 1, sharding))
    program, plan, found = StepProgram(trainer, feed, sharding), Plan(steps, 1, steps, steps), []
    for seed in range(recipe.seed, recipe.seed + seeds):
        fit = train(program, plan, jax.random.key(seed), evaluate=lambda fit, step: [], rate=lambda step: 0.0)
        found.append(jax.device_get(fit["params"]))
    return found


def _zoo_map(rule: str) -> Callable:
    def made(x, work):
        m = {"rows": work.side, "columns": work.side}
        recipe = replace(_recipe(work, rule), m=m, epochs=_passes(work, rule), batch_size=len(x), seed=_SEED)
        seeds = work.seeds if rule == "online" else 1
        found = [params["map"]["units"] for params in _zoo(x, recipe, "topographic_map", seeds)]
        return found if len(found) > 1 else found[0]

    return made


def _recipe(work: Any, rule: str) -> Any:
    from zoo.train.config.recipe import recipe_for

    return recipe_for("kohonen", work.like, rule.replace("batch", ""))


def _passes(work: Any, rule: str) -> int:
    return work.passes or round(_recipe(work, rule).epochs)


def _minisom(rule: str) -> Callable:
    def made(x, work):
        from minisom import MiniSom  # pyright: ignore[reportMissingImports]

        given, passes = _recipe(work, rule).t, _passes(work, rule)
        first, last = given.get("radius", work.side / 2), given.get("last_radius", 0.5)
        rate, last_rate = given.get("rate", 0.5), given.get("last_rate", 0.01)
        som = MiniSom(work.side, work.side, x.shape[1], sigma=first, random_seed=_SEED)
        # By name it takes only decays that end at other values.
        som._sigma_decay_function = lambda sigma, t, steps: first * (last / first) ** (t / steps)
        som._learning_rate_decay_function = lambda _, t, steps: rate + (last_rate - rate) * t / steps
        if rule == "batch":
            som._learning_rate_decay_function = lambda _, t, steps: 1.0
        som.pca_weights_init(x)
        if rule == "online":
            som.train_random(x, passes * len(x))
        else:
            som.train_batch_offline(x, passes)
        return som.get_weights().reshape(-1, x.shape[1])

    return made


def _zoo_read_out(x, work):
    from zoo.train.config.recipe import recipe_for

    recipe = replace(recipe_for("rbf", "diabetes"), m={"units": work.units}, batch_size=len(x), seed=_SEED)
    return _zoo(x, recipe, "regression")[0]["hidden"]["centres"]


def _zoo_kmeans(x, work):
    import jax

    from zoo.train.trainers._kmeans import kmeans

    return jax.jit(lambda key, x: kmeans(key, x, work.units, work.iterations))(jax.random.key(_SEED), x)


def _sklearn_kmeans(x, work):
    from sklearn.cluster import KMeans

    found = KMeans(
        n_clusters=work.units,
        n_init=1,  # pyright: ignore[reportArgumentType]
        max_iter=work.iterations,
        tol=0,
        algorithm="lloyd",
        random_state=_SEED,
    )
    return found.fit(x).cluster_centers_


METHODS = {
    "zoo batch": _zoo_map("batch"),
    "zoo online": _zoo_map("online"),
    "minisom batch": _minisom("batch"),
    "minisom online": _minisom("online"),
    "zoo k-means": _zoo_kmeans,
    "zoo rbf": _zoo_read_out,
    "scikit-learn k-means": _sklearn_kmeans,
}

if __name__ == "__main__":
    sys.exit(main())
