"""Perceptron: one threshold unit per class, trained on misclassified examples by a rule without gradients.

Paper: Rosenblatt 1958, The perceptron: a probabilistic model for information storage and organization in the brain.
Command: python -m zoo.train --model perceptron
Chart: P; input -> output
Expect: at least 93 % on the held-out fifth of digits, in a few seconds; zero errors after finitely many steps on
linearly separable classes (Novikoff 1962), never on XOR.
About: A class is decided by the sign of a weighted sum, whose weights change only when it is wrong. If a plane
separates the classes, the rule finds one after finitely many errors.
Equations: y = sign(x W + b); after an error W += r x t, b += r t, with t = +1 or -1
Limits: Never ends on classes that no plane separates, such as XOR, and gives no probabilities.
"""

from .layers import Layer, dense, flatten, serial
from .layers.initializers import zeros


def perceptron(outputs: int) -> Layer:
    """Builds a perceptron from inputs, flattened, to one weighted sum per class (one in total for two classes).

    The prediction is the class of the largest sum, or the sign of a single one. The training rule is
    `zoo.train.trainers.perceptron`.

    >>> import jax, jax.numpy as jnp
    >>> params, _ = perceptron(10).init(jax.random.key(0), jnp.ones((4, 8, 8, 1)))
    >>> float(jnp.abs(params["head"]["w"]).max())
    0.0
    """
    return serial(flatten, head=dense(outputs, init=zeros))
