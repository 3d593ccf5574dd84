"""Deep convolutional inverse graphics network: an autoencoder whose latents stand for the factors of a scene.

Paper: Kulkarni, Whitney, Kohli & Tenenbaum 2015, Deep convolutional inverse graphics network.
Command: python -m zoo.train --model dcign
Chart: DCIGN; input -> convolution (filters) -> probabilistic hidden (latent) -> convolution (reversed filters) ->
match input output
Expect: row, column, angle, light and form of rendered shapes follow from their own latents with an R2 of at least 0.9,
and from all others with 0.2 at most, within ten minutes.
About: A variational autoencoder that is shown images in which one factor varies at a time. Only the latents of this
factor may then change the reconstruction, so that each group of latents comes to stand for one factor.
Equations: z_i = m_i(x) + s_i(x) e for the factor that varies, z_i = mean of m_i over the images for the others, whose
gradient is m_i(x) - mean
Limits: It has to be known which images differ in one factor alone. Factors that change few pixels are found late and in
part, and those that an image does not show, such as the angle of a form that looks the same when turned, not at all.
"""

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
    latent: int = 10,
    factors: int = 5,
    filters: tuple[int, ...] = (16, 32, 32),
    hidden: tuple[int, ...] = (128,),
) -> Variational:
    """Builds a variational autoencoder of images from 0 to 1, whose latents are divided among factors.

    Args:
        shape: shape of one image, (height, width, channels).
        latent: number of latents, of all factors together.
        factors: number of factors, each with as many latents.
        filters: filters of each stage, the full resolution first; each stage halves height and width.
        hidden: widths of dense layers between the feature maps and the latents.

    Raises:
        ValueError: for sizes that are not positive, latents that cannot be divided evenly, or images that are not
            divisible by 2 for each stage.

    >>> import jax, jax.numpy as jnp
    >>> model, x = dcign((8, 8, 1), latent=4, factors=2, filters=(4,), hidden=(8,)), jnp.ones((5, 8, 8, 1))
    >>> params, state = model.init(jax.random.key(0), x)
    >>> model.groups, model.features(params, state, x).shape
    (((0, 1), (2, 3)), (5, 4))
    """
    for count in (latent, factors, *hidden, *filters):
        check_positive("dcign", "latent, factors, hidden and filters", count)
    if factors < 2 or latent % factors:
        raise ValueError(
            f"dcign: {latent} latents cannot be divided evenly among {factors} factors, of which there must be two or "
            "more; choose a multiple (--m.latent, --m.factors)"
        )
    each = latent // factors
    groups = tuple(tuple(range(start, start + each)) for start in range(0, latent, each))
    body = [part for width in hidden for part in (dense(width, init=he_normal()), relu)]
    front = serial(maps=downsampling(filters), body=serial(flatten, *body), out=dense(2 * latent))
    back = generator("dcign", shape, filters, hidden[::-1], he_normal(), squash=identity, norm=False)
    return variational(front, back, latent, bernoulli(), groups=groups)
