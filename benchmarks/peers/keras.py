"""Keras on JAX: layers, `compile`, `fit`, as in its guides."""

import os

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from keras import layers, ops

from ..clock import Clock, Training
from ..workloads import EMBEDDING, HEADS, HIDDEN, LAYERS, VOCABULARY, WINDOW, Data, Workload, floats


def mlp():
    return [layers.Flatten(), layers.Dense(512, "relu"), layers.Dense(256, "relu"), layers.Dense(10)]


def cnn():
    return [
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.AveragePooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(256, "relu"),
        layers.Dense(10),
    ]


def rows():
    return [layers.Reshape((28, 28)), layers.LSTM(128), layers.Dense(10)]


def characters():
    return [
        layers.Embedding(VOCABULARY, EMBEDDING),
        layers.LSTM(HIDDEN, return_sequences=True),
        layers.Dense(VOCABULARY),
    ]


class Embedded(layers.Layer):
    def __init__(self):
        super().__init__()
        self.tokens = layers.Embedding(VOCABULARY, EMBEDDING)
        self.positions = layers.Embedding(WINDOW, EMBEDDING)

    def call(self, x):
        return self.tokens(x) + self.positions(ops.arange(WINDOW))


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.norm1 = layers.LayerNormalization(epsilon=1e-5)
        self.attention = layers.MultiHeadAttention(HEADS, EMBEDDING // HEADS)
        self.norm2 = layers.LayerNormalization(epsilon=1e-5)
        self.dense1 = layers.Dense(4 * EMBEDDING, "gelu")
        self.dense2 = layers.Dense(EMBEDDING)

    def call(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, use_causal_mask=True)
        return x + self.dense2(self.dense1(self.norm2(x)))


def transformer():
    blocks = [Block() for _ in range(LAYERS)]
    return [Embedded(), *blocks, layers.LayerNormalization(epsilon=1e-5), layers.Dense(VOCABULARY)]


class Latents(layers.Layer):
    def __init__(self):
        super().__init__()
        self.mean, self.log_var = layers.Dense(20), layers.Dense(20)
        self.seed = keras.random.SeedGenerator(0)

    def call(self, x):
        mean, log_var = self.mean(x), self.log_var(x)
        kl = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
        self.add_loss(ops.mean(kl))
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=self.seed)


def vae():
    return [layers.Dense(500, "relu"), Latents(), layers.Dense(500, "relu"), layers.Dense(784)]


def reconstruction(x, logits):
    """Sums over the pixels, of which Keras's own loss is the mean."""
    return 784 * keras.losses.binary_crossentropy(x, logits, from_logits=True)


MODELS = {"mlp": mlp, "cnn": cnn, "rows": rows, "characters": characters, "transformer": transformer, "vae": vae}


class LooksUp(keras.callbacks.Callback):
    """Calls the clock after every turn, which is an epoch of `fit`."""

    def __init__(self, clock: Clock, steps: int):
        super().__init__()
        self.clock, self.steps, self.next = clock, steps, 1

    def on_epoch_end(self, epoch, logs=None):
        self.next = self.clock(self.steps, float(logs["loss"]))
        self.model.stop_training = not self.next


def arrays(work: Workload, data: Data):
    if work.name == "vae":
        x = floats(data, work.normalize).x.reshape(len(data.x), -1)
        return Data(x, x)
    if work.shape:
        return floats(data)
    count = len(data.x) // WINDOW
    return Data(*(each[: count * WINDOW].reshape(count, WINDOW) for each in data))


def build(work: Workload, data: Data) -> Training:
    x, y = arrays(work, data)
    model = keras.Sequential([keras.Input(x.shape[1:], dtype=x.dtype.name), *MODELS[work.name]()])
    if work.name == "vae":
        model.compile(keras.optimizers.Adam(work.rate), reconstruction)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(work.rate), loss, metrics=["accuracy"])

    def go(clock):
        steps = 1  # which compiles; then turns of the clock's length, then all of that length, for `fit` takes one
        for epochs in (1, 1, 1, 10**6):
            ear = LooksUp(clock, steps)
            model.fit(x, y, batch_size=work.batch, epochs=epochs, steps_per_epoch=steps, verbose=0, callbacks=[ear])
            steps = ear.next
            if not steps:
                break

    return Training(int(sum(np.prod(each.shape) for each in model.trainable_weights)), go)
