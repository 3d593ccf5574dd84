"""A local server that fails on request, and a machine without a network."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Handler(BaseHTTPRequestHandler):
    """Answers `/how/file`: how says in which way it goes wrong, `server.body` is the file."""

    def do_GET(self):
        how = self.path.split("/")[1]
        self.server.requests.append((how, self.headers.get("Range")))
        getattr(self, how)(self.server.body)

    def good(self, body):
        self.reply(200, body)

    def wrong(self, body):
        self.reply(200, bytes(reversed(body)))

    def missing(self, body):
        self.reply(404, b"")

    def broken(self, body):
        self.reply(500, b"")

    def busy(self, body):
        self.reply(503 if len(self.server.requests) == 1 else 200, body)

    def short(self, body):
        self.reply(200, body[: len(body) // 2], length=len(body))

    def stalls(self, body):
        self.reply(200, body[:10], length=len(body))
        time.sleep(1)

    def resumes(self, body):
        """Closes after each quarter, and continues at the requested range."""
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        end = min(len(body), start + len(body) // 3 + 1)
        where = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if start else {}
        self.reply(206 if start else 200, body[start:end], length=len(body) - start, **where)

    def forgets(self, body):
        """Closes early once, and then sends everything anew."""
        self.short(body) if len(self.server.requests) == 1 else self.good(body)

    def elsewhere(self, body):
        self.reply(302, b"", Location="/good/file")

    def unsafe(self, body):
        self.reply(302, b"", Location="http://example.com/file")

    def endless(self, body):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
        except OSError:
            pass

    def reply(self, status, body, length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """Returns a server with `url(how)`, `body` (its response) and `requests` (path and range of each)."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("zoo.train.data.formats.download._WAITS", (0.01, 0.01))
    monkeypatch.setattr("zoo.train.data.formats.http._SILENCE", 0.2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = False
        http.body, http.requests = b"", []
        http.url = lambda how: f"http://127.0.0.1:{http.server_port}/{how}/file"
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield http
        http.shutdown()


@pytest.fixture
def no_network(monkeypatch):
    """Opening a socket is an error; the list says whether it was tried."""
    tried = []

    def refuse(*args, **kwargs):
        tried.append(args)
        raise OSError("the network is unreachable")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried
