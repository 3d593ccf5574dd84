"""Texts: training and test split, vocabulary, invalid files."""

import hashlib

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data, source
from zoo.train.data.sources import text
from zoo.train.errors import BadInput, DataUnavailable


def load(path, **options):
    return load_data("text", Place(), {"file": str(path), "window": 4, **options})


@pytest.fixture
def write(tmp_path):
    def call(content):
        path = tmp_path / "mine.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return call


def test_the_last_tenth_is_the_test_split_and_every_character_a_target_once(write):
    whole = "the quick brown fox jumps over the lazy dog " * 3
    data = load(write(whole))
    letters = np.array(data.vocabulary)
    held = len(whole) // 10
    assert "".join(letters[data.test.y]) == whole[-held:]
    assert "".join(letters[data.test.x]) == whole[-held - 1 : -1]
    assert "".join(letters[data.train.x]) == whole[: -held - 1]
    assert "".join(letters[data.train.y]) == whole[1:-held]


def test_without_a_file_the_text_is_the_standard_library():
    data, again = load_data("text"), load_data("text")
    assert len(data.train.x) == 449_999
    assert len(data.test.x) == 50_000
    np.testing.assert_array_equal(data.train.x, again.train.x)
    letters = np.array(data.vocabulary)
    assert "import" in "".join(letters[data.train.x[:10_000]])
    assert len(load_data("text", options={"characters": 2000}).test.x) == 200


def test_words_are_counted_in_the_training_split_and_limited(write):
    data = load(write("one two three " * 30 + "and something else entirely. " * 2), level="words", words=4)
    assert data.vocabulary == ("<unk>", " ", "one", "three")
    assert data.train.y.max() == 3
    assert (data.test.y == 0).any()


def test_characters_per_token_and_the_spelling_of_unknown_words(write):
    learned = "one two " * 9
    data = load(write(learned + "one four"), level="words", words=4, window=1)
    # The last tenth of 39 tokens is "one", " ", "four": 8 characters. "four" takes four signs and an end.
    assert "".join(sorted(set(learned + "four"))) == " efnortuw"
    assert len(data.test.y) == 3
    assert data.characters == pytest.approx(8 / 3)
    assert data.spelling == pytest.approx(5 * np.log2(9 + 1) / 3)
    assert data.unit == "tokens"


def test_a_character_token_has_one_character(write):
    data = load(write("the quick brown fox " * 9))
    assert (data.characters, data.spelling, data.unit) == (1.0, 0.0, "characters")


def test_line_endings_and_a_byte_order_mark_make_no_difference(write):
    plain = load(write("a line\nand another\n" * 5))
    marked = load(write(b"\xef\xbb\xbf" + b"a line\r\nand another\r\n" * 5))
    assert plain.vocabulary == marked.vocabulary
    np.testing.assert_array_equal(plain.train.x, marked.train.x)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "mine.txt: the text is empty"),
        (" \n\t\n", "mine.txt: the text is empty"),
        ("x" * 400, "mine.txt: the text consists of 'x' alone"),
        ("short", "the text has 5 characters; nine tenths of it must be longer than a window of 4"),
        ("twelve chars", r"(?s)window of 40 \(--d.window\)"),
        (b"fine so far\n\xff\xfe", r"mine.txt is not UTF-8 text: byte 12 \(line 2\) is 0xff"),
    ],
)
def test_an_unusable_text_raises_with_the_reason(write, content, reason):
    with pytest.raises(BadInput, match=reason):
        load(write(content), window=40 if "40" in reason else 4)


def test_a_missing_file_raises(tmp_path):
    with pytest.raises(BadInput, match=r"none\.txt cannot be read: No such file"):
        load(tmp_path / "none.txt")
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_python_without_its_sources_raises_with_advice(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(DataUnavailable, match=r"no sources of its standard library.*give a text: --text FILE"):
        load_data("text")


def test_shakespeare_is_found_in_the_data_folder_and_verified(tmp_path, monkeypatch):
    verse = ("Shall I compare thee to a summer's day?\n" * 20).encode()
    (tmp_path / "tinyshakespeare.txt").write_bytes(verse)
    with pytest.raises(DataUnavailable, match="does not have the SHA-256 of tinyshakespeare"):
        load_data("tinyshakespeare", Place(tmp_path))
    monkeypatch.setattr(text, "_SHAKESPEARE", hashlib.sha256(verse).hexdigest())
    data = load_data("tinyshakespeare", Place(tmp_path))
    assert (data.task, data.window, len(data.test.x)) == ("language", 128, 80)


def test_the_shape_of_a_text_is_known_only_when_loaded():
    for name in ("text", "tinyshakespeare"):
        assert (source(name).kind, source(name).task, source(name).shape, source(name).outputs) == (
            *("text", "language"),
            *((), 0),
        )
