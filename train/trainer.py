"""The `Trainer` type: a learning rule as three functions, `init`, `step` and `evaluate`.

Rules with one gradient (MLP), two gradients (GAN) and none (perceptron, Hopfield, Kohonen) have the same form, and so
share one training loop, one command line and one format on disk.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

__all__ = ["Trainer", "eval_params", "named_key"]


def _none(metrics: Mapping[str, float]) -> Sequence[str]:
    return ()


class Trainer(NamedTuple):
    """Learning rule of a model.

    Attributes:
        init: `(key, batch) -> fit`. `fit` is a dict of arrays from which training continues: `params`, `state` and
            whatever else the rule keeps.
        step: `(fit, batch, key) -> (fit, metrics)`, one training step; metrics are scalars by name.
        evaluate: `(fit, batch, key) -> {name: (sum, weight)}` over a batch whose `weight` is 1 for an example and
            0 for padding. The sums over all batches divided by the weights are the exact means over the set.
        finish: computes the reported metrics from these means (for example a root or R2).
        figures: figures of a finished run besides those of the task, names or functions as in `Task.figures`.
        warnings: `test metrics of the kept model -> lines`, what a finished run must not leave unsaid, for example that
            training did not converge, each with what to do.
        numbers: numbers of the recipe that the functions take from `fit["numbers"]`, with their values in this run, so
            that runs with others share the compiled programs (`trainers/numbers.py`).
        prepare: `(fit, key) -> fit`, called before every evaluation: computes what of the state follows from the
            parameters but costs too much for every batch, such as a partition function. None: nothing is computed.
        rate: `(numbers, update) -> learning rate` for the log, traceable; None: the schedule of the recipe over all
            updates.
    """

    init: Callable[..., dict]
    step: Callable[..., tuple[dict, dict]]
    evaluate: Callable[..., dict]
    finish: Callable[[dict], dict] = lambda means: means
    figures: tuple[str | Callable[[Any], None], ...] = ()
    warnings: Callable[[Mapping[str, float]], Sequence[str]] = _none
    numbers: Mapping[str, float] = MappingProxyType({})
    prepare: Callable[..., dict] | None = None
    rate: Callable[[Mapping[str, Any], Any], Any] | None = None


def eval_params(fit: dict) -> tuple[Any, Any]:
    """Returns the parameters and state of a trained model, with the moving average of the parameters where kept."""
    return fit["params"] | fit.get("ema", {}), fit["state"]


def named_key(key: jax.Array, name: str, step: int | jax.Array = 0) -> jax.Array:
    """Returns the random key of a named stream at a step. A resumed run repeats all keys exactly.

    >>> import jax
    >>> key = jax.random.key(0)
    >>> same = named_key(key, "noise", 3) == named_key(key, "noise", 3)
    >>> bool(same), bool(named_key(key, "noise") == named_key(key, "order"))
    (True, False)
    """
    return jax.random.fold_in(jax.random.fold_in(key, zlib.crc32(name.encode())), jnp.asarray(step, jnp.uint32))
