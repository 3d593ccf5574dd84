"""Memory of a recurrent network: how much of its past inputs its states determine."""

import numpy as np

__all__ = ["delay_capacity"]


def delay_capacity(states: np.ndarray, inputs: np.ndarray, lags: int, ridge: float = 1e-7) -> np.ndarray:
    """Computes the squared correlation of past inputs with their best linear reconstructions from the states.

    The sum over all lags, the memory capacity, is at most the number of units. The first half of the steps is fitted
    by least squares and the second is scored, as a score of the fitted steps would exceed 0 for any lag.
    Source: Jaeger 2001, Short term memory in echo state networks.

    Args:
        states: states (time, units) of a network driven by independent random inputs.
        inputs: its inputs (time,).
        lags: largest delay; the first steps, as many, are left out.
        ridge: weight of the squared weights for a state of variance 1, per step.

    Returns:
        float64 (lags,), for the inputs 1, 2, ... steps before the last input that a state has read.

    >>> inputs = np.random.default_rng(0).normal(size=400)
    >>> states = np.stack([np.roll(inputs, lag) for lag in range(3)], axis=1)  # two past inputs
    >>> delay_capacity(states, inputs, 4).round(1).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """
    states, inputs = np.asarray(states, np.float64)[lags:], np.asarray(inputs, np.float64)
    wanted = np.stack([inputs[lags - lag : len(inputs) - lag] for lag in range(1, lags + 1)], axis=1)
    half, n = len(states) // 2, states.shape[1]
    mean, goal = states[:half].mean(axis=0), wanted[:half].mean(axis=0)
    weight = np.sqrt(ridge * half) * np.eye(n) * max(states[:half].std(), np.finfo(np.float64).tiny)
    system = np.concatenate([states[:half] - mean, weight])
    q, r = np.linalg.qr(system)
    w = np.linalg.solve(r, q[:half].T @ (wanted[:half] - goal))
    made, true = (states[half:] - mean) @ w, wanted[half:]
    made, true = made - made.mean(axis=0), true - true.mean(axis=0)
    both = np.square((made * true).sum(axis=0))
    return both / np.maximum(np.square(made).sum(axis=0) * np.square(true).sum(axis=0), np.finfo(np.float64).tiny)
