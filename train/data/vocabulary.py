"""Vocabularies: the tokens of a language model, in the order of their numbers.

A token is a character, or a word, a run of white space or a punctuation mark; joined tokens give the text again,
except for unknown ones.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..errors import BadInput

if TYPE_CHECKING:
    import numpy as np

__all__ = ["UNKNOWN", "Level", "Vocabulary", "characters_of", "words_of"]

Level = Literal["characters", "words"]
UNKNOWN = "<unk>"
"""Token of a word vocabulary that represents every word outside it."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Vocabulary(NamedTuple):
    """Holds tokens in the order of their numbers.

    >>> vocabulary = characters_of("hello")
    >>> vocabulary.tokens, vocabulary.encode("hole").tolist(), vocabulary.decode([1, 0, 2])
    (('e', 'h', 'l', 'o'), [1, 3, 2, 0], 'hel')
    """

    tokens: tuple[str, ...]

    @property
    def level(self) -> Level:
        """Unit of a token."""
        return "words" if UNKNOWN in self.tokens else "characters"

    def split(self, text: str) -> Sequence[str]:
        """Splits a text into tokens, known or not."""
        return _WORD.findall(text) if self.level == "words" else text

    def encode(self, text: str) -> "np.ndarray":
        """Encodes a text as token numbers, int32; an unknown word becomes `UNKNOWN`.

        Raises:
            BadInput: if the text has a character outside a vocabulary of characters.
        """
        import numpy as np

        numbers = {token: number for number, token in enumerate(self.tokens)}
        found = [numbers.get(token, numbers.get(UNKNOWN, -1)) for token in self.split(text)]
        if -1 in found:
            self._raise_unknown(text, found.index(-1))
        return np.array(found, np.int32)

    def decode(self, numbers: Sequence[int]) -> str:
        """Decodes token numbers to a text."""
        return "".join(self.tokens[number] for number in numbers)

    def unknown(self, text: str) -> list[str]:
        """Returns the tokens of a text outside the vocabulary, in order, each once."""
        return list(dict.fromkeys(token for token in self.split(text) if token not in set(self.tokens)))

    def spelling(self, tokens: Sequence[str], alphabet: int) -> float:
        """Returns the bits that spell the unknown tokens, with a uniform code for each character and each end.

        A word model predicts an unknown word only as unknown. To reproduce the text, the word must be spelled, which
        takes at most this many bits; without them a smaller vocabulary would look like a better model.

        Args:
            tokens: tokens of a text, known or not.
            alphabet: number of different characters.

        >>> words_of("to be or not to be", 4).spelling(["to", " ", "or", " ", "be"], alphabet=7)
        9.0
        """
        known = set(self.tokens)
        characters = sum(len(token) + 1 for token in tokens if token not in known)
        return characters * math.log2(alphabet + 1)

    def _raise_unknown(self, text: str, place: int) -> None:
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        known = "".join(token for token in self.tokens if token.isprintable())
        raise BadInput(
            f"the character {text[place]!r} (line {line}, column {column}) is not in the model's vocabulary of "
            f"{len(self.tokens)}: {known[:100]}{' ...' * (len(known) > 100)}"
        )


def characters_of(text: str) -> Vocabulary:
    """Builds a vocabulary of every character of a text, in the order of Unicode."""
    return Vocabulary(tuple(sorted(set(text))))


def words_of(text: str, most: int) -> Vocabulary:
    """Builds a vocabulary of `UNKNOWN` and the most frequent words, punctuation and white space, at most `most` tokens.

    >>> words_of("to be or not to be", 4).tokens
    ('<unk>', ' ', 'be', 'to')
    """
    counts = Counter(_WORD.findall(text))
    return Vocabulary((UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[: most - 1]))
