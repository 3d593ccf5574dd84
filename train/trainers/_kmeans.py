"""k-means: centres of examples, by Lloyd's algorithm from centres that greedy k-means++ draws."""

import math

import jax
import jax.numpy as jnp

from zoo.layers.distances import smallest, squared_distances

from .least_squares import by_rows

__all__ = ["kmeans"]

# Examples among which k-means++ draws, at least so many for each centre: all of them would take longer than Lloyd's
# algorithm, and fewer leave larger distances.
_DRAWN, _FOR_EACH = 20_000, 10


def kmeans(key: jax.Array, x: jax.Array, count: int, iterations: int) -> jax.Array:
    """Computes centres (count, features) of examples.

    A centre that no example is nearest to moves to one of the examples that are farthest from their centres.

    Source: Lloyd 1982; greedy k-means++: Arthur and Vassilvitskii 2007, k-means++: the advantages of careful seeding,
    with several candidates for each centre as in the last section.

    Args:
        key: random key.
        x: examples (n, features), at least as many as centres.
        count: number of centres.
        iterations: iterations of Lloyd's algorithm.

    >>> x = jnp.array([[0.0], [0.2], [9.0], [9.2]])
    >>> print(*(f"{centre:.2f}" for centre in sorted(kmeans(jax.random.key(0), x, 2, 5).ravel().tolist())))
    0.10 9.10
    """

    def move(centres, _):
        nearest, distance = by_rows(lambda rows: _nearest(rows, centres), x)
        nearest = nearest.astype(jnp.int32)
        sums = jnp.zeros_like(centres).at[nearest].add(x)
        counts = jnp.zeros(count).at[nearest].add(1)
        empty = counts == 0
        far = x[jax.lax.top_k(distance, count)[1]]
        spare = far[jnp.clip(jnp.cumsum(empty) - 1, 0, count - 1)]
        return jnp.where(empty[:, None], spare, sums / jnp.maximum(counts, 1)[:, None]), None

    return jax.lax.scan(move, _drawn(key, x, count), length=iterations)[0]


def _nearest(x: jax.Array, centres: jax.Array) -> tuple[jax.Array, jax.Array]:
    distances = squared_distances(x, centres)
    return smallest(distances), jnp.min(distances, axis=1)


def _drawn(key: jax.Array, x: jax.Array, count: int) -> jax.Array:
    """Draws centres among the examples, with probabilities in proportion to the squared distance from those before.

    Of 2 + log(count) candidates for a centre, as many as scikit-learn draws, the one is kept that leaves the least sum
    of squared distances.
    """
    of_rows, of_first, of_others = jax.random.split(key, 3)
    x = x[jax.random.choice(of_rows, len(x), (min(len(x), max(_DRAWN, _FOR_EACH * count)),), replace=False)]
    first = x[jax.random.randint(of_first, (), 0, len(x))]

    def draw(distance, shares):
        # Where all examples are centres already, the last one is drawn.
        sums = jnp.cumsum(distance)
        offered = x[jnp.clip(jnp.searchsorted(sums, shares * sums[-1], side="right"), 0, len(x) - 1)]
        left = jnp.minimum(distance, squared_distances(offered, x))  # (candidates, rows)
        best = jnp.argmin(jnp.sum(left, axis=1))
        return left[best], offered[best]

    shares = jax.random.uniform(of_others, (count - 1, 2 + int(math.log(count))))
    _, others = jax.lax.scan(draw, squared_distances(first[None], x)[0], shares)
    return jnp.concatenate([first[None], others])
