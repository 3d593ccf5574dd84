"""Deep convolutional inverse graphics network: an autoencoder whose latents stand for the factors of a scene.

Paper: Kulkarni, Whitney, Kohli & Tenenbaum 2015, Deep convolutional inverse graphics network.
Command: python -m zoo.train --model dcign
Expect: each factor of rendered shapes (row, column, angle, light, form) is read from its own latents with an R2 of at
least 0.9, in five minutes.
"""

from itertools import accumulate, pairwise

from ._convolutional import downsampling, generator
from ._likelihoods import bernoulli
from ._variational import Variational, variational
from .layers import dense, flatten, identity, relu, serial
from .layers.checks import check_positive
from .layers.initializers import he_normal

__all__ = ["dcign"]


def dcign(
    shape: tuple[int, ...],
    *,
    groups: tuple[int, ...] = (1, 1, 1, 1, 2),
    filters: tuple[int, ...] = (16, 32, 32),
    hidden: tuple[int, ...] = (128,),
) -> Variational:
    """Builds a variational autoencoder of images from 0 to 1, whose latents are divided among factors.

    Args:
        shape: shape of one image, (height, width, channels).
        groups: number of latents of each factor.
        filters: filters of each stage, the full resolution first; each stage halves height and width.
        hidden: widths of dense layers between the feature maps and the latents.

    Raises:
        ValueError: for sizes that are not positive, or images that are not divisible by 2 for each stage.

    >>> import jax, jax.numpy as jnp
    >>> model, x = dcign((8, 8, 1), groups=(1, 2), filters=(4,), hidden=(8,)), jnp.ones((5, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.groups, model.features(params, state, x).shape
    (((0,), (1, 2)), (5, 3))
    """
    if len(groups) < 2:
        raise ValueError("dcign: groups must have a number of latents for at least two factors (--m.groups)")
    for count in (*groups, *hidden, *filters):
        check_positive("dcign", "groups, hidden and filters", count)
    ends = [0, *accumulate(groups)]
    dense_layers = [part for width in hidden for part in (dense(width, init=he_normal()), relu)]
    front = serial(maps=downsampling(filters), body=serial(flatten, *dense_layers), out=dense(2 * ends[-1]))
    back = generator("dcign", shape, filters, hidden[::-1], he_normal(), squash=identity, norm=False)
    divided = tuple(tuple(range(start, end)) for start, end in pairwise(ends))
    return variational(front, back, ends[-1], bernoulli(), groups=divided)
