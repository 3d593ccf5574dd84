"""Trains one echo state network and runs it freely, in a process of its own: a turn of `benchmarks.reservoirs`.

`python benchmarks/reservoir_turn.py zoo|reservoirpy SERIES.npy [CACHE]` prints the mean squared error of 500 free
steps. Both have 1,000 units with 10 connections each, a spectral radius of 0.9, a leak of 0.5 and a ridge of 1e-8.
CACHE is a folder in which the zoo keeps compiled programs, as its command does. Processes end as that command does,
without a last collection of garbage.
"""

import atexit
import gc
import sys
from typing import Any

import numpy as np

_TRAINED, _WASHOUT, _FREE = 3000, 100, 500


def zoo(series: np.ndarray) -> np.ndarray:
    """Returns 500 free steps of the zoo's network."""
    import jax
    import jax.numpy as jnp

    from zoo.esn import esn
    from zoo.train.runtime.compile import jit_once
    from zoo.train.trainers.teacher_forcing import continued

    model: Any = esn(1, each=True, washout=_WASHOUT)
    x = jnp.asarray(series, jnp.float32)[None, :, None]

    def run(key, x):
        params, state = model.init(key, x)
        params, state, _ = continued(model, params, state, x, 1e-8)
        return model.generate(params, state, state["last"][None], _FREE)

    return np.asarray(jit_once(run)(jax.random.key(0), x))[0, :, 0]


def reservoirpy(series: np.ndarray) -> np.ndarray:
    """Returns 500 free steps of reservoirpy's network."""
    from reservoirpy.nodes import Reservoir, Ridge  # pyright: ignore[reportMissingImports]

    x = series[:, None]
    model = Reservoir(1000, lr=0.5, sr=0.9, input_scaling=0.5, rc_connectivity=0.01, seed=0) >> Ridge(ridge=1e-8)
    model.fit(x[:-1], x[1:], warmup=_WASHOUT)
    made = [model.run(x)[-1]]
    for _ in range(_FREE - 1):
        made.append(model.step(made[-1]))
    return np.stack(made)[:, 0]


def main(name: str, path: str, cache: str = "off") -> None:
    """Prints the error in the unit of the series."""
    atexit.register(gc.freeze)
    if name == "zoo":
        from zoo.train.distributed.devices import set_compile_cache

        set_compile_cache(cache)
    series = np.load(path)
    mean, deviation = series[:_TRAINED].mean(), series[:_TRAINED].std()
    scaled = (series - mean) / deviation
    made = {"zoo": zoo, "reservoirpy": reservoirpy}[name](scaled[:_TRAINED])
    print(np.mean(np.square(made - scaled[_TRAINED : _TRAINED + _FREE])) * deviation**2)


if __name__ == "__main__":
    main(*sys.argv[1:])
