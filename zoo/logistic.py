"""Logistic regression: a weighted sum per class, made probabilities by softmax (by a sigmoid for two classes).

Paper: Cox 1958, The regression analysis of binary sequences.
Command: python -m zoo.train --model logistic
Expect: at least 96 % on the held-out fifth of digits, in a few seconds.
"""

from .layers import Layer, dense, flatten, serial


def logistic(outputs: int) -> Layer:
    """Makes a logistic regression: any input, flattened, to one logit per class (one alone for two classes).

    >>> import jax, jax.numpy as jnp
    >>> params, _ = logistic(10).init(jax.random.key(0), jnp.ones((4, 8, 8, 1)))
    >>> params["head"]["w"].shape
    (64, 10)
    """
    return serial(flatten, head=dense(outputs))
