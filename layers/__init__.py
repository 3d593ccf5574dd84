"""Neural network layers as pairs of pure functions, and combinators that compose them. Depends on jax only.

A layer is `Layer(init, apply)`, two pure functions over plain nested dicts of arrays:

    params, state = layer.init(key, x)              # depends only on x.shape and x.dtype
    y, state = layer.apply(params, state, x, key)   # training: with a key
    y, _ = layer.apply(params, state, x)            # inference: without a key

A factory such as `dense(128)` returns a Layer; plain functions of x such as `relu` and `flatten` are accepted wherever
a layer is. Images are (batch, height, width, channels), dense kernels (inputs, outputs), convolution kernels HWIO.
"""

from . import initializers as initializers
from .activations import (
    ACTIVATIONS,
    Activation,
    activation,
    elu,
    gelu,
    leaky_relu,
    linear,
    relu,
    selu,
    sigmoid,
    sign,
    silu,
    softmax,
    softplus,
    step,
    tanh,
)
from .attend import attend
from .attention import attention
from .base import Layer, as_layer, describe, stateless
from .capsules import Routed, capsules, route, squash
from .cells import Cell, stateless_cell
from .combine import compose, parallel, residual, serial
from .conv import conv, conv_transpose, depthwise_conv
from .dense import dense
from .dnc import dnc_cell
from .embed import embed
from .gru import gru_cell
from .lstm import lstm_cell
from .noise import dropout, gaussian_noise
from .norm import batch_norm, group_norm, layer_norm
from .ntm import ntm_cell
from .players import Players, each_player, players
from .pool import avg_pool, global_avg_pool, global_max_pool, max_pool, upsample
from .positions import learned_positions, rotate, sinusoidal_positions
from .precision import computing_in, full_precision
from .recurrent import bidirectional, embedded, stacked
from .remat import rematerialised
from .rnn import rnn_cell
from .scan import scan
from .sequence import Rows, Scanned, Sequence
from .shape import flatten, identity, reshape
from .spectral_norm import spectral_norm
from .spiking import lif_cell
from .torch_weights import from_torch, to_torch

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Cell",
    "Layer",
    "Players",
    "Routed",
    "Rows",
    "Scanned",
    "Sequence",
    "activation",
    "as_layer",
    "attend",
    "attention",
    "avg_pool",
    "batch_norm",
    "bidirectional",
    "capsules",
    "compose",
    "computing_in",
    "conv",
    "conv_transpose",
    "dense",
    "depthwise_conv",
    "describe",
    "dnc_cell",
    "dropout",
    "each_player",
    "elu",
    "embed",
    "embedded",
    "flatten",
    "from_torch",
    "full_precision",
    "gaussian_noise",
    "gelu",
    "global_avg_pool",
    "global_max_pool",
    "group_norm",
    "gru_cell",
    "identity",
    "initializers",
    "layer_norm",
    "leaky_relu",
    "learned_positions",
    "lif_cell",
    "linear",
    "lstm_cell",
    "max_pool",
    "ntm_cell",
    "parallel",
    "players",
    "relu",
    "rematerialised",
    "reshape",
    "residual",
    "rnn_cell",
    "rotate",
    "route",
    "scan",
    "selu",
    "serial",
    "sigmoid",
    "sign",
    "silu",
    "sinusoidal_positions",
    "softmax",
    "softplus",
    "spectral_norm",
    "squash",
    "stacked",
    "stateless",
    "stateless_cell",
    "step",
    "tanh",
    "to_torch",
    "upsample",
]
