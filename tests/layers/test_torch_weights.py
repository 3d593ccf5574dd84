"""PyTorch's weights: its own numbers where it is installed, its documented names and shapes everywhere."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zoo.layers.gru import gru_cell
from zoo.layers.lstm import lstm_cell
from zoo.layers.recurrent import bidirectional, stacked
from zoo.layers.rnn import rnn_cell
from zoo.layers.scan import scan
from zoo.layers.torch_weights import from_torch, to_torch

pytestmark = pytest.mark.usefixtures("quick_compiler")

CELLS = {
    "RNN": (rnn_cell, {}, {}),
    "RNN relu": (lambda width: rnn_cell(width, "relu"), {}, {"nonlinearity": "relu"}),
    "LSTM": (lstm_cell, {}, {}),
    "LSTM projected": (lambda width: lstm_cell(width, projection=3), {}, {"proj_size": 3}),
    "GRU": (gru_cell, {}, {}),
}
X = np.random.default_rng(0).normal(size=(2, 6, 4)).astype(np.float32)


def filled(layer, x=X):
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x)[0]
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def built(cell, shape):
    return {
        "one": lambda: scan(cell),
        "both": lambda: bidirectional(cell),
        "deep": lambda: stacked(scan(cell), scan(cell)),
        "deep both": lambda: stacked(bidirectional(cell), bidirectional(cell)),
    }[shape]()


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("shape", ["one", "both", "deep", "deep both"])
@pytest.mark.parametrize("kind", CELLS)
def test_outputs_equal_those_of_pytorch_in_both_directions(kind, shape):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: its outputs cannot be compared")
    make, _, options = CELLS[kind]
    module = getattr(torch.nn, kind.split()[0])(
        4, 5, num_layers=1 + ("deep" in shape), bidirectional="both" in shape, batch_first=True, **options
    )
    layer = built(make(5), shape)
    params = from_torch({name: w.detach().numpy() for name, w in module.state_dict().items()}, filled(layer))
    with torch.no_grad():
        np.testing.assert_allclose(layer.apply(params, {}, X)[0], module(torch.tensor(X))[0].numpy(), atol=1e-5)
        params = filled(layer)
        module.load_state_dict({name: torch.tensor(w) for name, w in to_torch(params).items()})
        np.testing.assert_allclose(layer.apply(params, {}, X)[0], module(torch.tensor(X))[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("shape", ["one", "deep both"])
@pytest.mark.parametrize("kind", CELLS)
def test_a_round_trip_returns_the_same_parameters(kind, shape):
    params = filled(built(CELLS[kind][0](5), shape))
    back = from_torch(to_torch(params, "rnn."), params, "rnn.")
    jax.tree.map(np.testing.assert_array_equal, back, params)


def test_names_and_shapes_are_those_of_the_documentation():
    names = {name: w.shape for name, w in to_torch(filled(built(lstm_cell(5), "deep both"))).items()}
    layers = {"l0": 4, "l0_reverse": 4, "l1": 10, "l1_reverse": 10}
    assert names == {
        f"{name}_{place}": shape
        for place, features in layers.items()
        for name, shape in {
            "weight_ih": (20, features),
            "weight_hh": (20, 5),
            "bias_ih": (20,),
            "bias_hh": (20,),
        }.items()
    }


def test_the_two_biases_add_except_where_the_gru_resets_one():
    params = filled(scan(gru_cell(2)))
    weights = to_torch(params) | {"bias_ih_l0": np.arange(6.0), "bias_hh_l0": np.arange(6.0) * 10}
    made = from_torch(weights, params)
    np.testing.assert_array_equal(made["b"], [0, 11, 22, 33, 4, 5])
    np.testing.assert_array_equal(made["b_h"], [40, 50])


def test_a_module_without_biases_has_biases_of_zero():
    params = filled(scan(lstm_cell(5)))
    made = from_torch({name: w for name, w in to_torch(params).items() if "bias" not in name}, params)
    np.testing.assert_array_equal(made["b"], np.zeros(20))
    np.testing.assert_array_equal(made["w_x"], params["w_x"])


def test_mismatched_weights_raise_an_error_with_their_names():
    params = filled(scan(lstm_cell(5)))
    weights = to_torch(params)
    with pytest.raises(ValueError, match=r"weight_ih_l0 has shape \(20, 4\), expected \(24, 4\)"):
        from_torch(weights, filled(scan(lstm_cell(6))))
    with pytest.raises(ValueError, match="unexpected weights weight_ih_l1"):
        from_torch(weights | {"weight_ih_l1": np.zeros((20, 5))}, params)
    with pytest.raises(ValueError, match="weight_ih_l0_reverse is missing"):
        from_torch(weights, filled(bidirectional(lstm_cell(5))))


@pytest.mark.parametrize(
    "cell", [lstm_cell(5, peepholes=True), gru_cell(5, layer_norm=True), gru_cell(5, reset="before")]
)
def test_cells_that_pytorch_does_not_support_raise(cell):
    with pytest.raises(ValueError, match="PyTorch does not support the cell l0"):
        to_torch(filled(scan(cell)))
