"""Vocabularies: a text is encoded and decoded to the same text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.train.data.vocabulary import UNKNOWN, characters_of, words_of
from zoo.train.errors import BadInput

TEXT = "to be, or not to be:\n\tthat is the question."


@settings(deadline=None, max_examples=40)
@given(st.text(min_size=1))
def test_any_text_is_restored_from_its_characters(text):
    vocabulary = characters_of(text)
    numbers = vocabulary.encode(text)
    assert numbers.dtype == np.int32
    assert vocabulary.decode(numbers.tolist()) == text
    assert list(vocabulary.tokens) == sorted(set(text))


@settings(deadline=None, max_examples=40)
@given(st.text(min_size=1))
def test_any_text_is_restored_from_its_words_if_all_are_known(text):
    vocabulary = words_of(text, 10_000)
    assert vocabulary.level == "words"
    assert vocabulary.decode(vocabulary.encode(text).tolist()) == text


def test_words_punctuation_and_white_space_are_tokens_of_their_own():
    assert words_of(TEXT, 100).split(TEXT)[:6] == ["to", " ", "be", ",", " ", "or"]


def test_the_rarest_words_beyond_the_limit_are_unknown():
    vocabulary = words_of(TEXT, 4)
    assert vocabulary.tokens == (UNKNOWN, " ", "be", "to")
    assert vocabulary.encode("to see").tolist() == [3, 1, 0]
    assert vocabulary.unknown("to see or see") == ["see", "or"]


def test_an_unknown_character_raises_with_its_place():
    with pytest.raises(BadInput, match=r"character 'X' \(line 2, column 3\) is not in the model's vocabulary of 3: ab"):
        characters_of("ab\n").encode("ab\nabX")


def test_the_message_of_an_unknown_character_is_short_whatever_the_vocabulary():
    with pytest.raises(BadInput, match=r"vocabulary of 3000: .* \.\.\.$") as caught:
        characters_of("".join(map(chr, range(0x4E00, 0x4E00 + 3000)))).encode("X")
    assert len(str(caught.value)) < 250
