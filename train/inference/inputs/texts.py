"""Reads texts: whole files for language models, one sequence per line for models of other tokens."""

from pathlib import Path

import numpy as np

from ...data.formats.utf8 import read_text
from ...data.vocabulary import Vocabulary
from ...errors import BadInput
from .batch import Batch, InputSpec

__all__ = ["from_lines", "from_text"]


def from_text(path: Path, spec: InputSpec) -> Batch:
    """Reads a text as one row of tokens.

    Raises:
        BadInput: if it is not a text, has fewer than two tokens, or one outside the model's vocabulary.
    """
    vocabulary = Vocabulary(spec.vocabulary)
    try:
        tokens = vocabulary.encode(read_text(path, str(path)))
    except BadInput as error:
        raise BadInput(str(error) if str(path) in str(error) else f"{path}: {error}") from None
    if len(tokens) < 2:
        raise BadInput(f"{path} has {len(tokens)} {vocabulary.level}: there is no next one to predict")
    return Batch([str(path)], tokens[None])


def from_lines(path: Path, spec: InputSpec) -> list[Batch]:
    """Reads one sequence per line; tokens are separated by spaces, which are optional for single characters.

    A space is a token itself where the vocabulary of the model has it.

    Raises:
        BadInput: if a token is not in the model's vocabulary; the message names line and token.
    """
    numbers = {token: number for number, token in enumerate(spec.vocabulary)}
    batches = []
    for line, text in enumerate(read_text(path, str(path)).splitlines(), 1):
        tokens = (
            text.split()
            if max(map(len, numbers)) > 1
            else [each for each in text if each in numbers or not each.isspace()]
        )
        unknown = [token for token in tokens if token not in numbers]
        if unknown:
            raise BadInput(f"{path}, line {line}: {unknown[0]!r} is not a token of the model ({', '.join(numbers)})")
        if tokens:
            batches.append(Batch([f"{path}:{line}"], np.array([[numbers[token] for token in tokens]], np.int32)))
    if not batches:
        raise BadInput(f"{path} is empty: expected one sequence per line")
    return batches
