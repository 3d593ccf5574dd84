"""Equinox: modules that are pytrees, vmap over the batch, `filter_jit`, as in its MNIST and RNN examples."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax import lax

from ..clock import Training, stepped
from ..workloads import EMBEDDING, HIDDEN, VOCABULARY, Data, Workload, batches, floats, windows


class MLP(eqx.Module):
    layers: list

    def __init__(self, key):
        keys = jax.random.split(key, 3)
        sizes = [784, 512, 256, 10]
        self.layers = [eqx.nn.Linear(a, b, key=k) for a, b, k in zip(sizes, sizes[1:], keys, strict=False)]

    def __call__(self, x):
        x = x.ravel()
        for layer in self.layers[:-1]:
            x = jax.nn.relu(layer(x))
        return self.layers[-1](x)


class CNN(eqx.Module):
    layers: list

    def __init__(self, key):
        keys = jax.random.split(key, 4)
        self.layers = [
            eqx.nn.Conv2d(1, 32, 3, padding=1, key=keys[0]),
            jax.nn.relu,
            eqx.nn.AvgPool2d(2, 2),
            eqx.nn.Conv2d(32, 64, 3, padding=1, key=keys[1]),
            jax.nn.relu,
            eqx.nn.AvgPool2d(2, 2),
            jnp.ravel,
            eqx.nn.Linear(3136, 256, key=keys[2]),
            jax.nn.relu,
            eqx.nn.Linear(256, 10, key=keys[3]),
        ]

    def __call__(self, x):
        x = jnp.moveaxis(x, -1, 0)
        for layer in self.layers:
            x = layer(x)
        return x


def unroll(cell, xs):
    """Runs the documentation's scan over a cell; returns the last state and all states."""
    zeros = jnp.zeros(cell.hidden_size)

    def f(carry, x):
        carry = cell(x, carry)
        return carry, carry[0]

    (h, _), hs = lax.scan(f, (zeros, zeros), xs)
    return h, hs


class Rows(eqx.Module):
    cell: eqx.nn.LSTMCell
    linear: eqx.nn.Linear

    def __init__(self, key):
        keys = jax.random.split(key)
        self.cell = eqx.nn.LSTMCell(28, 128, key=keys[0])
        self.linear = eqx.nn.Linear(128, 10, key=keys[1])

    def __call__(self, x):
        return self.linear(unroll(self.cell, x[..., 0])[0])


class Characters(eqx.Module):
    embedding: eqx.nn.Embedding
    cell: eqx.nn.LSTMCell
    linear: eqx.nn.Linear

    def __init__(self, key):
        keys = jax.random.split(key, 3)
        self.embedding = eqx.nn.Embedding(VOCABULARY, EMBEDDING, key=keys[0])
        self.cell = eqx.nn.LSTMCell(EMBEDDING, HIDDEN, key=keys[1])
        self.linear = eqx.nn.Linear(HIDDEN, VOCABULARY, key=keys[2])

    def __call__(self, tokens):
        return jax.vmap(self.linear)(unroll(self.cell, jax.vmap(self.embedding)(tokens))[1])


class VAE(eqx.Module):
    encoder: eqx.nn.Linear
    mean: eqx.nn.Linear
    logvar: eqx.nn.Linear
    decoder: eqx.nn.MLP

    def __init__(self, key):
        keys = jax.random.split(key, 4)
        self.encoder = eqx.nn.Linear(784, 500, key=keys[0])
        self.mean, self.logvar = (eqx.nn.Linear(500, 20, key=each) for each in keys[1:3])
        self.decoder = eqx.nn.MLP(20, 784, 500, depth=1, key=keys[3])

    def __call__(self, x, key):
        h = jax.nn.relu(self.encoder(x))
        mean, logvar = self.mean(h), self.logvar(h)
        return self.decoder(mean + jnp.exp(0.5 * logvar) * jax.random.normal(key, mean.shape)), mean, logvar


MODELS = {"mlp": MLP, "cnn": CNN, "rows": Rows, "characters": Characters, "vae": VAE}


def loss_fn(model, x, y):
    logits = jax.vmap(model)(x)
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    return loss, jnp.mean(jnp.argmax(logits, -1) == y)


def vae_loss_fn(model, x, key):
    x = x.reshape(x.shape[0], -1)
    logits, mean, logvar = jax.vmap(model)(x, jax.random.split(key, x.shape[0]))
    bce = optax.sigmoid_binary_cross_entropy(logits, x).sum(-1).mean()
    kld = -0.5 * jnp.sum(1 + logvar - mean**2 - jnp.exp(logvar), -1).mean()
    return bce + kld, kld


def with_keys(stream):
    """Yields the images of batches, each with a key in place of the labels."""
    key = jax.random.key(1)
    for x, _ in stream:
        key, subkey = jax.random.split(key)
        yield x, subkey


def build(work: Workload, data: Data) -> Training:
    model = MODELS[work.name](jax.random.key(0))
    optim = optax.adam(work.rate) if work.opt == "adam" else optax.sgd(work.rate, momentum=0.9)
    opt_state = optim.init(eqx.filter(model, eqx.is_array))
    stream = batches(floats(data, work.normalize), work.batch) if work.shape else windows(data, work.batch)
    count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_array)))
    loss_of, stream = (vae_loss_fn, with_keys(stream)) if work.name == "vae" else (loss_fn, stream)

    @eqx.filter_jit(donate="all-except-first")
    def make_step(batch, model, opt_state):
        (loss, metric), grads = eqx.filter_value_and_grad(loss_of, has_aux=True)(model, *batch)
        updates, opt_state = optim.update(grads, opt_state, eqx.filter(model, eqx.is_array))
        return eqx.apply_updates(model, updates), opt_state, loss, metric

    def step(x, y):
        nonlocal model, opt_state
        model, opt_state, loss, _ = make_step((x, y), model, opt_state)
        return loss

    return Training(count, stepped(step, stream))
