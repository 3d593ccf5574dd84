"""Score of generated points by the modes of the data: covered modes and share of good samples.

The measures are those of Metz et al. 2017, Unrolled generative adversarial networks, and Srivastava et al. 2017,
VEEGAN: a sample is good if it lies within three standard deviations of a mode.
"""

import jax
import jax.numpy as jnp
import numpy as np

from ..tasks.sample_score import SampleScore

__all__ = ["mode_score"]

_NEAR = 3.0  # standard deviations within which a sample is good
_SHARE = 0.2  # of an even share of the good samples: a mode with so many is covered


def mode_score(x: np.ndarray, y: np.ndarray, classes: int) -> SampleScore:
    """Builds the score of points whose classes are their modes.

    `good` is the share of samples within three standard deviations of the nearest mode, by the Euclidean distance;
    98.9 % of the points of a normal mode in the plane are. `modes` is the number of covered modes: a mode is covered by
    a fifth of the good samples that it would have if all modes had equally many.

    Args:
        x: real points (N, features), normalised.
        y: mode of each, from 0 to classes - 1.
        classes: number of modes.

    >>> modes = mode_score(np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1]), 2)
    >>> sums = modes.score(jnp.array([[1.0], [5.0]]), None, {"weight": jnp.ones(2)})
    >>> modes.finish({name: total / weight for name, (total, weight) in sums.items()})
    {'good': 0.5, 'modes': 1}
    """
    there = [j for j in range(classes) if np.any(y == j)]
    centres = jnp.asarray(np.stack([x[y == j].mean(axis=0) for j in there]))
    # One deviation per mode: the root mean square over its directions.
    radius = _NEAR * jnp.asarray([x[y == j].std(axis=0).__pow__(2).mean() ** 0.5 for j in there])

    real = float(np.mean(np.linalg.norm(x[:, None] - np.asarray(centres), axis=-1).min(axis=-1) <= np.max(radius)))

    def score(made, given, batch):
        distance = jnp.linalg.norm(made[:, None] - centres, axis=-1)
        nearest = jnp.argmin(distance, axis=-1)
        good = (jnp.min(distance, axis=-1) <= radius[nearest]) & (batch["weight"] > 0)
        hits = jnp.where(good[:, None], jax.nn.one_hot(nearest, len(there)), 0)
        return {"_hits": (jnp.sum(hits, axis=0), jnp.sum(batch["weight"]))}

    def finish(means):
        hits = np.asarray(means["_hits"])
        good = float(hits.sum())
        covered = hits >= _SHARE * good / len(hits) if good else hits > 0
        return {"good": good, "modes": int(covered.sum())}

    def explain(metrics):
        return (
            f"modes {metrics['modes']:g} of {len(there)}: number of the data's clusters that the samples cover",
            f"good {metrics['good']:.3f}: share of samples within 3 standard deviations of a cluster's centre; of real "
            f"points {real:.3f}",
        )

    return SampleScore(score, finish, headline="good", higher_is_better=True, explain=explain)
