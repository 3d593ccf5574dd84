"""Files: written as a whole or not at all, and errors that name file and reason."""

import json
import os

import numpy as np
import pytest

from zoo.train.errors import BadInput
from zoo.train.files import atomic, disk_full_error, file_digest, replace_file, write_json, write_output


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_block_that_raises_leaves_the_old_content_and_no_other_file(tmp_path, before):
    path = tmp_path / "a.bin"
    if before is not None:
        path.write_bytes(before)

    def interrupted():
        with atomic(path) as file:
            file.write(b"half of")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == ({"a.bin": before} if before else {})


def test_the_old_content_is_there_until_the_block_ends(tmp_path):
    path = tmp_path / "a.bin"
    replace_file(path, b"old")
    with atomic(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_error_of_the_system_is_not_hidden_by_the_cleanup(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"), atomic(tmp_path / "file" / "a.bin"):
        pass


def test_json_holds_arrays_as_lists_and_other_values_as_text(tmp_path):
    write_json(tmp_path / "a.json", {"x": np.arange(3), "y": np.float32(0.5), "z": tmp_path, "on": True})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": [0, 1, 2], "y": 0.5, "z": str(tmp_path), "on": True}


def test_the_digest_is_size_and_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == {
        "size": 3,
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }


def test_an_output_that_cannot_be_written_raises_with_its_flag(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"--out .* is a folder: give the path of a file in it"):
        write_output(tmp_path, b"")
    with pytest.raises(BadInput, match=r"--to .*/file/a cannot be written: Not a directory"):
        write_output(tmp_path / "file" / "a", b"", flag="--to")


def test_a_full_disk_is_reported_with_the_bytes_needed_and_free(tmp_path):
    error = OSError(28, "No space left on device", str(tmp_path / "a"))
    assert str(disk_full_error(error, tmp_path)).startswith(f"{tmp_path / 'a'} cannot be written: No space left on")
    message = str(disk_full_error(OSError("disk is gone"), tmp_path, needed=1234))
    assert message.startswith(f"{tmp_path} cannot be written: disk is gone; 1,234 bytes needed, ")
    assert message.endswith(" free")
