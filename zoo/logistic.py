"""Logistic regression: a weighted sum of the inputs per class, normalised by softmax (sigmoid for two classes).

Paper: Cox 1958, The regression analysis of binary sequences.
Command: python -m zoo.train --model logistic
Chart: none; input -> output
Expect: at least 96 % on the held-out fifth of digits, in a few seconds.
About: The sums are trained so that the logarithm of the probability of the true class is largest. The problem is
convex: every start leads to the same optimum.
Equations: p = softmax(x W + b); loss = -log p[true class]
Limits: Boundaries are planes. On separable data the weights grow without bound unless --weight-decay holds them.
"""

from .layers import Layer, dense, flatten, serial


def logistic(outputs: int) -> Layer:
    """Builds a logistic regression from inputs, flattened, to one logit per class (one in total for two classes).

    >>> import jax, jax.numpy as jnp
    >>> params, _ = logistic(10).init(jax.random.key(0), jnp.ones((4, 8, 8, 1)))
    >>> params["head"]["w"].shape
    (64, 10)
    """
    return serial(flatten, head=dense(outputs))
