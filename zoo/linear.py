"""Linear regression: a weighted sum of the inputs plus a bias, fitted by least squares.

Paper: Legendre 1805, Nouvelles methodes pour la determination des orbites des cometes; Gauss 1809.
Command: python -m zoo.train --model linear
Chart: none; input -> output
Expect: on diabetes the R2 of the closed-form least squares, to 1e-3, in a few seconds.
About: The weights that minimise the squared error have a closed form, which gradient descent approaches.
Equations: y = x W + b; W = argmin sum (x W + b - t)^2
Limits: Outliers move it far, as errors count squared (--loss huber counts them less), and it cannot bend.
"""

from .layers import Layer, dense, flatten, serial


def linear(outputs: int = 1) -> Layer:
    """Builds a linear regression from inputs of any shape, flattened, to (batch, outputs).

    >>> import jax, jax.numpy as jnp
    >>> params, _ = linear().init(jax.random.key(0), jnp.ones((4, 10)))
    >>> params["head"]["w"].shape
    (10, 1)
    """
    return serial(flatten, head=dense(outputs))
