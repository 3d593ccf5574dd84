"""The zoo's side of the comparison: models, trainers and the training loop of `python -m zoo.train`."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from zoo import lstm, mlp, resnet, transformer, vae
from zoo.layers import (
    Layer,
    Players,
    Scanned,
    Sequence,
    avg_pool,
    compose,
    computing_in,
    conv,
    conv_transpose,
    dense,
    each_player,
    embedded,
    flatten,
    leaky_relu,
    lstm_cell,
    players,
    relu,
    reshape,
    scan,
    serial,
    stacked,
    tanh,
)
from zoo.train import trainers
from zoo.train.callback import Callback
from zoo.train.config.recipe import Recipe
from zoo.train.data.dataset import Split
from zoo.train.data.normalize import fit_scaler
from zoo.train.distributed.sharding import data_parallel
from zoo.train.engine.loop import train
from zoo.train.engine.plan import Plan
from zoo.train.engine.steps import StepProgram
from zoo.train.pipeline.batches import BatchSource, from_memory
from zoo.train.pipeline.text import token_windows
from zoo.train.runtime.signals import StopFlag
from zoo.train.tasks import task_for
from zoo.train.tasks.generation import generation
from zoo.train.tasks.task import Task

from .clock import Clock, Training
from .workloads import EMBEDDING, HEADS, HIDDEN, LAYERS, NOISE, VOCABULARY, WINDOW, Data, Workload

__all__ = ["MODELS", "assembled", "build", "characters", "model_of"]


def _plain_cnn() -> Layer:
    return serial(
        conv(32, 3), relu, avg_pool(2), conv(64, 3), relu, avg_pool(2), flatten, dense(256), relu, head=dense(10)
    )


def characters(hidden: int = HIDDEN, layer: Any = None) -> Layer:
    """Builds the language model; `layer` is its recurrent layer in another form, which gives `Scanned`."""
    body = stacked(layer or scan(lstm_cell(hidden), return_carry=True))

    def wiring(call, x):
        ran = call("body", x)
        y = call("head", ran.y)
        return Scanned(ran.carry, y)

    return compose(wiring, body=embedded(VOCABULARY, EMBEDDING, body), head=dense(VOCABULARY))


def _transformer(width: int = EMBEDDING, depth: int = LAYERS, heads: int = HEADS, window: int = WINDOW) -> Layer:
    """Builds the model without memory of the windows before, which the layers of the peers do not have."""
    model = transformer(
        VOCABULARY,
        each=True,
        vocabulary=VOCABULARY,
        width=width,
        depth=depth,
        heads=heads,
        causal=True,
        context=window,
        positions="learned",
    )
    return compose(
        lambda call, x: Scanned((), call("body", x.x if isinstance(x, Sequence) else x)), body=Layer(*model[:2])
    )


def _dcgan() -> Players:
    leaky = partial(leaky_relu, slope=0.2)
    generator = serial(
        dense(7 * 7 * 128),
        relu,
        reshape(7, 7, 128),
        conv_transpose(64, 4, strides=2),
        relu,
        conv_transpose(1, 4, strides=2),
        tanh,
    )
    discriminator = serial(conv(64, 4, strides=2), leaky, conv(128, 4, strides=2), leaky, flatten, dense(1))
    return players(generator, discriminator, lambda key, batch: jax.random.normal(key, (len(batch["x"]), NOISE)))


MODELS = {
    "mlp": lambda: mlp(10, hidden=(512, 256)),
    "cnn": _plain_cnn,
    "rows": lambda: lstm(10, width=128),
    "characters": characters,
    "transformer": _transformer,
    "resnet": partial(resnet, 10),
    "dcgan": _dcgan,
    "vae": partial(vae, (28, 28, 1)),
    "gpt": _transformer,
    "fast": partial(resnet, 10),
}


def model_of(work: Workload) -> Layer | Players:
    """Builds the model of a workload in its precision."""
    model = MODELS[work.name](**work.sizes)
    return each_player(partial(computing_in, jnp.bfloat16), model) if work.precision == "bf16" else model


def build(work: Workload, data: Data) -> Training:
    """Makes the model, ready to be trained by the training loop of user runs."""
    advance, plan = assembled(work, data)
    key = jax.random.key(0)
    shapes, _ = advance.shapes(key)
    count = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))

    def go(clock):
        with StopFlag() as stop:
            ear = _Ear(clock, stop)
            train(advance, plan, key, evaluate=lambda fit, step: [], rate=lambda step: 0.0, callbacks=[ear], stop=stop)

    return Training(count, go)


def assembled(work: Workload, data: Data, model: Layer | Players | None = None) -> tuple[StepProgram, Plan]:
    """Combines the parts as `zoo.train.runs.setup` does for a recipe; `model` takes the place of the workload's."""
    trainer, task = _asked(work)
    recipe = Recipe(
        work.name, "", trainer=trainer, normalize=work.normalize, batch_size=work.batch, opt=work.opt, lr=work.rate
    )
    recipe = replace(recipe, momentum=0.5) if trainer == "adversarial" else recipe
    feed, model = _feed(work, Split(data.x, data.y)), model or model_of(work)
    per_epoch = feed.steps_per_epoch
    plan = Plan(10**9, per_epoch, evaluate_every=10**9, log_every=max(1, per_epoch // 4))
    place = data_parallel(jax.devices()[:1])  # as the others
    trainer = trainers.make(model, task, trainers.Run(recipe, plan.steps, per_epoch, place))
    return StepProgram(trainer, feed, place), plan


def _asked(work: Workload) -> tuple[str, Task]:
    """Makes the trainer and its task."""
    if work.name == "dcgan":
        return "adversarial", generation()
    if work.name == "vae":
        return "variational", task_for("density")
    if not work.shape:
        return "language", task_for("language", outputs=VOCABULARY)
    return "supervised", task_for("multiclass", outputs=10)


class _Ear(Callback):
    """Callback-like object that is called by the loop and ends it when the clock requests it."""

    def __init__(self, clock: Clock, stop: StopFlag):
        self.clock, self.stop, self.step = clock, stop, 0

    def on_progress(self, step, row):
        if not self.clock(step - self.step, row["loss"]):
            self.stop.requested = 1
        self.step = step


def _feed(work: Workload, split: Split) -> BatchSource:
    if not work.shape:
        return token_windows(split, work.batch, work.window)
    return from_memory(split, work.batch, fit_scaler(split.x, work.normalize), None, "none")
