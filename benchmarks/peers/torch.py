"""PyTorch: nn.Module, zero_grad, backward, step, as in its tutorials and VAE; eager, compiled, or channels last."""

import torch
import torch.nn.functional as F
from torch import nn

from ..clock import Training, stepped
from ..workloads import EMBEDDING, HEADS, HIDDEN, LAYERS, NOISE, VOCABULARY, WINDOW, Data, Workload, floats

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mlp():
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(3136, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 128, batch_first=True)
        self.linear = nn.Linear(128, 10)

    def forward(self, x):
        return self.linear(self.lstm(x[:, 0])[0][:, -1])


class Characters(nn.Module):
    def __init__(self, hidden=HIDDEN):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, VOCABULARY)

    def forward(self, tokens):
        return self.linear(self.lstm(self.embedding(tokens))[0])


class Transformer(nn.Module):
    def __init__(self, width=EMBEDDING, depth=LAYERS, heads=HEADS, window=WINDOW):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(VOCABULARY, width), nn.Embedding(window, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, depth, nn.LayerNorm(width), enable_nested_tensor=False)
        self.linear = nn.Linear(width, VOCABULARY)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(window))

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions(torch.arange(tokens.shape[1], device=tokens.device))
        return self.linear(self.layers(x, mask=self.mask, is_causal=True))


class Block(nn.Module):
    def __init__(self, inputs, width, strides):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, strides, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.strides, self.more = strides, width - inputs

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        x = x[:, :, :: self.strides, :: self.strides]
        if self.more:
            x = F.pad(x, (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(x + y)


def resnet(depth=20, width=16):
    layers = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    for stage in range(3):
        for block in range((depth - 2) // 6):
            first = stage and not block
            layers.append(Block((width << stage) // (2 if first else 1), width << stage, 2 if first else 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 10))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 500)
        self.mean, self.logvar = nn.Linear(500, 20), nn.Linear(500, 20)
        self.decoder = nn.Sequential(nn.Linear(20, 500), nn.ReLU(), nn.Linear(500, 784))

    def forward(self, x):
        h = F.relu(self.encoder(x.flatten(1)))
        mean, logvar = self.mean(h), self.logvar(h)
        std = torch.exp(0.5 * logvar)
        return self.decoder(mean + torch.randn_like(std) * std), mean, logvar


MODELS = {"mlp": mlp, "cnn": cnn, "rows": Rows, "characters": Characters, "resnet": resnet}
MODELS |= {"transformer": Transformer, "gpt": Transformer, "fast": resnet, "vae": VAE}


def batches(work: Workload, data: Data, channels_last: bool):
    """Yields batches forever, from tensors in memory."""
    generator = torch.Generator(DEVICE).manual_seed(1)
    if not work.shape:
        tokens, after = (torch.from_numpy(each).long().to(DEVICE) for each in data)
        steps = torch.arange(work.window, device=DEVICE)
        while True:
            at = torch.randint(0, len(tokens) - work.window, (work.batch, 1), generator=generator, device=DEVICE)
            yield tokens[at + steps], after[at + steps]
    data = floats(data, work.normalize)
    x, y = (
        torch.from_numpy(data.x).permute(0, 3, 1, 2).contiguous().to(DEVICE),
        torch.from_numpy(data.y).long().to(DEVICE),
    )
    x = x.to(memory_format=torch.channels_last) if channels_last else x
    while True:
        order = torch.randperm(len(x), generator=generator, device=DEVICE)
        for chosen in order[: len(order) - len(order) % work.batch].split(work.batch):
            yield x[chosen], y[chosen]


def players():
    generator = nn.Sequential(
        nn.Linear(NOISE, 128 * 7 * 7),
        nn.ReLU(),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 64, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 7 * 7, 1),
    )
    return generator, discriminator


def build_gan(work: Workload, data: Data, how: str) -> Training:
    """Makes the step of PyTorch's DCGAN tutorial: real, fake, then the generator with the same fake images."""
    last = how == "channels_last"
    two = [each.to(DEVICE, memory_format=torch.channels_last if last else torch.preserve_format) for each in players()]
    count = sum(parameter.numel() for each in two for parameter in each.parameters())
    g_opt, d_opt = (torch.optim.Adam(each.parameters(), work.rate, (0.5, 0.999)) for each in two)
    g, d = (torch.compile(each) if how == "compile" else each for each in two)

    def step(x, _):
        real, made = torch.ones(len(x), 1, device=DEVICE), torch.zeros(len(x), 1, device=DEVICE)
        d_opt.zero_grad()
        F.binary_cross_entropy_with_logits(d(x), real).backward()
        fake = g(torch.randn(len(x), NOISE, device=DEVICE))
        F.binary_cross_entropy_with_logits(d(fake.detach()), made).backward()
        d_opt.step()
        g_opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(d(fake), real)
        loss.backward()
        g_opt.step()
        return loss.detach()

    return Training(count, stepped(step, batches(work, data, last)))


def cross_entropy(model, x, y):
    return F.cross_entropy(model(x).flatten(0, -2), y.flatten())


def negative_bound(model, x, _):
    logits, mean, logvar = model(x)
    bce = F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


def set_precision(work: Workload):
    """Computes products of float32 in TF32 where the GPU has it, as jax does, or in full."""
    full = work.precision == "float32"
    torch.set_float32_matmul_precision("highest" if full else "high")
    torch.backends.cudnn.allow_tf32 = not full


def build(work: Workload, data: Data, how: str = "") -> Training:
    torch.manual_seed(0)
    set_precision(work)
    if work.name == "dcgan":
        return build_gan(work, data, how)
    model = MODELS[work.name](**work.sizes).train().to(DEVICE)
    model = model.to(memory_format=torch.channels_last) if how == "channels_last" else model
    count = sum(parameter.numel() for parameter in model.parameters())
    adam = work.opt == "adam"
    parameters = model.parameters()
    optimizer = torch.optim.Adam(parameters, work.rate) if adam else torch.optim.SGD(parameters, work.rate, 0.9)
    model = torch.compile(model) if how == "compile" else model
    loss_of = negative_bound if work.name == "vae" else cross_entropy

    def step(x, y):
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=work.precision == "bf16"):
            loss = loss_of(model, x, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return Training(count, stepped(step, batches(work, data, how == "channels_last")))
