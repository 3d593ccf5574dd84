"""Echo state network: a fixed random reservoir of leaky units, and a linear layer that is solved by least squares.

Paper: Jaeger 2001, The "echo state" approach to analysing and training recurrent neural networks; Jaeger & Haas 2004,
Harnessing nonlinearity; practice: Lukosevicius 2012, A practical guide to applying echo state networks.
Command: python -m zoo.train --model esn
Chart: ESN; input (features) ~> web of recurrent (units) -> output
Expect: on Mackey-Glass (tau 17) a normalised error of at most 0.001 after 84 steps of free running, in seconds.
About: The reservoir echoes past inputs in many ways, from which least squares picks. With its own output as input it
goes on by itself.
Equations: s_t = (1 - a) s_{t-1} + a tanh(x_t W_in + s_{t-1} W + b); y_t = [1, x_t, s_t] W_out
Limits: It remembers at most as many steps as it has units, and radius, leak and input scale must suit the series;
free running leaves chaotic series after some Lyapunov times.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from ._leaky_units import leaky_cell
from ._read_out import ReadOut, read_out
from .layers import Cell, Layer, Scanned, Sequence, compose, dense, scan
from .layers.checks import check_choice, check_number, check_positive

_MOST = 100  # connections into a unit: each is an operation of its own in a step


class EchoState(NamedTuple):
    """Model that forecasts a series, with the capabilities of the task `forecast`.

    Attributes:
        init: as of a `Layer`; the state holds the connections, and the features `last` (n,) of the last training step.
        apply: as of a `Layer`: the forecast of the next value at every step, each from the true values before.
        features: `(params, state, x) -> (batch, time, n)`, the inputs of the layer `head`: the states of the units,
            then the value of the step.
        generate: `(params, state, features, steps) -> (batch, steps, values)`: free running from the features
            (batch, n) of a step; each forecast is the next input.
        washout: first steps of a series, in which the state depends on its start.
    """

    init: Callable[..., tuple[Any, Any]]
    apply: Callable[..., tuple[Any, Any]]
    features: Callable[..., jax.Array]
    generate: Callable[..., jax.Array]
    washout: int


def esn(
    outputs: int,
    *,
    each: bool = False,
    units: int = 1000,
    degree: int = 10,
    radius: float = 0.9,
    leak: float = 0.5,
    input_scale: float = 0.5,
    bias: float = 0.5,
    washout: int = 100,
    read: Literal["mean", "last"] = "mean",
) -> EchoState | ReadOut:
    """Builds an echo state network.

    Of sequences (batch, time, features) or images, read row by row, it gives (batch, outputs). With `each` it forecasts
    a series: (batch, time, values) to the next value at every step. Forecasts then have the number of values of the
    inputs, and only `generate` feeds them back: Jaeger's output feedback has here the weights of the inputs.

    Args:
        outputs: number of classes or values to predict; without effect on a series.
        each: forecasts of a series.
        units: number of units of the reservoir.
        degree: random connections into each unit.
        radius: spectral radius of the connections, below 1 for a memory that fades without inputs.
        leak: share of the new value in the state of a unit, above 0, at most 1; small for slow inputs.
        input_scale: bound of the random weights of the inputs, which are normalised.
        bias: bound of the random biases.
        washout: first steps of a series that are neither learned nor scored.
        read: states of a classifier that its linear layer reads: their mean over time, or the last.

    >>> import jax, jax.numpy as jnp
    >>> model, series = esn(1, each=True, units=30), jnp.ones((1, 9, 1))
    >>> params, state = model.init(jax.random.key(0), series)
    >>> rows = model.features(params, state, series)
    >>> rows.shape, model.generate(params, state, rows[:, -1], 4).shape
    ((1, 9, 31), (1, 4, 1))
    """
    check_positive("esn", "units", units)
    if check_positive("esn", "degree", degree) > _MOST:
        raise ValueError(f"esn: degree must be at most {_MOST}, as the connections are sparse, got {degree}")
    check_positive("esn", "washout", washout)
    for name, value in {"radius": radius, "input_scale": input_scale, "bias": bias}.items():
        check_number("esn", name, value)
    if not 0 < check_number("esn", "leak", leak) <= 1:
        raise ValueError(f"esn: leak must be above 0 and at most 1, got {leak}")
    check_choice("esn", "read", read, ("mean", "last"))
    cell = leaky_cell(units, degree=degree, radius=radius, leak=leak, input_scale=input_scale, bias=bias)
    if each:
        return _forecaster(cell, units, washout)
    return _classifier(cell, outputs, read)


def _forecaster(cell: Cell, units: int, washout: int) -> EchoState:
    head = Layer(lambda key, x: dense(x.shape[-1] - units).init(key, x), dense(1).apply)  # as many values as inputs

    def rows(call, x):
        ran = call("reservoir", x)
        return ran._replace(y=jnp.concatenate([ran.y, x.x if isinstance(x, Sequence) else x], axis=-1))

    def wiring(call, x):
        ran = rows(call, x)
        y = call("head", ran.y)
        return Scanned(ran.carry, y) if isinstance(x, Sequence) else y

    reservoir = scan(cell, return_carry=True)
    net, part = compose(wiring, reservoir=reservoir, head=head), compose(rows, reservoir=reservoir)

    def init(key, x):
        params, state = net.init(key, x)
        return params, state | {"last": jnp.zeros(params["head"]["w"].shape[0])}

    def apply(params, state, x, key=None):
        with _exact():
            return net.apply(params, state, x, key)

    def features(params, state, x):
        with _exact():
            return part.apply(params, state, x)[0].y

    def generate(params, state, features, steps):
        def move(row, _):
            y, _ = head.apply(params["head"], {}, row)
            (h, _), _ = cell.apply(params["reservoir"], state["reservoir"], (row[:, :units], y))
            return jnp.concatenate([h, y], axis=-1), y

        with _exact():
            return jnp.swapaxes(jax.lax.scan(move, features, length=steps)[1], 0, 1)

    return EchoState(init, apply, features, generate, washout)


def _exact() -> Any:
    """Returns the context of products in full float32, as forecasts that are fed back need all of its digits."""
    return jax.default_matmul_precision("highest")


def _classifier(cell: Cell, outputs: int, read: str) -> ReadOut:
    def wiring(call, x):
        sequence = _rows(x)
        ran = call("reservoir", sequence)
        if read == "last":
            return ran
        steps = ran.shape[1] if sequence.lengths is None else jnp.maximum(sequence.lengths, 1)[:, None]
        return jnp.sum(ran, axis=1) / steps  # steps beyond the length are 0

    return read_out(compose(wiring, reservoir=scan(cell, output="last" if read == "last" else "all")), outputs)


def _rows(x: Any) -> Sequence:
    """Converts images (batch, height, width, channels) to sequences of their rows; others stay."""
    sequence = x if isinstance(x, Sequence) else Sequence(x)
    if sequence.x.ndim != 4:
        return sequence
    return sequence._replace(x=sequence.x.reshape(*sequence.x.shape[:2], -1))
