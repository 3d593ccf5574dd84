"""Mini-batch k-means: each prototype becomes the running mean of the examples that are nearest to it.

Paper: Sculley 2010, Web-scale k-means clustering.
"""

import jax
import jax.numpy as jnp

from zoo.train.trainer import Trainer
from zoo.train.trainers.scoring import scores

TRAITS = {"gradient": False, "schedule": False}


def minibatch_kmeans(model, task, run, *, memory: float = 1.0) -> Trainer:
    """Makes the trainer of a codebook.

    Args:
        model: a `codebook`.
        task: its task.
        run: gives nothing that the rule needs.
        memory: factor by which the counts of earlier batches shrink in each step.
    """

    def init(key, batch):
        params, state = model.init(key, batch["x"])
        codes = params["prototypes"].shape[0]
        chosen = jax.random.choice(key, batch["x"], (codes,), replace=False)
        return {"params": {"prototypes": chosen}, "state": state, "counts": jnp.ones(codes)}

    def step(fit, batch, key):
        x, prototypes = batch["x"], fit["params"]["prototypes"]
        distances = jnp.sum((x[:, None] - prototypes) ** 2, axis=-1)
        assigned = jax.nn.one_hot(jnp.argmin(distances, axis=1), prototypes.shape[0])
        before, new = memory * fit["counts"], assigned.sum(axis=0)
        sums = before[:, None] * prototypes + assigned.T @ x
        counts = before + new
        fit = {**fit, "params": {"prototypes": sums / counts[:, None]}, "counts": counts}
        return fit, {"loss": jnp.mean(jnp.min(distances, axis=1))}

    return Trainer(init, step, scores(model, task), task.finish)
