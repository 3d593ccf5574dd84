"""Deep belief network: a stack of restricted Boltzmann machines whose top one joins features and labels.

Paper: Hinton, Osindero & Teh 2006, A fast learning algorithm for deep belief nets; Bengio et al. 2007.
Command: python -m zoo.train --model dbn
Chart: DBN; backfed input -- probabilistic hidden (hidden) -- output
Expect: at least 96.5 % on the held-out fifth of digits, in a minute; at least 98.75 % of MNIST's 10,000, in an hour;
`python -m zoo sample RUN --class 7` draws sevens.
About: Each machine learns the features of the one below, without labels. Then the stack is fine-tuned as a
classifier, or draws examples of a class from the top.
Equations: P(v, h1, h2) = P(v | h1) P(h1, h2), by contrastive divergence below and persistent chains at the top
Limits: With plenty of labels a network from scratch with modern initial values and dropout is as good and simpler;
errors of the lower layers are never corrected by the upper ones before fine-tuning. Some samples are of another class
than the wanted one.
"""

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from . import layers
from .layers import dense, flatten, serial, sigmoid
from .layers.checks import check_positive
from .layers.initializers import normal
from .layers.precision import promote_float32

__all__ = ["Dbn", "dbn"]

_SPREAD = 0.01  # of the first weights, as of an `rbm`
_SWEEPS = 500  # of the top machine, before its state is passed down as a sample


class Dbn(NamedTuple):
    """Deep belief network, with the capabilities of the trainer `greedy`.

    Attributes:
        init: as of a `Layer`. Params are `body`, the layers from the input upwards, named as those of an `mlp`;
            `labels`, the weights and biases of the label units; and `generator`, the machines from which samples
            come, `{"0": {"w", "a", "b"}, ...}` from the input upwards, with `labels` in the last. Training by gradient
            changes body and labels alone.
        apply: as of a `Layer`; gives the logits of the classes (batch, outputs): minus the free energy of the top
            machine with each label.
        features: `(params, state, x) -> (batch, hidden)`, probabilities of the units of the last layer.
        means: `(params, x, count) -> (batch, units)`, probabilities of the units after so many layers.
        sample: `(params, state, key, n, y) -> x`, images of classes.
        names: names of the layers in `body`.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]
    means: Callable[..., jax.Array]
    sample: Callable[..., jax.Array]
    names: tuple[str, ...]


def dbn(
    outputs: int, shape: tuple[int, ...], *, hidden: tuple[int, ...] = (500, 500, 2000), dropout: float = 0.0
) -> Dbn:
    """Builds a deep belief network of inputs from 0 to 1 to (batch, outputs).

    Args:
        outputs: number of classes.
        shape: shape of one example.
        hidden: widths of the hidden layers, from the input upwards; the last one joins features and labels.
        dropout: share of hidden units dropped in fine-tuning by gradient (0 to 1).

    >>> import jax, jax.numpy as jnp
    >>> model = dbn(10, (8, 8, 1), hidden=(30, 20))
    >>> params, state = model.init(jax.random.key(0), jnp.ones((2, 8, 8, 1)))
    >>> model.apply(params, state, jnp.ones((2, 8, 8, 1)))[0].shape, params["generator"]["1"]["labels"]["w"].shape
    ((2, 10), (10, 20))
    """
    _check(outputs, hidden)
    drop = layers.dropout(dropout)
    parts: list[Any] = [part for width in hidden for part in (dense(width, init=normal(_SPREAD)), sigmoid, drop)]
    net, widths = serial(flatten, body=serial(*parts[:-2])), (prod(shape), *hidden)
    names = tuple(str(3 * i) for i in range(len(hidden)))  # as in an mlp, whose layers have an activation and dropout

    def init(key, x):
        body = net.init(key, x)[0]["body"]
        labels = {"w": jnp.zeros((outputs, hidden[-1])), "b": jnp.zeros(outputs)}
        machines = {
            str(i): {"a": jnp.zeros(low), "b": jnp.zeros(high), "w": body[name]["w"]}
            for i, (name, (low, high)) in enumerate(zip(names, pairwise(widths), strict=True))
        }
        machines[str(len(hidden) - 1)]["labels"] = labels
        return {"body": body, "labels": labels, "generator": machines}, {}

    def inputs(params, x, key=None):
        return net.apply({"body": params["body"]}, {}, x, key)[0]

    def means(params, x, count):
        x = flatten(x)
        for name in names[:count]:
            x = jax.nn.sigmoid(x @ params["body"][name]["w"] + params["body"][name]["b"])
        return x

    def apply(params, state, x, key=None):
        labels = jax.tree.map(promote_float32, params["labels"])
        keys = (None, None) if key is None else jax.random.split(key)
        joined = promote_float32(inputs(params, x, keys[0]))[:, None] + labels["w"]  # (batch, outputs, hidden)
        kept, _ = drop.apply({}, {}, jnp.ones_like(joined[:, 0]), keys[1])  # the same units for all classes
        return labels["b"] + jnp.sum(jax.nn.softplus(joined) * kept[:, None], axis=-1), state

    return Dbn(
        init=init,
        apply=apply,
        features=lambda params, state, x: jax.nn.sigmoid(inputs(params, x)),
        means=means,
        sample=lambda params, state, key, n, y: _sample(params["generator"], key, y).reshape(n, *shape),
        names=names,
    )


def _check(outputs: int, hidden: tuple[int, ...]) -> None:
    if not hidden:
        raise ValueError("dbn: hidden must have a width for at least one layer")
    for width in hidden:
        check_positive("dbn", "hidden", width)
    if outputs < 2:
        raise ValueError(f"dbn: label units stand for two classes or more, got {outputs}")


def _sample(machines: dict, key: jax.Array, y: jax.Array) -> jax.Array:
    """Samples the top machine with its labels clamped, and passes the state down to the means of the inputs."""
    top = machines[str(len(machines) - 1)]
    added = top["b"] + top["labels"]["w"][y]

    def sweep(i, carry):
        up, down = jax.random.split(jax.random.fold_in(key, i))
        h = jax.random.bernoulli(up, jax.nn.sigmoid(carry @ top["w"] + added)).astype(jnp.float32)
        means = jax.nn.sigmoid(h @ top["w"].T + top["a"])
        return jax.random.bernoulli(down, means).astype(jnp.float32)

    v = jnp.tile(jax.nn.sigmoid(top["a"]), (len(y), 1))
    v = jax.random.bernoulli(jax.random.fold_in(key, _SWEEPS), v).astype(jnp.float32)
    v = jax.lax.fori_loop(0, _SWEEPS, sweep, v)
    for i in reversed(range(len(machines) - 1)):
        v = jax.nn.sigmoid(v @ machines[str(i)]["w"].T + machines[str(i)]["a"])
    return v
