"""Figures of a Boltzmann machine: the code of its hidden units, and sampled beside exact means."""

from typing import Any

import jax
import numpy as np

from ..data.normalize import scaled
from ..trainer import named_key

__all__ = ["draw_code", "draw_marginals"]

_PATTERNS = 16  # rows of the picture
_CHAINS, _SWEEPS = 5000, 60


def draw_code(drawing: Any) -> None:
    """Draws the probability of each hidden unit given each pattern, and the weights to the visible units."""
    from ..plots.machine import code

    model, data = drawing.model, drawing.data
    x = np.asarray(scaled(model.scaler, np.asarray(data.test.x[:_PATTERNS])))
    machine, v = model.model, x.reshape(len(x), -1)
    probabilities = np.asarray(machine.codes(model.params, v), np.float64)
    bits = (np.arange(probabilities.shape[1])[:, None] >> np.arange(machine.hidden)) & 1
    weights = np.asarray(model.params["machine"]["w"])[machine.visible :, : machine.visible]
    classes = data.classes if np.ndim(data.test.y) == 1 else ()
    names = [str(classes[y]) if classes else str(i) for i, y in enumerate(data.test.y[: len(x)])]
    code(v, probabilities @ bits, weights, names, drawing.folder / "code.png")


def draw_marginals(drawing: Any) -> None:
    """Draws the means of units and of pairs of units from Gibbs sampling against the exact ones."""
    from ..plots.machine import marginals

    model, key = drawing.model, named_key(drawing.setup.key, "marginals")
    machine, units = model.model, model.model.visible + model.model.hidden

    @jax.jit
    def sampled(params):
        s = jax.random.bernoulli(key, 0.5, (_CHAINS, units)).astype("float32")
        temperatures = np.concatenate([np.geomspace(4.0, 1.0, _SWEEPS), np.ones(_SWEEPS)])
        s = machine.anneal(params, s, named_key(key, "anneal"), jax.numpy.asarray(temperatures, "float32"))
        return s.mean(axis=0), s.T @ s / _CHAINS

    pairs = np.triu_indices(units, 1)
    found, exact = (
        [np.asarray(mean), np.asarray(second)[pairs]]
        for mean, second in (sampled(model.params), jax.jit(machine.statistics)(model.params))
    )
    marginals(exact, found, drawing.folder / "marginals.png")
