"""Flax linen: modules, a TrainState, one jitted step, as in its MNIST, seq2seq and VAE examples."""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from flax.training import train_state

from ..clock import Training, stepped
from ..workloads import EMBEDDING, HIDDEN, NOISE, VOCABULARY, Data, Workload, batches, floats, windows


class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(512)(x))
        x = nn.relu(nn.Dense(256)(x))
        return nn.Dense(10)(x)


class CNN(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Conv(features=32, kernel_size=(3, 3))(x))
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = nn.relu(nn.Conv(features=64, kernel_size=(3, 3))(x))
        x = nn.avg_pool(x, window_shape=(2, 2), strides=(2, 2))
        x = x.reshape((x.shape[0], -1))
        x = nn.relu(nn.Dense(features=256)(x))
        return nn.Dense(features=10)(x)


class Rows(nn.Module):
    @nn.compact
    def __call__(self, x):
        (_, h), _ = nn.RNN(nn.OptimizedLSTMCell(128), return_carry=True)(x[..., 0])
        return nn.Dense(10)(h)


class Characters(nn.Module):
    @nn.compact
    def __call__(self, tokens):
        x = nn.Embed(VOCABULARY, EMBEDDING)(tokens)
        x = nn.RNN(nn.OptimizedLSTMCell(HIDDEN))(x)
        return nn.Dense(VOCABULARY)(x)


class Block(nn.Module):
    width: int
    strides: int

    @nn.compact
    def __call__(self, x):
        norm = partial(nn.BatchNorm, use_running_average=False, momentum=0.9)
        y = nn.Conv(self.width, (3, 3), self.strides, use_bias=False)(x)
        y = nn.relu(norm()(y))
        y = norm()(nn.Conv(self.width, (3, 3), use_bias=False)(y))
        more = self.width - x.shape[-1]
        x = jnp.pad(x[:, :: self.strides, :: self.strides], ((0, 0),) * 3 + ((more // 2, more - more // 2),))
        return nn.relu(x + y)


class ResNet(nn.Module):
    depth: int = 20
    width: int = 16

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.width, (3, 3), use_bias=False)(x)
        x = nn.relu(nn.BatchNorm(use_running_average=False, momentum=0.9)(x))
        for stage in range(3):
            for block in range((self.depth - 2) // 6):
                x = Block(self.width << stage, 2 if stage and not block else 1)(x)
        return nn.Dense(10)(x.mean((1, 2)))


class Generator(nn.Module):
    @nn.compact
    def __call__(self, z):
        x = nn.relu(nn.Dense(7 * 7 * 128)(z)).reshape((-1, 7, 7, 128))
        x = nn.relu(nn.ConvTranspose(64, (4, 4), (2, 2))(x))
        return nn.tanh(nn.ConvTranspose(1, (4, 4), (2, 2))(x))


class Discriminator(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.leaky_relu(nn.Conv(64, (4, 4), (2, 2))(x), 0.2)
        x = nn.leaky_relu(nn.Conv(128, (4, 4), (2, 2))(x), 0.2)
        return nn.Dense(1)(x.reshape((x.shape[0], -1)))


class VAE(nn.Module):
    @nn.compact
    def __call__(self, x, z_rng):
        h = nn.relu(nn.Dense(500)(x))
        mean, logvar = nn.Dense(20)(h), nn.Dense(20)(h)
        z = mean + jnp.exp(0.5 * logvar) * jax.random.normal(z_rng, mean.shape)
        return nn.Dense(784)(nn.relu(nn.Dense(500)(z))), mean, logvar


MODELS = {"mlp": MLP, "cnn": CNN, "rows": Rows, "characters": Characters, "resnet": ResNet, "fast": ResNet}


class TrainState(train_state.TrainState):
    batch_stats: dict


@partial(jax.jit, donate_argnums=0)
def train_step(state, x, y):
    def loss_fn(params):
        variables = {"params": params, "batch_stats": state.batch_stats}
        logits, updates = state.apply_fn(variables, x, mutable=["batch_stats"])
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
        return loss, (logits, updates)

    (loss, (logits, updates)), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    state = state.apply_gradients(grads=grads, batch_stats=updates.get("batch_stats", {}))
    return state, {"loss": loss, "accuracy": jnp.mean(jnp.argmax(logits, -1) == y)}


def bce(logits, label):
    return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, label)).mean()


@partial(jax.jit, donate_argnums=(0, 1))
def gan_step(g_state, d_state, x, key):
    z = jax.random.normal(key, (x.shape[0], NOISE))

    def d_loss_fn(params):
        fake = g_state.apply_fn({"params": g_state.params}, z)
        real_logits = d_state.apply_fn({"params": params}, x)
        return bce(real_logits, 1) + bce(d_state.apply_fn({"params": params}, fake), 0)

    d_loss, grads = jax.value_and_grad(d_loss_fn)(d_state.params)
    d_state = d_state.apply_gradients(grads=grads)

    def g_loss_fn(params):
        fake = g_state.apply_fn({"params": params}, z)
        return bce(d_state.apply_fn({"params": d_state.params}, fake), 1)

    g_loss, grads = jax.value_and_grad(g_loss_fn)(g_state.params)
    return g_state.apply_gradients(grads=grads), d_state, g_loss, d_loss


def build_gan(work: Workload, data: Data) -> Training:
    stream, key, states = batches(floats(data), work.batch), jax.random.key(0), []
    for model, example in ((Generator(), jnp.zeros((1, NOISE))), (Discriminator(), jnp.zeros((1, 28, 28, 1)))):
        params, tx = model.init(key, example)["params"], optax.adam(work.rate, b1=0.5)
        states.append(train_state.TrainState.create(apply_fn=model.apply, params=params, tx=tx))
    count = sum(leaf.size for state in states for leaf in jax.tree.leaves(state.params))

    def step(x, _):
        nonlocal key, states
        key, subkey = jax.random.split(key)
        *states, g_loss, _ = gan_step(*states, x, subkey)
        return g_loss

    return Training(count, stepped(step, stream))


@partial(jax.jit, donate_argnums=0)
def vae_step(state, x, z_rng):
    def loss_fn(params):
        logits, mean, logvar = state.apply_fn({"params": params}, x, z_rng)
        bce = optax.sigmoid_binary_cross_entropy(logits, x).sum(-1)
        kld = -0.5 * jnp.sum(1 + logvar - mean**2 - jnp.exp(logvar), -1)
        return bce.mean() + kld.mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def build_vae(work: Workload, data: Data) -> Training:
    model, rng = VAE(), jax.random.key(0)
    params, tx = model.init(rng, jnp.zeros((1, 784)), rng)["params"], optax.adam(work.rate)
    state = train_state.TrainState.create(apply_fn=model.apply, params=params, tx=tx)
    count = sum(leaf.size for leaf in jax.tree.leaves(params))

    def step(x, _):
        nonlocal rng, state
        rng, z_rng = jax.random.split(rng)
        state, loss = vae_step(state, x.reshape(len(x), -1), z_rng)
        return loss

    return Training(count, stepped(step, batches(floats(data, work.normalize), work.batch)))


def build(work: Workload, data: Data) -> Training:
    if work.name == "dcgan":
        return build_gan(work, data)
    if work.name == "vae":
        return build_vae(work, data)
    model = MODELS[work.name](**work.sizes)
    stream = batches(floats(data), work.batch) if work.shape else windows(data, work.batch)
    variables = model.init(jax.random.key(0), next(stream)[0])
    tx = optax.adam(work.rate) if work.opt == "adam" else optax.sgd(work.rate, momentum=0.9)
    state = TrainState.create(
        apply_fn=model.apply, params=variables["params"], tx=tx, batch_stats=variables.get("batch_stats", {})
    )
    count = sum(leaf.size for leaf in jax.tree.leaves(state.params))

    def step(x, y):
        nonlocal state
        state, metrics = train_step(state, x, y)
        return metrics["loss"]

    return Training(count, stepped(step, stream))
