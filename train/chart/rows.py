"""Rows of the Neural Network Zoo chart (van Veen 2016; van Veen & Leijnen 2019), and the models that are in each.

The line `Chart:` of a card states which row a model is; a row that no card names is not in the zoo yet.
"""

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

from zoo import _catalogue

from ..data.dataset import source
from ..errors import BadInput
from .notation import Column, Drawing, read_chart, resolve

__all__ = ["ROWS", "Row", "columns_of", "drawing_of", "rows"]

ROWS = {  # in the order of the chart of 2016, then what that of 2019 added
    "P": "perceptron",
    "FF": "feed-forward network",
    "RBF": "radial basis network",
    "DFF": "deep feed-forward network",
    "RNN": "recurrent network",
    "LSTM": "long short-term memory",
    "GRU": "gated recurrent unit",
    "BiRNN": "bidirectional networks",
    "AE": "autoencoder",
    "VAE": "variational autoencoder",
    "DAE": "denoising autoencoder",
    "SAE": "sparse autoencoder",
    "MC": "Markov chain",
    "HN": "Hopfield network",
    "BM": "Boltzmann machine",
    "RBM": "restricted Boltzmann machine",
    "DBN": "deep belief network",
    "DCN": "deep convolutional network",
    "DN": "deconvolutional network",
    "DCIGN": "deep convolutional inverse graphics network",
    "GAN": "generative adversarial network",
    "LSM": "liquid state machine",
    "ELM": "extreme learning machine",
    "ESN": "echo state network",
    "DRN": "deep residual network",
    "KN": "Kohonen network",
    "SVM": "support vector machine",
    "NTM": "neural Turing machine",
    "DNC": "differentiable neural computer",
    "CN": "capsule network",
    "AN": "attention network",
}


class Row(NamedTuple):
    """Row of the chart.

    Attributes:
        short: short name, as `LSTM`.
        name: name.
        model: name of the model that is this row, or "" if it is not in the zoo yet.
        flags: flags of the command that trains this row, besides `--model`.
        kin: names of further models of the row.
    """

    short: str
    name: str
    model: str
    flags: str
    kin: tuple[str, ...]

    @property
    def command(self) -> str:
        """Returns the flags that train this row, or "" if it is not in the zoo yet."""
        return f"--model {self.model} {self.flags}".rstrip() if self.model else ""


def drawing_of(model: str) -> Drawing:
    """Returns what the card of a model states about its place on the chart and its cells.

    Raises:
        BadInput: if the card has no line `Chart:`, one in another notation, or one that names an unknown row.
    """
    text = _catalogue.card(model).field("Chart")
    if not text:
        raise BadInput(
            f"the card of {model} has no line `Chart: ROWS; CELLS`, by which it is drawn, as in "
            "`Chart: none; input -> hidden (hidden) -> output`"
        )
    drawing = read_chart(text, model)
    for short in (*drawing.rows, *([drawing.kin] if drawing.kin else [])):
        if short not in ROWS:
            raise BadInput(f"the card of {model}: the chart has no row {short!r}; its rows are {', '.join(ROWS)}")
    return drawing


def rows() -> list[Row]:
    """Returns all rows, in the order of the chart."""
    found: Mapping[str, Drawing] = {name: drawing_of(name) for name in _catalogue.own_names() if _has_chart(name)}
    made = []
    for short, name in ROWS.items():
        model = next((each for each, drawing in found.items() if short in drawing.rows), "")
        kin = tuple(each for each, drawing in found.items() if drawing.kin == short)
        made.append(Row(short, name, model, found[model].rows[short] if model else "", kin))
    return made


def columns_of(model: str, options: Mapping[str, Any], dataset: str) -> tuple[Column, ...]:
    """Returns the columns of a model's drawing, with the numbers of cells that options and data set lead to.

    Args:
        model: name of the model.
        options: options that differ from the defaults.
        dataset: name of the data set.

    >>> [column.groups[0][1] for column in columns_of("mlp", {"hidden": (20,)}, "iris")]
    [4, 20, 3]
    """
    values = {option.name: option.default for option in _catalogue.card(model).options} | dict(options)
    data = source(dataset)
    rows = values.get("read", "rows") == "rows"  # recurrent models read images row by row, or pixel by pixel
    sizes = {
        "inputs": prod(data.shape) or None,
        "features": prod(data.shape[1 if rows else -1 :]) if len(data.shape) > 1 else None,
        "outputs": data.outputs or None,
    }
    return resolve(drawing_of(model), values, sizes)


def _has_chart(model: str) -> bool:
    return bool(_catalogue.card(model).field("Chart"))
