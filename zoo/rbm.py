"""Restricted Boltzmann machine: visible and hidden units with connections between the two sides alone.

Paper: Smolensky 1986, Harmony theory; Hinton 2002, Training products of experts by minimizing contrastive divergence.
Command: python -m zoo.train --model rbm
Chart: RBM; backfed input -- probabilistic hidden (hidden)
Expect: at least -19 nats an image on the held-out fifth of binarised digits, in half a minute; bars and stripes of 4x4
within 0.3 nats of the best possible, -3.40. On binarised MNIST -94 nats by long annealing, in six minutes on two cores
(python -m benchmarks.rbm --only mnist).
About: Without connections inside of a side all units of one side can be drawn at once given the other. Contrastive
divergence starts the chain at the data and takes a few steps.
Equations: P(h_j = 1 | v) = sigmoid(c_j + v W_j); dW = <v h>_data - <v h>_after k steps
Limits: With few steps the chain stays near the data: the likelihood may fall while the reconstruction improves.
Persistent chains stop mixing once the rate is high.
"""

from collections.abc import Callable
from math import prod
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from ._binary import binary as binarised
from ._likelihoods import bernoulli, gaussian
from ._restricted import Machine, annealed, clamped, enumerable, enumerated, free_energy, gibbs
from .layers import Layer, dense, flatten, serial
from .layers.checks import check_number, check_positive
from .layers.initializers import normal

__all__ = ["Rbm", "rbm"]

_SPREAD = 0.01  # of the first weights (Hinton 2010, A practical guide to training restricted Boltzmann machines)
_CHAINS, _SWEEPS = 10, 100  # of a completion
_MEASURED = ("log_z", "log_z_error", "train_free_energy")  # before an evaluation, from the parameters


class Rbm(NamedTuple):
    """Restricted Boltzmann machine, with the capabilities of the task `density`.

    Visible states v are flat, (batch, visible).

    Attributes:
        init: as of a `Layer`. Params are `{"body": {"0": {"w", "b"}}, "visible": {"b"}}`, the first layer as that of an
            `mlp`. The state has what evaluations need of parameters and data: `log_z`, the logarithm of the partition
            function, `log_z_error`, its standard error, `base`, biases of independent visible units with the rates of
            the data, and `train_free_energy`, the mean of training examples.
        apply: as of a `Layer`; gives the log-probability (batch,) by the `log_z` of the state.
        log_prob: `(params, state, x, key) -> (batch,)`, the same.
        binary: whether the visible units are binary.
        visible: `(x, key) -> v`, visible states of inputs; key None: the same ones for every call.
        rates: `v -> (visible,)`, biases of independent visible units with the rates or means of v.
        free_energy: `(params, v) -> (batch,)` in nats.
        log_partition: `(params, state, key) -> (log_z, standard error)`; the error of an exact value is 0.
        gibbs: `(params, v, key, sweeps) -> v`.
        sample: `(params, state, key, n) -> x`, from annealed chains.
        complete: `(params, state, x, known, key) -> x`, means of the visible units given those where `known` is 1.
        features: `(params, state, x) -> (batch, hidden)`, probabilities of the hidden units given x itself.
        independent: `(train, x) -> (batch,)`, log-likelihood of examples if their visible units were independent.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    log_prob: Callable[..., jax.Array]
    binary: bool
    visible: Callable[..., jax.Array]
    rates: Callable[..., jax.Array]
    free_energy: Callable[..., jax.Array]
    log_partition: Callable[..., tuple[jax.Array, jax.Array]]
    gibbs: Callable[..., jax.Array]
    sample: Callable[..., jax.Array]
    complete: Callable[..., jax.Array]
    features: Callable[..., jax.Array]
    independent: Callable[..., jax.Array]


def rbm(
    shape: tuple[int, ...],
    *,
    hidden: int = 128,
    units: Literal["binary", "gaussian"] = "binary",
    std: float = 1.0,
    binarise: Literal["threshold", "random"] = "threshold",
    runs: int = 100,
    temperatures: int = 1000,
) -> Rbm:
    """Builds a restricted Boltzmann machine of inputs of one shape.

    Args:
        shape: shape of one example.
        hidden: number of hidden units.
        units: visible units: binary, of inputs from 0 to 1, or gaussian, of any numbers.
        std: standard deviation of Gaussian visible units given the hidden ones, in the scale of the normalised inputs.
        binarise: binary units of grey values: threshold, 1 above 0.5; random, 1 with the grey value as probability.
        runs: runs of annealed importance sampling, by which the likelihood is estimated where it is not exact; at least
            two, as one has no standard error.
        temperatures: temperatures that each of them passes through.

    >>> import jax, jax.numpy as jnp
    >>> model = rbm((2, 2, 1), hidden=3)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((5, 2, 2, 1)))
    >>> params["body"]["0"]["w"].shape, model.apply(params, state, jnp.ones((5, 2, 2, 1)))[0].shape
    ((4, 3), (5,))
    """
    for name, value in (("hidden", hidden), ("runs", runs), ("temperatures", temperatures)):
        check_positive("rbm", name, value)
    if runs < 2:
        raise ValueError("rbm: runs must be at least 2, as a single run has no standard error (--m.runs)")
    check_number("rbm", "std", std, above=True)
    variance = None if units == "binary" else std**2
    net = serial(flatten, body=serial(dense(hidden, init=normal(_SPREAD))))

    def machine(params):
        return Machine(params["body"]["0"]["w"], params["visible"]["b"], params["body"]["0"]["b"], variance)

    def visible(x, key=None):
        return flatten(x) if variance else binarised(flatten(x), binarise, key)

    def rates(v):
        if variance:
            return jnp.mean(v, axis=0)
        share = (jnp.sum(v, axis=0) + 1) / (len(v) + 2)  # never 0 or 1
        return jnp.log(share) - jnp.log1p(-share)

    return _model(net, machine, (units == "binary", visible, rates), shape, (runs, temperatures))


def _model(net: Layer, machine: Callable, given: tuple, shape: tuple[int, ...], annealing: tuple[int, int]) -> Rbm:
    """Builds the model of a layer to the hidden units.

    Args:
        net: the layer.
        machine: `params -> Machine`.
        given: binary, visible and rates, as of `Rbm`.
        shape: shape of one example.
        annealing: runs and temperatures.
    """
    binary, visible, rates = given

    def inputs(params, x):
        with jax.default_matmul_precision("highest"):
            return net.apply({"body": params["body"]}, {}, x)[0]

    def init(key, x):
        params = net.init(key, x)[0] | {"visible": {"b": jnp.zeros(prod(shape))}}
        return params, {"base": jnp.zeros(prod(shape))} | {name: jnp.zeros(()) for name in _MEASURED}

    def free(params, v):
        return free_energy(machine(params), v, inputs(params, v))

    def log_prob(params, state, x, key=None):
        return -free(params, visible(x, key)) - state["log_z"]

    def log_partition(params, state, key):
        if enumerable(machine(params)):
            return enumerated(machine(params)), jnp.zeros(())
        return annealed(machine(params), state["base"], key, *annealing)[:2]

    def sample(params, state, key, n):
        return annealed(machine(params), state["base"], key, n, annealing[1])[2].reshape(n, *shape)

    def complete(params, state, x, known, key):
        return _completed(machine(params), visible(x), known, state["base"], key).reshape(x.shape)

    return Rbm(
        init=init,
        apply=lambda params, state, x, key=None: (log_prob(params, state, x, key), state),
        log_prob=log_prob,
        binary=binary,
        visible=visible,
        rates=rates,
        free_energy=free,
        log_partition=log_partition,
        gibbs=lambda params, v, key, sweeps: gibbs(machine(params), v, key, sweeps),
        sample=sample,
        complete=complete,
        features=lambda params, state, x: jax.nn.sigmoid(inputs(params, x)),
        independent=lambda train, x: (bernoulli() if binary else gaussian()).independent(visible(train), visible(x)),
    )


def _completed(machine: Machine, v: jax.Array, known: jax.Array, base: jax.Array, key: jax.Array) -> jax.Array:
    """Returns the means of some chains for each example (batch, visible)."""
    several = jnp.repeat(v, _CHAINS, axis=0)
    found = clamped(machine, several, jnp.reshape(known, -1), base, key, _SWEEPS)
    return jnp.mean(found.reshape(len(v), _CHAINS, -1), axis=1)
