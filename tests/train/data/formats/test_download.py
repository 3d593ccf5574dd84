"""Downloads: failures of servers, and no wrong byte is kept."""

import gzip
import hashlib
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from zoo.train import files as room
from zoo.train.data.dataset import Place
from zoo.train.data.formats import download
from zoo.train.data.formats.download import data_folder, fetch
from zoo.train.errors import DataUnavailable

BODY = np.random.default_rng(0).bytes(300_000)
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def get(server, tmp_path):
    """Returns a function that downloads from the server; progress lines are in `get.lines`."""
    server.body = BODY

    def call(*hows, sha=SHA, **options):
        place = Place(tmp_path / "data", print_fn=call.lines.append)
        return fetch("toy", [server.url(how) for how in hows], sha, place, member="file", **options)

    call.lines, call.folder = [], tmp_path / "data"
    return call


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_is_downloaded_once_into_the_data_folder(get, server):
    path = get("good")
    assert path == get.folder / "toy" / "file"
    assert path.read_bytes() == BODY
    assert files(get.folder) == ["file"]
    assert get("good") == path
    assert server.requests == [("good", None)]
    assert get.lines == [f"downloading {server.url('good')} (within 1:00:00, else the next mirror)"]


@pytest.mark.fault(row=8)
@pytest.mark.fault(row=18)
@pytest.mark.parametrize(
    ("how", "message", "tries"),
    [
        ("wrong", f"wrong content, 300,000 bytes of SHA-256 .* expected {SHA[:12]}", 1),
        ("missing", "404", 1),
        ("broken", "500", 3),
        ("short", "connection closed after 150,000 of 300,000 bytes", 3),
        ("stalls", "timed out", 3),
        ("unsafe", "http://example.com/file is not allowed: only https", 1),
    ],
)
def test_a_failing_server_is_reported_with_its_error_and_nothing_is_written(get, server, how, message, tries):
    with pytest.raises(DataUnavailable, match=message) as caught:
        get(how)
    assert len(server.requests) == tries
    assert server.url(how) in str(caught.value)
    assert "--data-dir" in str(caught.value)
    assert not get.folder.exists()


@pytest.mark.fault(row=8)
@pytest.mark.parametrize("how", ["wrong", "missing", "broken", "short", "stalls"])
def test_the_next_mirror_is_tried(get, server, how):
    assert get(how, "good").read_bytes() == BODY
    assert server.requests[-1] == ("good", None)
    assert files(get.folder) == ["file"]


@pytest.mark.fault(row=18)
def test_a_broken_connection_is_resumed(get, server):
    assert get("resumes").read_bytes() == BODY
    assert [part for _, part in server.requests] == [None, "bytes=100001-", "bytes=200002-"]


@pytest.mark.fault(row=18)
def test_a_server_without_ranges_restarts(get, server):
    assert get("forgets").read_bytes() == BODY
    assert [part for _, part in server.requests] == [None, "bytes=150000-"]


def test_a_busy_server_is_tried_again(get):
    assert get("busy").read_bytes() == BODY
    assert any("next attempt" in line for line in get.lines)


def test_a_redirection_is_followed(get):
    assert get("elsewhere").read_bytes() == BODY


@pytest.mark.fault(row=8)
def test_an_endless_response_is_cut_off(get):
    with pytest.raises(DataUnavailable, match="larger than the limit of 1,000,000 bytes"):
        get("endless", limit=1_000_000)


def test_the_digest_of_the_uncompressed_file_accepts_any_compression(get, server):
    server.body = gzip.compress(BODY, 1)
    assert gzip.decompress(get("good").read_bytes()) == BODY


@pytest.mark.fault(row=9)
def test_a_decompression_bomb_is_rejected(get, server):
    bomb = bytes(20_000_000)
    server.body = gzip.compress(bomb, 9)
    with pytest.raises(DataUnavailable, match="wrong content"):
        get("good", sha=hashlib.sha256(bomb).hexdigest(), limit=1_000_000)


def test_only_https_is_used(tmp_path, no_network):
    with pytest.raises(DataUnavailable, match=r"http://example\.com/file is not allowed: only https"):
        fetch("toy", ["http://example.com/file"], SHA, Place(tmp_path), member="file")
    with pytest.raises(DataUnavailable, match=r"file:///etc/hostname is not allowed"):
        fetch("toy", ["file:///etc/hostname"], SHA, Place(tmp_path), member="file")
    assert not no_network


@pytest.mark.fault(row=17)
def test_offline_opens_no_socket_and_lists_the_missing_files(tmp_path, no_network):
    with pytest.raises(DataUnavailable) as caught:
        fetch("toy", ["https://example.com/toy/a"], SHA, Place(tmp_path, offline=True), member="a", siblings=["b"])
    text = str(caught.value)
    assert "a of toy is not on this machine" in text
    assert f"Put a, b into {tmp_path / 'toy'}" in text
    assert "--data-dir" in text
    assert "https://example.com/toy/" in text
    assert caught.value.exit_code == 4
    assert not no_network


@pytest.mark.fault(row=17)
def test_without_a_network_the_advice_is_the_same(tmp_path, no_network, monkeypatch):
    monkeypatch.setattr(download, "_WAITS", (0.0, 0.0))
    with pytest.raises(DataUnavailable, match=r"(?s)unreachable.*Put a into"):
        fetch("toy", ["https://example.com/toy/a"], SHA, Place(tmp_path), member="a")
    assert no_network


def test_an_unknown_host_is_tried_once(tmp_path, monkeypatch):
    calls = []

    def unknown(*args, **kwargs):
        calls.append(args)
        raise socket.gaierror("name unknown")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DataUnavailable, match="name unknown"):
        fetch("toy", ["https://a.invalid/x", "https://b.invalid/x"], SHA, Place(tmp_path), member="x")
    assert len(calls) == 2


def test_a_file_of_the_user_is_found_under_any_of_its_names(tmp_path, no_network):
    place = Place(tmp_path, offline=True)
    (tmp_path / "other.name").write_bytes(b"flat")
    assert fetch("toy", [], SHA, place, member="file", aliases=["other.name"]) == tmp_path / "other.name"
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "file").write_bytes(b"below")
    assert fetch("toy", [], SHA, place, member="file", aliases=["other.name"]) == tmp_path / "toy" / "file"


@pytest.mark.fault(row=18)
def test_an_exception_of_say_ends_the_download(server, tmp_path):
    def stop(text):
        raise KeyboardInterrupt

    server.body = BODY
    with pytest.raises(KeyboardInterrupt):
        fetch("toy", [server.url("good")], SHA, Place(tmp_path / "data", print_fn=stop), member="file")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_no_file(get, monkeypatch, call):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(DataUnavailable, match=r"cannot write .*No space left.*--data-dir"):
        get("good")
    assert files(get.folder) == []


def test_a_data_folder_that_is_a_file_is_reported(get):
    get.folder.write_text("a file")
    with pytest.raises(DataUnavailable, match="cannot write"):
        get("good")


def test_the_folder_is_the_named_one_else_zoo_data_else_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(room.sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("ZOO_DATA", raising=False)
    assert data_folder(Place()) == tmp_path / ".cache" / "zoo"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert data_folder(Place()) == tmp_path / "xdg" / "zoo"
    monkeypatch.setenv("ZOO_DATA", "~/env")
    assert data_folder(Place()) == tmp_path / "env"
    assert data_folder(Place(Path("named"))) == Path("named")


def test_macos_and_windows_have_their_own_cache_folders(monkeypatch, tmp_path):
    for name in ("ZOO_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(room.sys, "platform", "darwin")
    assert data_folder(Place()) == tmp_path / "Library" / "Caches" / "zoo"
    monkeypatch.setattr(room.sys, "platform", "win32")
    assert data_folder(Place()) == tmp_path / "local" / "zoo"


@pytest.mark.fault(row=23)
def test_without_a_home_folder_a_named_folder_works_and_none_raises(monkeypatch, tmp_path):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    for name in ("ZOO_DATA", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(room.sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    assert data_folder(Place(tmp_path)) == tmp_path
    with pytest.raises(DataUnavailable, match=r"home directory.*--data-dir or ZOO_DATA"):
        data_folder(Place())
