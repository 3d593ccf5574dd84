"""A vocabulary: the tokens that a language model knows, in the order of their numbers.

A token is a character, or a word, a run of white space or a mark of punctuation; either way tokens in a row are the
text again, but for what is unknown.
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
"""The token of a vocabulary of words that stands for every word that it lacks."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


class Vocabulary(NamedTuple):
    """Tokens in the order of their numbers.

    >>> vocabulary = characters_of("hello")
    >>> vocabulary.tokens, vocabulary.encode("hole").tolist(), vocabulary.decode([1, 0, 2])
    (('e', 'h', 'l', 'o'), [1, 3, 2, 0], 'hel')
    """

    tokens: tuple[str, ...]

    @property
    def level(self) -> Level:
        """What a token is."""
        return "words" if UNKNOWN in self.tokens else "characters"

    def split(self, text: str) -> Sequence[str]:
        """The text in tokens, known or not."""
        return _WORD.findall(text) if self.level == "words" else text

    def encode(self, text: str) -> "np.ndarray":
        """The numbers of a text's tokens, int32; of an unknown word, that of `UNKNOWN`.

        Raises:
            BadInput: at a character that is not in a vocabulary of characters.
        """
        import numpy as np

        numbers = {token: number for number, token in enumerate(self.tokens)}
        found = [numbers.get(token, numbers.get(UNKNOWN, -1)) for token in self.split(text)]
        if -1 in found:
            self._refuse(text, found.index(-1))
        return np.array(found, np.int32)

    def decode(self, numbers: Sequence[int]) -> str:
        """The text that those tokens make."""
        return "".join(self.tokens[number] for number in numbers)

    def unknown(self, text: str) -> list[str]:
        """The text's tokens that the vocabulary lacks, in order, each once."""
        return list(dict.fromkeys(token for token in self.split(text) if token not in set(self.tokens)))

    def spelling(self, tokens: Sequence[str], alphabet: int) -> float:
        """Bits that spell those of the tokens that the vocabulary lacks, each character and each end alike.

        A model of words says no more of such a word than that it is unknown. For a text that could be read back it
        must be spelled, which takes this many bits at the most; without them fewer words would look like a better
        model.

        Args:
            tokens: of a text, known or not.
            alphabet: how many characters there are.

        >>> words_of("to be or not to be", 4).spelling(["to", " ", "or", " ", "be"], alphabet=7)
        9.0
        """
        known = set(self.tokens)
        signs = sum(len(token) + 1 for token in tokens if token not in known)
        return signs * math.log2(alphabet + 1)

    def _refuse(self, text: str, place: int) -> None:
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        known = "".join(token for token in self.tokens if token.isprintable())
        raise BadInput(
            f"the character {text[place]!r} (line {line}, column {column}) is unknown to the model, which has learned "
            f"{len(self.tokens)}: {known}"
        )


def characters_of(text: str) -> Vocabulary:
    """Every character of a text, in the order of Unicode."""
    return Vocabulary(tuple(sorted(set(text))))


def words_of(text: str, most: int) -> Vocabulary:
    """`UNKNOWN` and the most frequent words, punctuation and white space of a text, at most so many in all.

    >>> words_of("to be or not to be", 4).tokens
    ('<unk>', ' ', 'be', 'to')
    """
    counts = Counter(_WORD.findall(text))
    return Vocabulary((UNKNOWN, *sorted(counts, key=lambda word: (-counts[word], word))[: most - 1]))
