"""Downloads: a server whose headers cannot be parsed is a failed mirror, and the next one is tried."""

import hashlib
import socket
import threading

import pytest

from zoo.train.data.dataset import Place
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
