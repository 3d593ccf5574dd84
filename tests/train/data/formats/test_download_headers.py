"""Downloads: a server whose headers cannot be parsed, or that never ends, is a failed mirror; the next one is tried."""

import contextlib
import hashlib
import socket
import threading
import time

import pytest

from zoo.train.data.dataset import Place
from zoo.train.data.formats import download, http
from zoo.train.data.formats.download import fetch
from zoo.train.errors import DataUnavailable

BODY = b"content"
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def serve():
    """Returns a function that starts a server of one fixed response and returns its address."""
    sockets = []

    def answer(listener, response):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            with client:
                client.recv(65536)
                client.sendall(response)

    def start(head):
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)
        response = b"HTTP/1.1 " + head + b"\r\nConnection: close\r\n\r\n" + BODY
        threading.Thread(target=answer, args=(listener, response), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/file"

    yield start
    for each in sockets:
        each.close()


MALFORMED = {
    "bracket": (b"302 Found\r\nLocation: http://[::1/x", "invalid address"),
    "label": (b"302 Found\r\nLocation: https://" + b"a" * 70 + b".com/x", "invalid address"),
    "digits": (b"200 OK\r\nContent-Length: " + b"9" * 5000, "Content-Length is no number of bytes: '9999"),
    "superscript": (b"200 OK\r\nContent-Length: \xb2", r"Content-Length is no number of bytes: '\\xb2'"),
}


@pytest.mark.parametrize(("head", "message"), MALFORMED.values(), ids=MALFORMED)
def test_the_next_mirror_is_tried_after_headers_that_cannot_be_parsed(serve, tmp_path, head, message):
    urls, good = [serve(head)], serve(b"200 OK\r\nContent-Length: 7")
    with pytest.raises(DataUnavailable, match=message):
        fetch("toy", urls, SHA, Place(tmp_path), member="file")
    assert fetch("toy", [*urls, good], SHA, Place(tmp_path), member="file").read_bytes() == BODY


@pytest.fixture
def drip(monkeypatch):
    """Returns a function that starts a server of a head and then parts, one every 20 ms, for ever or until they end."""
    for name, value in (("_HEADERS", 0.2), ("_AFTER", 0.2), ("_SILENCE", 2.0), ("_MOST_HEADERS", 200_000)):
        monkeypatch.setattr(http, name, value)
    monkeypatch.setattr(download, "_WAITS", (0.0, 0.0))
    listeners, over = [], threading.Event()

    def answer(listener, head, part, pause):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            with client, contextlib.suppress(OSError):
                client.recv(65536)
                client.sendall(head)
                while not over.wait(pause):
                    client.sendall(part)

    def start(head, part, pause=0.02):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=answer, args=(listener, head, part, pause), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/file"

    yield start
    over.set()
    for each in listeners:
        each.close()


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "headers at a few bytes a second": (OK + b"X-Long: ", b"a", 0.02, "headers not complete after 0.2 seconds"),
    "endless 100 Continue, slowly": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02, "headers not complete|.*100"),
    "endless 100 Continue, fast": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99, 0, "headers of more than|.*100"),
    "body at a few bytes a second": (OK + b"Content-Length: 1000\r\n\r\n", b"a", 0.02, "slower than 1024 bytes"),
    "sizes of chunks at a few bytes a second": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1", 0.02, "slower than 1024 bytes"
    ),
    "endless body of a redirection": (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", b"a" * 9999, 0, "headers of more than"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("head", "part", "pause", "message"), SLOW.values(), ids=SLOW)
def test_a_server_without_end_is_a_failed_mirror_after_a_deadline(
    drip, serve, tmp_path, monkeypatch, head, part, pause, message
):
    monkeypatch.setattr(download, "_DEADLINE", 30.0)
    lines, began = [], time.monotonic()
    urls = [drip(head, part, pause), serve(b"200 OK\r\nContent-Length: 6")]
    with pytest.raises(DataUnavailable, match=f"(?s){urls[0]}: ({message}).*{urls[1]}: wrong content, 6 bytes"):
        fetch("toy", urls, SHA, Place(tmp_path, print_fn=lines.append), member="file")
    assert time.monotonic() - began < 5
    assert lines[0] == f"downloading {urls[0]} (within 0:30, else the next mirror)"


def test_a_body_that_is_not_there_at_the_deadline_is_a_failed_mirror(drip, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_DEADLINE", 0.2)
    url = drip(OK + b"\r\n", b"a" * 2000)  # fast enough, but without end
    with pytest.raises(DataUnavailable, match="not complete after 0 seconds, the deadline"):
        fetch("toy", [url], SHA, Place(tmp_path), member="file")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"302 Found\r\nLocation: /file", "infinite loop"),
        (b"200 OK\r\nContent-Length: 6", "wrong content, 6 bytes"),
        (b"200 OK\r\nContent-Length: 8", "connection closed after 7 of 8 bytes"),
    ],
)
def test_redirections_in_a_circle_and_other_sizes_than_announced_are_failed_mirrors(
    serve, tmp_path, monkeypatch, head, message
):
    monkeypatch.setattr(download, "_WAITS", (0.0, 0.0))
    urls, good = [serve(head)], serve(b"200 OK\r\nContent-Length: 7")
    with pytest.raises(DataUnavailable, match=message):
        fetch("toy", urls, SHA, Place(tmp_path), member="file")
    assert fetch("toy", [*urls, good], SHA, Place(tmp_path), member="file").read_bytes() == BODY
