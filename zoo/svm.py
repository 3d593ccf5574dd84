"""Support vector machine: the widest margin between classes, in the features of a kernel or of the inputs themselves.

Paper: Cortes & Vapnik 1995, Support-vector networks; probabilities: Platt 1999; regression: Drucker et al. 1996.
Command: python -m zoo.train --model svm
Chart: SVM; input -> kernel (vectors) -> output
Expect: at least 98.8 % on the held-out fifth of digits, in seconds; at least 97.5 % without a kernel.
About: Only examples at the margin, the support vectors, decide the boundary. A kernel makes the boundary curved
without computing the features.
Equations: f(x) = sum_i a_i t_i k(x_i, x) + b; 0 <= a_i <= C; k = exp(-gamma |x - y|^2)
Limits: Time and memory grow with the square of the number of examples; inputs must be scaled, and C and gamma chosen.
"""

from collections.abc import Callable
from itertools import combinations
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .layers import Layer, flatten, serial, stateless
from .layers.checks import check_choice, check_features, check_number, check_positive
from .layers.distances import squared_distances

Kernel = Callable[[dict, jax.Array, jax.Array], jax.Array]
_KERNELS = ("rbf", "polynomial", "linear", "none")
_SCHEMES = ("one_vs_one", "one_vs_rest", "separate")


class Svm(NamedTuple):
    """Model of support vector machines, one or several, with the capabilities of the trainer `dual`.

    Attributes:
        init: as of a `Layer`; params are `machines`, with a kernel `{"vectors": (vectors, features), "coefficients":
            (vectors, machines), "bias", "gamma"}`, else `{"w": (features, machines), "bias"}`, and `platt`, `{"slope":
            (machines,), "offset": (machines,)}`. The state holds the `kkt_gap` (machines,) that training reached.
        apply: as of a `Layer`; gives logits, of several classes the logarithms of probabilities up to a constant.
        decision: `(params, state, x) -> (batch, machines)`, decision values: the margins are at -1 and 1.
        kernel: `(params["machines"], (n, features), (m, features)) -> (n, m)`; None without a kernel.
        scheme: which machines there are; of two classes, and of a single number, one.
        pairs: int (machines, 2), the classes that each machine of `one_vs_one` separates, its positive one first;
            of the other schemes None.
        pruned: `(params, state) -> (params, state, options)`, the model without examples that are no support vectors,
            and the options that build it.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    decision: Callable[..., jax.Array]
    kernel: Kernel | None
    scheme: str
    pairs: np.ndarray | None
    pruned: Callable[[dict, dict], tuple[dict, dict, dict]]


def svm(
    outputs: int,
    *,
    kernel: Literal["rbf", "polynomial", "linear", "none"] = "rbf",
    gamma: float | None = None,
    degree: int = 3,
    offset: float = 1.0,
    scheme: Literal["one_vs_one", "one_vs_rest", "separate"] = "one_vs_one",
    vectors: int | None = None,
) -> Svm:
    """Builds support vector machines from inputs of any shape, flattened, to (batch, outputs).

    Args:
        outputs: number of classes or values to predict.
        kernel: rbf, exp(-gamma |x - v|^2); polynomial, (gamma x.v + offset)^degree; linear, x.v; none: weights of the
            inputs in place of support vectors, for many examples.
        gamma: factor of the kernels rbf and polynomial (default: 1 / number of features).
        degree: degree of the polynomial kernel.
        offset: constant of the polynomial kernel.
        scheme: machines of several classes: one_vs_one, one of each two classes; one_vs_rest, one of each class against
            all others; separate, one of each output by itself, for several labels or numbers.
        vectors: number of support vectors (default: as many as there are examples at first; a trained model has those
            that count).

    >>> import jax, jax.numpy as jnp
    >>> model = svm(3, vectors=20)
    >>> params, state = model.init(jax.random.key(0), jnp.ones((2, 4)))
    >>> params["machines"]["vectors"].shape, model.decision(params, state, jnp.ones((2, 4))).shape
    ((20, 4), (2, 3))
    """
    check_positive("svm", "outputs", outputs)
    check_choice("svm", "kernel", kernel, _KERNELS)
    check_choice("svm", "scheme", scheme, _SCHEMES)
    check_positive("svm", "degree", degree)
    check_number("svm", "offset", offset)
    if gamma is not None:
        check_number("svm", "gamma", gamma, above=True)
    if vectors is not None:
        check_positive("svm", "vectors", vectors)
    pairs = np.array(list(combinations(range(outputs), 2))) if outputs > 1 and scheme == "one_vs_one" else None
    count = outputs if pairs is None else len(pairs)
    measure = _kernel(kernel, degree, offset)
    machines = _linear(count) if measure is None else _expansion(count, measure, gamma, vectors)
    part = serial(flatten, machines=machines)
    net = serial(flatten, machines=machines, platt=_sigmoids(count), classes=_combined(outputs, scheme))

    def init(key, x):
        return net.init(key, x)[0], {"kkt_gap": jnp.full(count, jnp.inf)}

    def apply(params, state, x, key=None):
        return net.apply(params, {}, x)[0], state

    def decision(params, state, x):
        return part.apply({"machines": params["machines"]}, {}, x)[0]

    return Svm(init, apply, decision, measure, "separate" if outputs == 1 else scheme, pairs, _pruned)


def _kernel(name: str, degree: int, offset: float) -> Kernel | None:
    def rbf(params, a, b):
        return jnp.exp(-params["gamma"] * squared_distances(a, b))

    def polynomial(params, a, b):
        return (params["gamma"] * (a @ b.T) + offset) ** degree

    return {"rbf": rbf, "polynomial": polynomial, "linear": lambda params, a, b: a @ b.T, "none": None}[name]


def _expansion(count: int, kernel: Kernel, gamma: float | None, vectors: int | None) -> Layer:
    """Builds the layer of weighted kernel values: (batch, features) to decision values (batch, count)."""

    def make(key, x):
        features, size = x.shape[1], vectors or len(x)
        return {
            "vectors": jax.random.normal(key, (size, features)),
            "coefficients": jnp.zeros((size, count)),
            "bias": jnp.zeros(count),
            "gamma": jnp.float32(1 / features if gamma is None else gamma),
        }

    def apply(params, x):
        check_features(f"svm({count})", params["vectors"].shape[1], x)
        return kernel(params, x, params["vectors"]) @ params["coefficients"] + params["bias"]

    return stateless(make, apply)


def _linear(count: int) -> Layer:
    """Builds the layer of weighted inputs: (batch, features) to decision values (batch, count)."""

    def apply(params, x):
        check_features(f"svm({count})", len(params["w"]), x)
        return x @ params["w"] + params["bias"]

    return stateless(lambda key, x: {"w": jnp.zeros((x.shape[1], count)), "bias": jnp.zeros(count)}, apply)


def _sigmoids(count: int) -> Layer:
    """Builds Platt's scaling, from decision values to logits."""

    def apply(params, x):
        return params["slope"] * x + params["offset"]

    return stateless(lambda key, x: {"slope": jnp.ones(count), "offset": jnp.zeros(count)}, apply)


def _combined(outputs: int, scheme: str) -> Callable[[jax.Array], jax.Array]:
    """Returns the function from the logits of the machines to those of the outputs.

    Of pairs, p(i) = 1 / (sum over j of 1 / r(i, j) - (outputs - 2)), where r(i, j) is the probability of class i where
    it is i or j (Price et al. 1995): exact where the pairs agree. With logits s, 1 / r = 1 + exp(-s).
    """
    if outputs == 1 or scheme == "separate":
        return lambda logits: logits
    if scheme == "one_vs_rest":
        return jax.nn.log_sigmoid
    place = {pair: i for i, pair in enumerate(combinations(range(outputs), 2))}
    others = [[j for j in range(outputs) if j != i] for i in range(outputs)]
    index = np.array([[place[min(i, j), max(i, j)] for j in row] for i, row in enumerate(others)])
    against = np.array([[1.0 if i > j else -1.0 for j in row] for i, row in enumerate(others)], np.float32)

    def coupled(logits):
        rival = logits[:, index.reshape(-1)].reshape(-1, *index.shape) * against
        return -jax.nn.logsumexp(jnp.pad(rival, ((0, 0), (0, 0), (0, 1))), axis=-1)  # exp(0) is the 1

    return coupled


def _pruned(params: dict, state: dict) -> tuple[dict, dict, dict]:
    machines = params["machines"]
    if "vectors" not in machines:
        return params, state, {}
    used = np.flatnonzero(np.any(np.asarray(machines["coefficients"]) != 0, axis=1))
    used = used if len(used) else np.array([0])  # of a constant, some vector remains
    kept = {name: np.asarray(machines[name])[used] for name in ("vectors", "coefficients")}
    return params | {"machines": machines | kept}, state, {"vectors": len(used)}
