"""Haiku: functions transformed to pairs, one jitted update, as in its MNIST, character-level RNN and VAE examples."""

import sys
from functools import partial

import haiku as hk
import jax
import jax.numpy as jnp
import optax

from ..clock import Training, stepped
from ..workloads import EMBEDDING, HIDDEN, NOISE, VOCABULARY, Data, Workload, batches, floats, windows


def mlp(x):
    return hk.Sequential([hk.Flatten(), hk.nets.MLP([512, 256, 10])])(x)


def cnn(x):
    return hk.Sequential(
        [
            hk.Conv2D(32, 3),
            jax.nn.relu,
            hk.AvgPool(2, 2, "VALID", channel_axis=-1),
            hk.Conv2D(64, 3),
            jax.nn.relu,
            hk.AvgPool(2, 2, "VALID", channel_axis=-1),
            hk.Flatten(),
            hk.Linear(256),
            jax.nn.relu,
            hk.Linear(10),
        ]
    )(x)


def rows(x):
    core = hk.LSTM(128)
    _, state = hk.dynamic_unroll(core, x[..., 0], core.initial_state(x.shape[0]), time_major=False)
    return hk.Linear(10)(state.hidden)


def characters(tokens):
    core = hk.LSTM(HIDDEN)
    x = hk.Embed(VOCABULARY, EMBEDDING)(tokens)
    x, _ = hk.dynamic_unroll(core, x, core.initial_state(x.shape[0]), time_major=False)
    return hk.Linear(VOCABULARY)(x)


def resnet(x):
    def conv_norm(x, width, strides=1):
        x = hk.Conv2D(width, 3, strides, with_bias=False)(x)
        return hk.BatchNorm(create_scale=True, create_offset=True, decay_rate=0.9)(x, is_training=True)

    x = jax.nn.relu(conv_norm(x, 16))
    for stage in range(3):
        for block in range(3):
            width, strides = 16 << stage, 2 if stage and not block else 1
            y = conv_norm(jax.nn.relu(conv_norm(x, width, strides)), width)
            more = width - x.shape[-1]
            x = jnp.pad(x[:, ::strides, ::strides], ((0, 0),) * 3 + ((more // 2, more - more // 2),))
            x = jax.nn.relu(x + y)
    return hk.Linear(10)(x.mean((1, 2)))


def generator(z):
    x = jax.nn.relu(hk.Linear(7 * 7 * 128)(z)).reshape((-1, 7, 7, 128))
    x = jax.nn.relu(hk.Conv2DTranspose(64, 4, 2)(x))
    return jnp.tanh(hk.Conv2DTranspose(1, 4, 2)(x))


def discriminator(x):
    x = jax.nn.leaky_relu(hk.Conv2D(64, 4, 2)(x), 0.2)
    x = jax.nn.leaky_relu(hk.Conv2D(128, 4, 2)(x), 0.2)
    return hk.Linear(1)(hk.Flatten()(x))


def bce(logits, label):
    return optax.sigmoid_binary_cross_entropy(logits, jnp.full_like(logits, label)).mean()


def build_gan(work: Workload, data: Data) -> Training:
    gen, disc = (hk.without_apply_rng(hk.transform(f)) for f in (generator, discriminator))
    optimiser, key = optax.adam(work.rate, b1=0.5), jax.random.PRNGKey(0)
    g_params, d_params = gen.init(key, jnp.zeros((1, NOISE))), disc.init(key, jnp.zeros((1, 28, 28, 1)))
    state = g_params, d_params, optimiser.init(g_params), optimiser.init(d_params)

    @partial(jax.jit, donate_argnums=0)
    def update(state, x, key):
        g_params, d_params, g_opt, d_opt = state
        z = jax.random.normal(key, (x.shape[0], NOISE))

        def d_loss(d_params):
            return bce(disc.apply(d_params, x), 1) + bce(disc.apply(d_params, gen.apply(g_params, z)), 0)

        updates, d_opt = optimiser.update(jax.grad(d_loss)(d_params), d_opt)
        d_params = optax.apply_updates(d_params, updates)
        loss, grads = jax.value_and_grad(lambda g: bce(disc.apply(d_params, gen.apply(g, z)), 1))(g_params)
        updates, g_opt = optimiser.update(grads, g_opt)
        return (optax.apply_updates(g_params, updates), d_params, g_opt, d_opt), loss

    def step(x, _):
        nonlocal key, state
        key, subkey = jax.random.split(key)
        state, loss = update(state, x, subkey)
        return loss

    count = sum(leaf.size for leaf in jax.tree.leaves((g_params, d_params)))
    return Training(count, stepped(step, batches(floats(data), work.batch)))


def vae(x):
    h = jax.nn.relu(hk.Linear(500)(x))
    mean, logvar = hk.Linear(20)(h), hk.Linear(20)(h)
    z = mean + jnp.exp(0.5 * logvar) * jax.random.normal(hk.next_rng_key(), mean.shape)
    return hk.Linear(784)(jax.nn.relu(hk.Linear(500)(z))), mean, logvar


def build_vae(work: Workload, data: Data) -> Training:
    network, optimiser, rng_seq = hk.transform(vae), optax.adam(work.rate), hk.PRNGSequence(0)
    params = network.init(next(rng_seq), jnp.zeros((1, 784)))
    state = params, optimiser.init(params)

    def loss_fn(params, key, x):
        logits, mean, logvar = network.apply(params, key, x)
        log_likelihood = -optax.sigmoid_binary_cross_entropy(logits, x).sum(-1)
        kl = 0.5 * jnp.sum(jnp.exp(logvar) + mean**2 - 1 - logvar, -1)
        return -jnp.mean(log_likelihood - kl)

    @partial(jax.jit, donate_argnums=0)
    def update(state, key, x):
        params, opt_state = state
        loss, grads = jax.value_and_grad(loss_fn)(params, key, x)
        updates, opt_state = optimiser.update(grads, opt_state)
        return (optax.apply_updates(params, updates), opt_state), loss

    def step(x, _):
        nonlocal state
        state, loss = update(state, next(rng_seq), x.reshape(len(x), -1))
        return loss

    count = sum(leaf.size for leaf in jax.tree.leaves(params))
    return Training(count, stepped(step, batches(floats(data, work.normalize), work.batch)))


def build(work: Workload, data: Data) -> Training:
    if work.name == "dcgan":
        return build_gan(work, data)
    if work.name == "vae":
        return build_vae(work, data)
    network = hk.transform_with_state(getattr(sys.modules[__name__], work.name))
    optimiser = optax.adam(work.rate) if work.opt == "adam" else optax.sgd(work.rate, momentum=0.9)
    stream = batches(floats(data), work.batch) if work.shape else windows(data, work.batch)
    params, state = network.init(jax.random.PRNGKey(0), next(stream)[0])
    opt_state = optimiser.init(params)

    def loss_fn(params, state, x, y):
        logits, state = network.apply(params, state, None, x)
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
        return loss, (state, jnp.mean(jnp.argmax(logits, -1) == y))

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(params, state, opt_state, x, y):
        (loss, (state, accuracy)), grads = jax.value_and_grad(loss_fn, has_aux=True)(params, state, x, y)
        updates, opt_state = optimiser.update(grads, opt_state)
        return optax.apply_updates(params, updates), state, opt_state, loss, accuracy

    count = sum(leaf.size for leaf in jax.tree.leaves(params))

    def step(x, y):
        nonlocal params, state, opt_state
        params, state, opt_state, loss, _ = update(params, state, opt_state, x, y)
        return loss

    return Training(count, stepped(step, stream))
