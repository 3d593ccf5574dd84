"""Options of data sets that no bundled one has."""

from typing import Literal

import pytest

from zoo.train.data.options import checked
from zoo.train.errors import BadInput


def load(place, *, level: Literal["words", "bytes"] = "words", keep: bool = False, name: str = ""):
    pass


def test_a_choice_takes_what_it_lists():
    assert checked("text", load, {"level": "bytes", "keep": True}) == {"level": "bytes", "keep": True}


def test_a_choice_refuses_what_it_does_not_list():
    with pytest.raises(BadInput, match="level of text must be one of words, bytes, got 'letters'"):
        checked("text", load, {"level": "letters"})


def test_a_switch_takes_no_number():
    with pytest.raises(BadInput, match="keep of text must be of type bool, got 1"):
        checked("text", load, {"keep": 1})


def test_a_set_without_options_says_so():
    with pytest.raises(BadInput, match="it has: none"):
        checked("text", lambda place: None, {"keep": True})
