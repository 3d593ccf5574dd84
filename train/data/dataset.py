"""What a data set is before it is loaded (a Source: name, kind, task, shape) and after (a Dataset: arrays).

Each source lies in a file of its own beside this one, which ends with a tuple `SOURCES`; the list of data sets is
the folder. Nothing here needs jax, and numpy is imported only where arrays are made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..errors import BadInput
from .options import checked
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PER_STEP", "SOURCES", "Dataset", "Place", "Source", "Split", "load_data", "source"]

Kind = Literal["image", "table", "points", "sequence", "text", "series"]
Task = Literal["binary", "multiclass", "multilabel", "regression", "tagging", "language", "generation"]
PER_STEP = ("tagging", "language")  # the tasks that want an answer at every step of time


@dataclass(frozen=True)
class Place:
    """Where data files are looked for and kept, and whether the network may be asked."""

    data_dir: Path | None = None  # the folder that the user named; nothing is fetched into it unasked
    offline: bool = False
    say: Callable[[str], None] = lambda text: None  # progress of a download, one line at a time
    in_memory: int = 4 << 30  # bytes; a larger set stays on the disk and is read while the run goes


class Split(NamedTuple):
    """Examples and their targets, as stored: arrays or, where they stay on the disk, `rows.Rows`, much like arrays.

    Attributes:
        x: (examples, ...); of a text, the whole text as one row of token numbers (tokens,).
        y: (examples,) or (examples, outputs); (examples, time) for tagging, -1 where there is no step to tag; of a
            text, each token's next one (tokens,).
        lengths: how many steps of each example are valid, int32 (examples,); None: all of them.
    """

    x: "np.ndarray"
    y: "np.ndarray"
    lengths: "np.ndarray | None" = None


@dataclass(frozen=True)
class Dataset:
    """A loaded data set: arrays as stored (uint8 stays uint8), the names that a report needs, what a model must fit."""

    name: str
    task: Task
    train: Split
    test: Split
    classes: tuple[str, ...] = ()  # empty for regression
    features: tuple[str, ...] = ()  # columns of a table
    target: str = ""  # what a regression predicts, with its unit
    vocabulary: tuple[str, ...] = ()  # the tokens that x numbers, where x is tokens
    outputs: int = 0  # where only the loaded data tells; 0: as the Source says
    window: int = 0  # steps of a text that are learned from at a time
    relative: bool = False  # a series of which the change from a window's last value is learned
    characters: float = 1.0  # that a token of the test text stands for, in the mean
    spelling: float = 0.0  # bits that spell the unknown words of the test text, for each of its tokens in the mean

    @property
    def unit(self) -> str:
        """What its size counts."""
        if self.task != "language":
            return "examples"
        return Vocabulary(self.vocabulary).level.replace("words", "tokens")

    @property
    def per_step(self) -> bool:
        """Whether the task wants an answer at every step."""
        return self.task in PER_STEP


@dataclass(frozen=True)
class Source:
    """A data set that can be had: what it is, and the function that loads it.

    Attributes:
        name: what `--dataset` calls it.
        about: one line: what it shows, how many examples, whose.
        kind: image (height, width, channels), table (features), points (the plane), sequence (time, features or
            tokens), text (one row of tokens) or series (window, features).
        task: decides head, loss and metric.
        shape: of one example; () where only the loaded data tells.
        outputs: classes, or numbers to predict; 1 for a binary task; 0 where only the loaded data tells.
        load: `(place, *, option=default, ...) -> Dataset`; its keyword options are the command line's `--d.option`.
    """

    name: str
    about: str
    kind: Kind
    task: Task
    shape: tuple[int, ...]
    outputs: int
    load: Callable[..., Dataset]


def source(name: str) -> Source:
    """The source of that name.

    Raises:
        BadInput: naming the nearest, if there is none.
    """
    if name == "stream":
        raise BadInput(
            "the data of this run was an iterator, which no command knows: go on from Python, "
            "run(recipe, RunOptions(resume=...), stream=Stream(...))"
        )
    if name not in SOURCES:
        near = get_close_matches(name, SOURCES, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"unknown data set {name!r}; {hint}there are {', '.join(SOURCES)}")
    return SOURCES[name]


def load_data(name: str, place: Place = Place(), options: Mapping[str, Any] = MappingProxyType({})) -> Dataset:
    """The data set of that name, loaded with these options.

    Raises:
        BadInput: if there is no such data set, or it has no such option, or the value is not what the option takes.
        DataUnavailable: if its files are missing or damaged, or cannot be fetched.

    >>> load_data("iris").train.x.shape
    (120, 4)
    """
    data = source(name)
    return data.load(place, **checked(name, data.load, options))


def _find() -> Mapping[str, Source]:
    found = {}
    for path in sorted((Path(__file__).parent / "sources").glob("*.py")):
        # Read before it is imported: what is no source may need jax, and the list of data sets must not.
        if "\nSOURCES = (" in path.read_text(encoding="utf-8"):
            found |= {each.name: each for each in import_module(f".sources.{path.stem}", __package__).SOURCES}
    return MappingProxyType(found)


# A mapping that is filled when it is first read: the source files import this one.
class _Sources(Mapping):
    def __init__(self):
        self._found: Mapping[str, Source] | None = None

    def _all(self) -> Mapping[str, Source]:
        if self._found is None:
            self._found = _find()
        return self._found

    def __getitem__(self, name):
        return self._all()[name]

    def __iter__(self):
        return iter(self._all())

    def __len__(self):
        return len(self._all())


SOURCES: Mapping[str, Source] = _Sources()
