"""Generation: samples that are compared with the distribution of the data, not with targets."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from ..trainer import named_key
from .sample_score import SampleScore
from .task import Task

__all__ = ["generation"]

TASKS = ("generation",)
BY_RECIPE = ("generation",)


def generation(sample_score: SampleScore | None = None, from_noise: bool = True) -> Task:
    """Builds the task of a generator.

    Every generator is scored by `spread`: the standard deviation of its samples over that of the data, over all
    features together. Near 1 the samples vary as the data do; near 0 they are all alike (mode collapse). The model has
    the capability `given(key, batch)`, the inputs of its generator.

    Args:
        sample_score: further scores and the headline; None: `spread` alone, as for a loaded model.
        from_noise: whether the inputs are noise; otherwise they are images.

    >>> task = generation()
    >>> task.headline, task.predict("samples")
    ('spread', 'samples')
    """

    def finish(means):
        return _spread(means) | (sample_score.finish(means) if sample_score else {})

    def scores(model, params, state, batch, key):
        given = model.given(named_key(key, "given"), batch)
        samples, _ = model.apply(params, state, given)
        sums = _moments(samples, batch)
        return sums | sample_score.score(samples, given, batch) if sample_score else sums

    def explain(metrics: Mapping[str, float]) -> list[str]:
        spread = f"spread {metrics['spread']:.2f}: variation of the samples, 1 as in the data; near 0 all are alike"
        return [*(sample_score.explain(metrics) if sample_score else ()), spread]

    return Task(
        name="generation",
        loss=_no_loss,
        metrics={},
        finish=finish,
        headline=sample_score.headline if sample_score else "spread",
        higher_is_better=sample_score.higher_is_better if sample_score else True,
        predict=lambda samples: samples,
        probabilities=None,
        sample_score=sample_score,
        scores=scores,
        units="example",
        requires=("given",),
        gives="samples",
        output="samples",
        command="sample" if from_noise else "evaluate",
        figures=("generated_images",),
        explain=explain,
    )


def _moments(samples: jax.Array, batch: dict) -> dict:
    """Sums each feature and its square over the examples that count."""
    weight = batch["weight"]

    def total(x):
        return jnp.sum(jnp.where(weight[:, None] > 0, x.reshape(len(x), -1), 0), axis=0), jnp.sum(weight)

    each = {"_made": samples, "_real": batch["x"]}
    return {f"{name}{power}": total(x**power) for name, x in each.items() for power in (1, 2)}


def _spread(means: dict) -> dict[str, float]:
    made, real = (jnp.sum(jnp.maximum(means[f"{n}2"] - means[f"{n}1"] ** 2, 0)) for n in ("_made", "_real"))
    return {"spread": float(jnp.sqrt(made / jnp.where(real > 0, real, 1)))}


def _no_loss(outputs, target):
    raise TypeError("the task generation has no loss between outputs and targets; use the trainer adversarial")
