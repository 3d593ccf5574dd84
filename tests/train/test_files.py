"""Files: written as a whole or not at all, and errors that name file and reason."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from zoo.train.checkpoints.manifest import read_manifest
from zoo.train.config.file import read_config
from zoo.train.data.formats.csv import read_rows
from zoo.train.data.formats.idx import read_idx
from zoo.train.data.formats.image import read_picture
from zoo.train.data.sources.npy_folder import npy_name
from zoo.train.data.sources.text import read_text
from zoo.train.errors import BadInput, CheckpointUnusable
from zoo.train.files import (
    atomic,
    disk_full_error,
    file_digest,
    open_bytes,
    read_safetensors,
    replace_file,
    write_json,
    write_output,
)
from zoo.train.runs.folder import is_run


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


READERS = (read_config, read_picture, read_text, open_bytes, read_idx, lambda path: npy_name(str(path.parent)))
READERS += (read_rows,)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_pipes_and_devices_are_refused_by_every_reader_of_files_of_the_user(tmp_path, make):
    """Each of them waits for ever, or reads without end, if it opens the file."""
    for name in ("x.npy", "y.npy", "config.json", "manifest.json"):
        make(tmp_path / name)
    for reader in READERS:
        with pytest.raises(BadInput, match=r"is a (pipe|device), not a regular file"):
            reader(tmp_path / "x.npy")
    for reader in (read_safetensors, read_manifest):
        with pytest.raises(CheckpointUnusable, match=r"a (pipe|device)"):
            reader(tmp_path / "manifest.json")
    with pytest.raises(OSError, match=r"it is a (pipe|device)"):
        file_digest(tmp_path / "x.npy")
    assert not is_run(tmp_path)


def test_a_pipe_of_the_shell_is_read_up_to_a_limit(monkeypatch):
    ends = os.pipe()
    os.write(ends[1], b"some text")
    os.close(ends[1])
    with open_bytes(Path(f"/dev/fd/{ends[0]}")) as file:
        assert file.read() == b"some text"
    os.close(ends[0])
    monkeypatch.setattr("zoo.train.files._PIPE_LIMIT", 4)
    ends = os.pipe()
    os.write(ends[1], b"some text")
    with pytest.raises(BadInput, match="is a pipe of more than 0 MB: save it as a file first"):
        open_bytes(Path(f"/dev/fd/{ends[0]}"))
    for end in ends:
        os.close(end)


def test_a_device_is_written_and_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_output(tmp_path / "pipe", b"text")
    assert os.read(reader, 9) == b"text"
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
