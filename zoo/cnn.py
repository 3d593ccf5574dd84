"""Convolutional network: stages of convolution, max pooling and batch norm, followed by dense layers.

Paper: LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition; with the batch
norm of Ioffe & Szegedy 2015 and the dropout of Srivastava et al. 2014.
Command: python -m zoo.train --model cnn
Chart: DCN; input -> convolution (filters) -> hidden (hidden) -> output
Expect: at least 98.5 % on the held-out fifth of digits, in under 20 seconds on two cores; at least 99.25 % of MNIST's
10,000 in at most 10 epochs.
About: A filter looks at a small patch and is moved over the whole image, so that a feature is found wherever it lies.
Pooling keeps the largest answer of a neighbourhood.
Equations: y[i, j, k] = sum_{a, b, c} x[i + a, j + b, c] w[a, b, c, k] + b[k]; pool = max over 2 x 2
Limits: It tolerates shifts, not rotations or changes of scale that it has not seen (--augment), and looks at texture
before shape.
"""

from . import layers
from .layers import Activation, Layer, batch_norm, conv, dense, flatten, max_pool, serial


def cnn(
    outputs: int,
    *,
    filters: tuple[int, ...] = (32, 64),
    size: int = 3,
    hidden: int = 128,
    activation: Activation = "relu",
    dropout: float = 0.5,
) -> Layer:
    """Builds a convolutional network from images (batch, height, width, channels) to (batch, outputs).

    Each stage applies a convolution, 2x2 max pooling, batch norm and the activation; it halves height and width.

    Args:
        outputs: number of classes or values to predict.
        filters: number of filters of each stage.
        size: height and width of the filters in pixels.
        hidden: units of the dense layer before the output layer.
        activation: activation function of the hidden layers, by name.
        dropout: share of the dense layer's units dropped in training (0 to 1).

    >>> import jax, jax.numpy as jnp
    >>> params, _ = cnn(10).init(jax.random.key(0), jnp.ones((4, 8, 8, 1)))
    >>> params["stage1"]["0"]["w"].shape, params["hidden"]["1"]["w"].shape
    ((3, 3, 32, 64), (256, 128))
    """
    act = layers.activation(activation)
    # Batch norm adds a bias, so the convolution has none; after pooling, it processes a quarter of the values.
    stages = {
        f"stage{i}": serial(conv(width, size, bias=False), max_pool(2), batch_norm(), act)
        for i, width in enumerate(filters)
    }
    return serial(**stages, hidden=serial(flatten, dense(hidden), act, layers.dropout(dropout)), head=dense(outputs))
