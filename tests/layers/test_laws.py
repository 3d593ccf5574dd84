"""Every layer keeps every law."""

import inspect
import sys

import numpy as np
import pytest

from tests.laws import DEAR, LAWS
from zoo import layers
from zoo.layers import as_layer

NOT_LAYERS = {
    *("ACTIVATIONS", "Activation", "Cell", "Layer", "Rows", "Scanned", "Sequence", "activation", "as_layer"),
    *(
        "Players",
        "Routed",
        "attend",
        "describe",
        "each_player",
        "from_torch",
        "initializers",
        "rotate",
        "route",
        "stateless",
        "stateless_cell",
        "to_torch",
    ),
}
WRONG = "a_wrong_input_raises_an_error_that_names_the_layer"

pytestmark = pytest.mark.usefixtures("quick_compiler")

_rng = np.random.default_rng(0)


def floats(*shape):
    return np.asarray(_rng.normal(size=shape), np.float32)


TABLE = floats(3, 4)
SERIES = floats(3, 6, 4)
IMAGES = floats(3, 6, 5, 4)
PADDED = layers.Sequence(SERIES, np.array([6, 2, 3], np.int32))
FIVE = floats(3, 6, 5)
CARRY = floats(3, 3)
WORDS = _rng.integers(0, 7, (3, 5)).astype(np.int32)

# name: (a layer, an example of its input, what it must refuse or None, what the error must say)
CASES = {
    "dense": (layers.dense(3), TABLE, floats(3, 5), "dense(3) was initialised for 4 features, got 5"),
    "dense on series": (layers.dense(3, bias=False), SERIES, floats(), "dense(3)"),
    "conv": (layers.conv(6, 3), IMAGES, floats(3, 6, 5, 1), "conv(6, 3) was initialised for 4 channels, got 1"),
    "conv 1-D": (layers.conv(6, 3, strides=2, groups=2), SERIES, IMAGES, "conv(6, 3) expects 3 axes (batch, time"),
    "conv 3-D": (layers.conv(2, 2, padding="VALID"), floats(2, 3, 3, 2, 1), floats(2, 3, 3, 1, 1), "does not fit"),
    "depthwise_conv": (layers.depthwise_conv(3, multiplier=2), IMAGES, floats(3, 6, 5, 2), "depthwise_conv(3)"),
    "conv_transpose": (layers.conv_transpose(2, 3, strides=2), IMAGES, floats(3, 6, 5, 2), "conv_transpose(2, 3)"),
    "max_pool": (layers.max_pool(2), IMAGES, floats(3, 1, 5, 4), "max_pool(2): a window of 2x2 does not fit"),
    "avg_pool": (layers.avg_pool(3, 2, "SAME"), IMAGES, TABLE, "avg_pool(3) expects at least 3 axes"),
    "global_avg_pool": (layers.global_avg_pool(), IMAGES, TABLE, "global_avg_pool"),
    "global_max_pool": (layers.global_max_pool(), IMAGES, TABLE, "global_max_pool"),
    "upsample": (layers.upsample((2, 3)), IMAGES, SERIES, "upsample((2, 3))"),
    "upsample linear": (layers.upsample(2, "linear"), IMAGES, TABLE, "upsample(2)"),
    "flatten": (layers.flatten, IMAGES, floats(), "flatten"),
    "identity": (layers.identity, IMAGES, None, ""),
    "reshape": (layers.reshape(2, -1), IMAGES, floats(3, 5), "reshape(2, -1) does not match 5"),
    "batch_norm": (layers.batch_norm(), TABLE, floats(3, 5), "batch_norm was initialised for 4 features, got 5"),
    "batch_norm on images": (layers.batch_norm(), IMAGES, floats(4), "batch_norm expects at least 2 axes"),
    "layer_norm": (layers.layer_norm(), SERIES, floats(3, 5), "layer_norm was initialised for 4 features"),
    "group_norm": (layers.group_norm(2), IMAGES, floats(3, 6), "group_norm(2) was initialised for 4 channels"),
    "spectral_norm": (layers.spectral_norm(layers.dense(3)), TABLE, floats(3, 5), "dense(3) was initialised for 4"),
    "spectral_norm on images": (
        layers.spectral_norm(layers.serial(layers.conv(3, 3), layers.batch_norm(), layers.relu)),
        IMAGES,
        floats(3, 6, 5, 2),
        "conv(3, 3) was initialised for 4 channels",
    ),
    "full_precision": (layers.full_precision(layers.dense(3)), TABLE, floats(3, 5), "dense(3) was initialised for 4"),
    # In half precision jit rounds elsewhere than eager; what is special to it: test_precision.py.
    "computing_in": (
        layers.computing_in(np.float32, layers.serial(layers.dense(3), layers.batch_norm(), layers.relu)),
        TABLE,
        floats(3, 5),
        "In layer 0, given float32[3,5]",
    ),
    "rematerialised": (
        layers.rematerialised(layers.serial(layers.serial(layers.dense(3), layers.batch_norm()), layers.relu)),
        TABLE,
        floats(3, 5),
        "In layer 0",
    ),
    "dropout": (layers.dropout(0.4), TABLE, None, ""),
    "gaussian_noise": (layers.gaussian_noise(0.2), TABLE, None, ""),
    "embed": (layers.embed(7, 3), WORDS, TABLE, "embed(7, 3) expects integers from 0 to 6"),
    "compose": (
        layers.compose(lambda call, x: call("a", x) * call("b", x), a=layers.dense(2), b=layers.dense(2)),
        TABLE,
        floats(3, 5),
        "In layer a, given float32[3,5]",
    ),
    "serial": (
        layers.serial(layers.batch_norm(), layers.dropout(0.5), layers.relu, head=layers.dense(2)),
        TABLE,
        floats(3, 5),
        "In layer 0, given float32[3,5]",
    ),
    "residual": (layers.residual(layers.dense(4), layers.tanh), TABLE, floats(3, 5), "In layer body/0,"),
    "rnn_cell": (layers.rnn_cell(3), (CARRY, TABLE), (CARRY, floats(3, 5)), "rnn_cell(3) was initialised for 4"),
    "lstm_cell": (layers.lstm_cell(3), ((CARRY, CARRY), TABLE), ((CARRY, CARRY), floats(3, 5)), "lstm_cell(3) was"),
    "gru_cell": (layers.gru_cell(3, reset="before"), (CARRY, TABLE), (CARRY, floats(3, 5)), "gru_cell(3) was"),
    "lif_cell": (
        layers.lif_cell(refractory=2),
        ((TABLE / 2, np.array([[0, 1, 2, 0]] * 3, np.int32)), TABLE),
        ((TABLE, np.zeros((3, 4), np.int32)), FIVE[:, 0]),
        "lif_cell: expected currents (3, 4)",
    ),
    "ntm_cell": (
        layers.scan(layers.ntm_cell(3, slots=4, word=2, heads=2)),
        SERIES,
        FIVE,
        "ntm_cell(3) was initialised for 4 features, got 5",
    ),
    "dnc_cell": (
        layers.scan(layers.dnc_cell(3, slots=4, word=2, heads=2)),
        SERIES,
        FIVE,
        "dnc_cell(3) was initialised for 4 features, got 5",
    ),
    "scan": (
        layers.scan(layers.lstm_cell(5, recurrent_dropout=0.2)),
        SERIES,
        FIVE,
        "lstm_cell(5) was initialised for 4",
    ),
    "scan with lengths": (
        layers.scan(layers.gru_cell(5), output="last"),
        PADDED,
        layers.Sequence(FIVE, PADDED.lengths),
        "gru_cell(5) was initialised for 4 features, got 5",
    ),
    "bidirectional": (layers.bidirectional(layers.gru_cell(3)), SERIES, FIVE, "In layer fwd, given"),
    "stacked": (
        layers.stacked(layers.scan(layers.lstm_cell(3)), layers.scan(layers.rnn_cell(3)), dropout=0.3),
        SERIES,
        FIVE,
        "In layer 0, given",
    ),
    "embedded": (layers.embedded(7, 4, layers.scan(layers.lstm_cell(4)), tied=True), WORDS, SERIES, "embedded(7"),
    "players": (
        layers.players(layers.dense(2), layers.dense(1), lambda key, batch: batch["x"]),
        TABLE,
        floats(3, 5),
        "In layer generator, given",
    ),
    "attention": (layers.attention(8, 2, rotary=True), SERIES, FIVE, "In layer qkv, given"),
    "attention with lengths": (
        layers.attention(8, 2, context=2, give="carry"),
        PADDED,
        floats(3, 5),
        "attention(8, 2) expects 3 axes (batch, time, features)",
    ),
    "capsules": (layers.capsules(3, 2), SERIES, FIVE, "capsules(3, 2) was initialised for 4 features, got 5"),
    "squash": (layers.squash, TABLE, None, ""),
    "learned_positions": (layers.learned_positions(), SERIES, FIVE, "learned_positions was initialised for 4 features"),
    "sinusoidal_positions": (layers.sinusoidal_positions(), SERIES, TABLE, "sinusoidal_positions expects 3 axes"),
    "parallel": (layers.parallel(layers.dense(2), b=layers.dense(3)), TABLE, floats(3, 5), "In layer 0,"),
} | {name: (function, TABLE, None, "") for name, function in layers.ACTIVATIONS.items()}


# The dear laws are proved for one case of each layer, and for the others in CI.
FIRST = {name.split()[0]: name for name in reversed(CASES)}.values()


def laws():
    """Every law for every case; those that are dear are marked expensive for further cases of a layer."""
    for name in CASES:
        for law in LAWS:
            if law != WRONG:
                dear = law in DEAR and name not in FIRST
                yield pytest.param(name, law, marks=pytest.mark.expensive if dear else ())


@pytest.mark.parametrize(("name", "law"), laws())
def test_every_layer_satisfies_the_law(name, law, key):
    layer, x, _, _ = CASES[name]
    LAWS[law](as_lifted(layer), x, key)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[3]])
def test_an_invalid_input_raises_an_error_that_names_the_layer(name, key):
    layer, x, wrong, message = CASES[name]
    LAWS[WRONG](as_lifted(layer), x, key, wrong, message)


def test_every_public_layer_is_tested_for_the_laws():
    public = {name for name in layers.__all__ if not inspect.ismodule(getattr(layers, name))} - NOT_LAYERS
    assert public <= {name.split()[0] for name in CASES}


def test_all_lists_every_public_name_of_the_modules():
    rooms = [
        "activations",
        "attend",
        "attention",
        "capsules",
        "cells",
        "combine",
        "conv",
        "dense",
        "embed",
        "gru",
        "lstm",
        "noise",
        "norm",
        "players",
    ]
    rooms += [
        "pool",
        "positions",
        "recurrent",
        "rnn",
        "scan",
        "sequence",
        "shape",
        "spectral_norm",
        "spiking",
        "torch_weights",
    ]
    names = {name for room in rooms for name in sys.modules[f"zoo.layers.{room}"].__all__}
    assert names <= set(layers.__all__)


_lifted = {}


def as_lifted(layer):
    """One Layer for one function, so that the laws share its compiled programs."""
    return _lifted.setdefault(id(layer), as_layer(layer))
