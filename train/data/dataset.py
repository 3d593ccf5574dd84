"""A data set before it is loaded (Source: name, kind, task, shape) and after (Dataset: arrays).

The sources are listed by `data/sources`. Nothing here needs jax; numpy is imported where arrays are made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import BadInput
from ..option_types import coerce_options, did_you_mean
from . import sources
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np

__all__ = ["GIVEN", "Dataset", "Place", "Source", "Split", "load_data", "source"]

Kind = Literal["image", "table", "points", "sequence", "text", "series"]
GIVEN = MappingProxyType(
    {
        "stream": "the data of this run was an iterator, which no command can open again: continue from Python with "
        "run(recipe, RunOptions(resume=...), stream=Stream(...))",
        "memory": "the data of this run was in memory, which no command can read again: from Python continue with "
        "run(recipe, RunOptions(resume=...), data=(X, y)), and score with zoo.load(RUN).score(X, y)",
    }
)
"""Names of the data that only Python can give, with what a command says of them."""


@dataclass(frozen=True)
class Place:
    """Holds where data files are searched and kept, and whether the network may be used.

    Attributes:
        data_dir: folder with data files that the user named; None takes ZOO_DATA or the user's cache.
        offline: whether the network must not be used.
        print_fn: called with the progress of a download and with the notes on the data, one line at a time.
        in_memory: bytes; a larger data set stays on the disk and is read during the run.
        about: description of a model that the data are for, whose encoder and classes are those of a table; None: these
            are found in the data.
    """

    data_dir: Path | None = None
    offline: bool = False
    print_fn: Callable[[str], None] = lambda text: None
    in_memory: int = 4 << 30
    about: Mapping[str, Any] | None = None


class Split(NamedTuple):
    """Holds examples and their targets as stored: arrays or, for examples that stay on the disk, `DiskArray`.

    Attributes:
        x: examples (examples, ...); of a text, its token numbers as one row (tokens,).
        y: targets (examples,) or (examples, outputs); (examples, time) for tagging, -1 at steps without a tag;
            (examples, time, bits) for bits, -1 at steps without an answer; of a text, the next token of each
            (tokens,); of a whole series, the next values (examples, time - 1, values).
        lengths: number of valid steps of each example, int32 (examples,); None if all are valid.
        weight: weight of each example in the loss and in every mean of a score, float64 (examples,), above 0; None: all
            count the same.
    """

    x: "np.ndarray"
    y: "np.ndarray"
    lengths: "np.ndarray | None" = None
    weight: "np.ndarray | None" = None


@dataclass(frozen=True)
class Dataset:
    """Holds a loaded data set: arrays as stored (uint8 stays uint8), and the names that reports and models need.

    Attributes:
        name: name of the data set.
        task: name of a task of `tasks`, which decides head, loss and metric.
        train: training examples.
        test: test examples.
        classes: names of the classes; empty for regression.
        features: names of a table's columns.
        target: name of the predicted value, with its unit.
        vocabulary: tokens in the order of their numbers, where x holds tokens.
        outputs: number of outputs, where only the loaded data defines it; 0 takes that of the Source.
        window: steps of a text that a training example spans.
        relative: whether the targets of a series are changes from the last value of the window.
        characters: mean number of characters per token of the test text.
        spelling: bits per token of the test text that spell its unknown words.
        val: validation examples, where the data set has its own; None: they are split off those for training.
        labels: values of the classes in the targets of the user, texts or whole numbers, which `Trained.predict`
            returns; empty: the names in `classes`, or the numbers of classes that have no other names.
        held_out: whether the test examples were held out of the training; False: they are the training examples.
        notes: lines for the user on what was assumed of the files and left out, printed before the training.
        encoder: `TableEncoder` by which rows of a table became x, kept with the model; None: x are as stored.
        fitted_to: `indices of training examples -> Dataset` with the statistics of these alone, for a table of which
            some are held out for validation; None: x do not depend on which examples are for training.
        split_anew: `indices of training examples, of test examples -> Dataset`, with the statistics of these training
            examples; indices count the training examples of this data set first, then its test examples. None: as for
            `fitted_to`.
        pictures: how the pictures of a folder were read, kept with the model; empty for other data.
    """

    name: str
    task: str
    train: Split
    test: Split
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    target: str = ""
    vocabulary: tuple[str, ...] = ()
    outputs: int = 0
    window: int = 0
    relative: bool = False
    characters: float = 1.0
    spelling: float = 0.0
    val: Split | None = None
    labels: tuple[str, ...] | tuple[int, ...] = ()
    held_out: bool = True
    notes: tuple[str, ...] = ()
    encoder: Any = None
    fitted_to: Callable[[Any], "Dataset"] | None = None
    split_anew: Callable[[Any, Any], "Dataset"] | None = None
    pictures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """Name of the unit that its size counts: examples, characters or tokens."""
        if self.task != "language":
            return "examples"
        return Vocabulary(self.vocabulary).level.replace("words", "tokens")


@dataclass(frozen=True)
class Source:
    """Describes an available data set and holds the function that loads it.

    Attributes:
        name: value of `--dataset`.
        about: content, number of examples and origin in one line.
        kind: image (height, width, channels), table (features), points (2,), sequence (time, features or
            tokens), text (one row of tokens) or series (window, features).
        task: name of a task of `tasks`, which decides head, loss and metric.
        shape: shape of one example; () where only the loaded data defines it.
        outputs: number of classes or of predicted values; 1 for a binary task; 0 where only the loaded data defines it.
        load: `(place, *, option=default, ...) -> Dataset`; its keyword-only arguments are the flags `--d.option`.
    """

    name: str
    about: str
    kind: Kind
    task: str
    shape: tuple[int, ...]
    outputs: int
    load: Callable[..., Dataset]


def source(name: str) -> Source:
    """Returns the source of a name.

    Raises:
        BadInput: if there is no such data set; the message suggests the nearest name.
    """
    if name in GIVEN:
        raise BadInput(GIVEN[name])
    if name not in sources.names():
        known = sources.names()
        raise BadInput(f"unknown data set {name!r}{did_you_mean(name, known)} (choose from {', '.join(known)})")
    return sources.find(name)


def load_data(name: str, place: Place = Place(), options: Mapping[str, Any] = MappingProxyType({})) -> Dataset:
    """Loads the data set of a name, and prints its notes.

    Args:
        name: value of `--dataset`.
        place: where data files are searched and kept.
        options: values of the data set's options.

    Raises:
        BadInput: if there is no such data set or option, or a value has another type or lies outside its bounds.
        DataUnavailable: if files are missing or damaged, or cannot be downloaded.

    >>> load_data("iris").train.x.shape
    (120, 4)
    """
    data = source(name)
    loaded = data.load(place, **coerce_options(name, data.load, options))
    for line in loaded.notes:
        place.print_fn(line)
    return loaded
