"""Points are judged by the modes of the data: how many of them are made at all, and how many samples are good.

The measures are those of Metz et al. 2017, Unrolled generative adversarial networks, and Srivastava et al. 2017,
VEEGAN: a sample is good if it lies within three standard deviations of a mode.
"""

import jax
import jax.numpy as jnp
import numpy as np

from ..tasks.sample_score import SampleScore

__all__ = ["judge_points"]

_NEAR = 3.0  # standard deviations within which a sample is good
_SHARE = 0.2  # of its fair share of samples, from which on a mode is covered


def judge_points(x: np.ndarray, y: np.ndarray, classes: int) -> SampleScore:
    """The judge of points whose classes are their modes.

    `good` is the share of samples within three standard deviations of the nearest mode, in each direction taken
    together as the plain distance: of points of a normal mode in the plane, 98.9 % are. `modes` is how many are
    covered: a mode is covered by a fifth of the good samples that it would have if all modes had as many.

    Args:
        x: real points (N, features), scaled as the model sees them.
        y: the mode of each, from 0 to classes - 1.
        classes: how many modes.

    >>> judge = judge_points(np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1]), 2)
    >>> sums = judge.score(jnp.array([[1.0], [5.0]]), None, {"weight": jnp.ones(2)})
    >>> judge.finish({name: total / weight for name, (total, weight) in sums.items()})
    {'good': 0.5, 'modes': 1}
    """
    there = [j for j in range(classes) if np.any(y == j)]
    centres = jnp.asarray(np.stack([x[y == j].mean(axis=0) for j in there]))
    # One deviation a mode: the root mean square over its directions.
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

    def tell(metrics):
        return (
            f"modes {metrics['modes']:g} of {len(there)}: so many of the data's clouds are made at all",
            f"good {metrics['good']:.3f}: the share of samples within 3 standard deviations of a cloud's middle; of "
            f"real points {real:.3f}",
        )

    return SampleScore(score, finish, headline="good", higher_is_better=True, tell=tell)
