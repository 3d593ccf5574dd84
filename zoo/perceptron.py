"""Perceptron: a threshold unit per class that learns from its mistakes alone, without a gradient.

Paper: Rosenblatt 1958, The perceptron: a probabilistic model for information storage and organization in the brain.
Command: python -m zoo.train --model perceptron
Expect: at least 93 % on the held-out fifth of digits, in a few seconds; zero errors in finite steps where a plane
separates the classes (Novikoff 1962), never on XOR.
"""

from .layers import Layer, dense, flatten, serial
from .layers.initializers import zeros


def perceptron(outputs: int) -> Layer:
    """Makes a perceptron: any input, flattened, to one weighted sum per class (one alone for two classes).

    The largest sum wins; of one alone, its sign. `zoo.train.trainers.perceptron.mistake_driven` is the rule that trains it.

    >>> import jax, jax.numpy as jnp
    >>> params, _ = perceptron(10).init(jax.random.key(0), jnp.ones((4, 8, 8, 1)))
    >>> float(jnp.abs(params["head"]["w"]).max())
    0.0
    """
    return serial(flatten, head=dense(outputs, init=zeros))
