"""Texts: whole files for language models, a sequence a line for models that read other tokens."""

from pathlib import Path

import numpy as np

from ...data.sources.text import read_text
from ...data.vocabulary import Vocabulary
from ...errors import BadInput
from .batch import Batch, Wanted

__all__ = ["from_lines", "from_text"]


def from_text(path: Path, wanted: Wanted) -> Batch:
    """A text as one row of tokens.

    Raises:
        BadInput: if it is no text, has fewer than two tokens, or one that the model does not know; it says where.
    """
    vocabulary = Vocabulary(wanted.vocabulary)
    try:
        tokens = vocabulary.encode(read_text(path, str(path)))
    except BadInput as error:
        raise BadInput(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    if len(tokens) < 2:
        raise BadInput(f"{path} has {len(tokens)} {vocabulary.level}: nothing follows that could be foretold")
    return Batch([str(path)], tokens[None])


def from_lines(path: Path, wanted: Wanted) -> list[Batch]:
    """A sequence a line, its tokens parted by spaces, or not at all where each is one character.

    Raises:
        BadInput: naming the line and the token that the model does not know.
    """
    numbers = {token: number for number, token in enumerate(wanted.vocabulary)}
    batches = []
    for line, text in enumerate(read_text(path, str(path)).splitlines(), 1):
        tokens = text.split() if max(map(len, numbers)) > 1 else [each for each in text if not each.isspace()]
        unknown = [token for token in tokens if token not in numbers]
        if unknown:
            raise BadInput(f"{path}, line {line}: {unknown[0]!r} is none of the model's tokens: {', '.join(numbers)}")
        if tokens:
            batches.append(Batch([f"{path}:{line}"], np.array([[numbers[token] for token in tokens]], np.int32)))
    if not batches:
        raise BadInput(f"{path} is empty: expected a sequence a line")
    return batches
