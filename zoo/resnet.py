"""Deep residual network: each block adds a learned correction to its input, so that very deep networks train.

Paper: He, Zhang, Ren & Sun 2015, Deep residual learning for image recognition, section 4.2 (depth 6n + 2, the
parameter-free shortcuts of option A).
Command: python -m zoo.train --model resnet
Chart: DRN; input -> convolution (width) -> residual convolution (width) x 3 -> output
Expect: 0.27 million parameters at depth 20, as in the paper; at least 98 % on the held-out fifth of digits.
About: Blocks of convolutions compute a difference that is added to their input, so that the gradient reaches the
first layer undiminished. So depth helps instead of hurting.
Equations: y = x + F(x), F = conv, norm, relu, conv, norm
Limits: Much computing for small images, where a CNN of two layers is as good; without batch norm it needs special
initial values.
"""

from functools import partial

import jax.numpy as jnp

from .layers import Layer, batch_norm, conv, dense, global_avg_pool, relu, residual, serial


def resnet(outputs: int, *, depth: int = 20, width: int = 16) -> Layer:
    """Builds a residual network from images (batch, height, width, channels) to (batch, outputs).

    Three stages of n blocks of two 3x3 convolutions each; every stage after the first halves height and width
    and doubles the filters.

    Args:
        outputs: number of classes or values to predict.
        depth: number of layers with weights, 6n + 2 (20, 32, 44, 56 or 110 in the paper).
        width: number of filters in the first stage.

    Raises:
        ValueError: if the depth is not 6n + 2.

    >>> import jax, jax.numpy as jnp
    >>> shapes, _ = jax.eval_shape(resnet(10).init, jax.random.key(0), jnp.ones((1, 32, 32, 3)))
    >>> sum(leaf.size for leaf in jax.tree.leaves(shapes))
    269722
    """
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        raise ValueError(f"resnet: depth must be 6n + 2 (8, 14, 20, 32, 44, 56, 110, ...), got {depth}")
    stages = {
        f"stage{i}": serial(*(_block(width << i, strides=2 if i and not n else 1) for n in range(blocks)))
        for i in range(3)
    }
    return serial(stem=_conv_norm(width), stem_relu=relu, **stages, pool=global_avg_pool(), head=dense(outputs))


def _block(width: int, strides: int) -> Layer:
    body = (_conv_norm(width, strides), relu, _conv_norm(width))
    return serial(residual(*body, shortcut=partial(_shortcut, width=width, strides=strides)), relu)


def _conv_norm(width: int, strides: int = 1) -> Layer:
    return serial(conv(width, 3, strides=strides, bias=False), batch_norm())


def _shortcut(x, width: int, strides: int):
    """Subsamples the input and pads the missing channels with zeros (option A of the paper)."""
    more = width - x.shape[-1]
    return jnp.pad(x[:, ::strides, ::strides], ((0, 0), (0, 0), (0, 0), (more // 2, more - more // 2)))
