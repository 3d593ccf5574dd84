"""Multi-layer perceptron (deep feed-forward network): dense layers with an activation between them.

Paper: Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors.
Command: python -m zoo.train --model mlp
Chart: FF (--dataset iris), DFF; input -> hidden (hidden) -> output
Expect: at least 97.5 % on the held-out fifth of digits, in a few seconds; at least 98.3 % of MNIST's 10,000.
About: Each layer multiplies by a matrix, adds a bias and bends the result; back-propagation gives every weight its
part of the error. One hidden layer of enough units approximates any continuous function, several need fewer units.
Equations: h = act(x W1 + b1); y = h W2 + b2
Limits: Neighbouring pixels or steps are unrelated inputs: a shifted image is a different one. It overfits small data
sets without dropout, weight decay or early stopping.
"""

from . import layers
from .layers import Activation, Layer, dense, flatten, serial


def mlp(
    outputs: int, *, hidden: tuple[int, ...] = (128,), activation: Activation = "relu", dropout: float = 0.0
) -> Layer:
    """Builds a multi-layer perceptron from inputs of any shape, flattened, to (batch, outputs).

    Args:
        outputs: number of classes or values to predict.
        hidden: widths of the hidden layers.
        activation: activation function of the hidden layers, by name.
        dropout: share of hidden units dropped in training (0 to 1).

    >>> import jax, jax.numpy as jnp
    >>> params, _ = mlp(10, hidden=(30,)).init(jax.random.key(0), jnp.ones((4, 28, 28, 1)))
    >>> params["body"]["0"]["w"].shape, params["head"]["w"].shape
    ((784, 30), (30, 10))
    """
    act = layers.activation(activation)
    body = [part for width in hidden for part in (dense(width), act, layers.dropout(dropout))]
    return serial(flatten, body=serial(*body), head=dense(outputs))
