"""A text on the disk equals the text in memory: parts of any size, line endings, damaged bytes."""

import numpy as np
import pytest

from zoo.train.data.dataset import Place, load_data
from zoo.train.data.formats.tokens import characters_on_disk
from zoo.train.data.formats.utf8 import read_text, text_parts
from zoo.train.data.on_disk import MappedArray
from zoo.train.errors import BadInput

TEXT = "\ufeffIt was a dark\r\nand stormy night;\r the rain fell äöü€😀\r\n" * 20


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return path


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 20])
def test_parts_of_every_size_join_to_the_text(file, piece):
    assert "".join(text_parts(file, piece=piece)) == read_text(file)


@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_an_invalid_byte_raises_with_its_place_as_in_memory(file, piece):
    file.write_bytes(b"good\nlines\nand \xff\n" + b"more" * 100)
    for read in (lambda: list(text_parts(file, "here", piece)), lambda: read_text(file, "here")):
        with pytest.raises(BadInput, match=r"here is not UTF-8 text: byte 15 \(line 3\) is 0xff"):
            read()


def test_a_text_that_ends_inside_a_character_raises(file):
    file.write_bytes("abc€".encode()[:-1])
    with pytest.raises(BadInput, match="byte 3"):
        list(text_parts(file))


def test_a_text_on_the_disk_has_the_numbers_of_the_text_in_memory(file):
    small, large = (load_data("text", Place(in_memory=n), {"file": str(file), "window": 16}) for n in (1 << 30, 0))
    assert isinstance(large.train.x, MappedArray)
    assert (small.vocabulary, small.characters, small.spelling) == (large.vocabulary, large.characters, large.spelling)
    for one, other in ((small.train, large.train), (small.test, large.test)):
        for a, b in ((one.x, other.x), (one.y, other.y)):
            np.testing.assert_array_equal(a, b[:])
            assert b.dtype == np.int32


def test_the_numbers_are_written_once_and_again_when_the_file_changes(file, monkeypatch):
    made = []
    from zoo.train.data.formats import tokens as token_file

    write = token_file._write
    monkeypatch.setattr(token_file, "_write", lambda *args: made.append(args) or write(*args))
    first, _ = characters_on_disk(file, "")
    characters_on_disk(file, "")
    assert len(made) == 1
    file.write_bytes(TEXT.encode() + b"Z")
    second, numbers = characters_on_disk(file, "")
    assert len(made) == 2
    assert set(second.tokens) - set(first.tokens) == {"Z"}
    assert second.decode(numbers[-3:].tolist()).endswith("Z")


@pytest.mark.parametrize(
    ("options", "option"), [({"level": "words"}, "--d.level words"), ({"window": 0}, "--d.window 0")]
)
def test_options_that_need_the_whole_text_raise(file, options, option):
    with pytest.raises(BadInput, match=f"{option} needs all of it in memory"):
        load_data("text", Place(in_memory=0), {"file": str(file), **options})
