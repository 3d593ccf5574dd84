"""Flax nnx: modules with state, `nnx.Optimizer`, `nnx.jit` with a cached graph, as in its MNIST and VAE examples."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from ..clock import Training, stepped
from ..workloads import EMBEDDING, HEADS, HIDDEN, LAYERS, VOCABULARY, WINDOW, Data, Workload, batches, floats, windows


class MLP(nnx.Module):
    def __init__(self, rngs):
        self.linear1 = nnx.Linear(784, 512, rngs=rngs)
        self.linear2 = nnx.Linear(512, 256, rngs=rngs)
        self.linear3 = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, x):
        x = x.reshape(x.shape[0], -1)
        return self.linear3(nnx.relu(self.linear2(nnx.relu(self.linear1(x)))))


class CNN(nnx.Module):
    def __init__(self, rngs):
        self.conv1 = nnx.Conv(1, 32, (3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(32, 64, (3, 3), rngs=rngs)
        self.linear1 = nnx.Linear(3136, 256, rngs=rngs)
        self.linear2 = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), (2, 2), (2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), (2, 2))
        x = nnx.relu(self.linear1(x.reshape(x.shape[0], -1)))
        return self.linear2(x)


class Rows(nnx.Module):
    def __init__(self, rngs):
        self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(28, 128, rngs=rngs), return_carry=True, rngs=rngs)
        self.linear = nnx.Linear(128, 10, rngs=rngs)

    def __call__(self, x):
        (_, h), _ = self.rnn(x[..., 0])
        return self.linear(h)


class Characters(nnx.Module):
    def __init__(self, rngs):
        self.embed = nnx.Embed(VOCABULARY, EMBEDDING, rngs=rngs)
        self.rnn = nnx.RNN(nnx.OptimizedLSTMCell(EMBEDDING, HIDDEN, rngs=rngs), rngs=rngs)
        self.linear = nnx.Linear(HIDDEN, VOCABULARY, rngs=rngs)

    def __call__(self, tokens):
        return self.linear(self.rnn(self.embed(tokens)))


class Layer(nnx.Module):
    def __init__(self, width, heads, rngs):
        self.norm1 = nnx.LayerNorm(width, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(heads, width, decode=False, rngs=rngs)
        self.norm2 = nnx.LayerNorm(width, rngs=rngs)
        self.linear1 = nnx.Linear(width, 4 * width, rngs=rngs)
        self.linear2 = nnx.Linear(4 * width, width, rngs=rngs)

    def __call__(self, x, mask):
        x = x + self.attention(self.norm1(x), mask=mask)
        return x + self.linear2(nnx.gelu(self.linear1(self.norm2(x)), approximate=False))


class Transformer(nnx.Module):
    def __init__(self, rngs, width=EMBEDDING, depth=LAYERS, heads=HEADS, window=WINDOW):
        self.embed = nnx.Embed(VOCABULARY, width, rngs=rngs)
        self.positions = nnx.Embed(window, width, rngs=rngs)
        for i in range(depth):
            setattr(self, f"layer{i}", Layer(width, heads, rngs))
        self.norm = nnx.LayerNorm(width, rngs=rngs)
        self.linear = nnx.Linear(width, VOCABULARY, rngs=rngs)
        self.depth = depth

    def __call__(self, tokens):
        x = self.embed(tokens) + self.positions(jnp.arange(tokens.shape[1]))
        mask = nnx.make_causal_mask(tokens)
        for i in range(self.depth):
            x = getattr(self, f"layer{i}")(x, mask)
        return self.linear(self.norm(x))


class Block(nnx.Module):
    def __init__(self, inputs, width, strides, rngs):
        self.conv1 = nnx.Conv(inputs, width, (3, 3), strides, use_bias=False, rngs=rngs)
        self.norm1 = nnx.BatchNorm(width, momentum=0.9, rngs=rngs)
        self.conv2 = nnx.Conv(width, width, (3, 3), use_bias=False, rngs=rngs)
        self.norm2 = nnx.BatchNorm(width, momentum=0.9, rngs=rngs)
        self.strides, self.more = strides, width - inputs

    def __call__(self, x):
        y = self.norm2(self.conv2(nnx.relu(self.norm1(self.conv1(x)))))
        x = x[:, :: self.strides, :: self.strides]
        return nnx.relu(jnp.pad(x, ((0, 0),) * 3 + ((self.more // 2, self.more - self.more // 2),)) + y)


class ResNet(nnx.Module):
    def __init__(self, rngs, depth=20, width=16):
        self.conv = nnx.Conv(3, width, (3, 3), use_bias=False, rngs=rngs)
        self.norm = nnx.BatchNorm(width, momentum=0.9, rngs=rngs)
        blocks = []
        for stage in range(3):
            for block in range((depth - 2) // 6):
                first = bool(stage and not block)
                blocks.append(Block((width << stage) >> first, width << stage, 1 + first, rngs))
        self.blocks = nnx.Sequential(*blocks)
        self.linear = nnx.Linear(4 * width, 10, rngs=rngs)

    def __call__(self, x):
        x = self.blocks(nnx.relu(self.norm(self.conv(x))))
        return self.linear(x.mean((1, 2)))


class VAE(nnx.Module):
    def __init__(self, rngs):
        self.linear1 = nnx.Linear(784, 500, rngs=rngs)
        self.mean = nnx.Linear(500, 20, rngs=rngs)
        self.logvar = nnx.Linear(500, 20, rngs=rngs)
        self.linear2 = nnx.Linear(20, 500, rngs=rngs)
        self.linear3 = nnx.Linear(500, 784, rngs=rngs)
        self.rngs = rngs

    def __call__(self, x):
        h = nnx.relu(self.linear1(x))
        mean, logvar = self.mean(h), self.logvar(h)
        z = mean + jnp.exp(0.5 * logvar) * jax.random.normal(self.rngs.noise(), mean.shape)
        return self.linear3(nnx.relu(self.linear2(z))), mean, logvar


MODELS = {"mlp": MLP, "cnn": CNN, "rows": Rows, "characters": Characters, "resnet": ResNet}
MODELS |= {"transformer": Transformer, "gpt": Transformer, "fast": ResNet, "vae": VAE}


def loss_fn(model, x, y):
    logits = model(x)
    loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
    return loss, logits


@nnx.jit
def train_step(model, optimizer, x, y):
    (loss, logits), grads = nnx.value_and_grad(loss_fn, has_aux=True)(model, x, y)
    optimizer.update(model, grads)
    return {"loss": loss, "accuracy": jnp.mean(jnp.argmax(logits, -1) == y)}


def vae_loss_fn(model, x):
    logits, mean, logvar = model(x)
    bce = optax.sigmoid_binary_cross_entropy(logits, x).sum(-1)
    kld = -0.5 * jnp.sum(1 + logvar - mean**2 - jnp.exp(logvar), -1)
    return bce.mean() + kld.mean()


@nnx.jit
def vae_step(model, optimizer, x, _):
    x = x.reshape(x.shape[0], -1)
    loss, grads = nnx.value_and_grad(vae_loss_fn)(model, x)
    optimizer.update(model, grads)
    return {"loss": loss}


def build(work: Workload, data: Data) -> Training:
    model = MODELS[work.name](nnx.Rngs(0), **work.sizes)
    model.train()
    tx = optax.adam(work.rate) if work.opt == "adam" else optax.sgd(work.rate, momentum=0.9)
    optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)
    stream = batches(floats(data, work.normalize), work.batch) if work.shape else windows(data, work.batch, work.window)
    count = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))
    cached = nnx.cached_partial(vae_step if work.name == "vae" else train_step, model, optimizer)
    return Training(count, stepped(lambda x, y: cached(x, y)["loss"], stream))
