"""The server lets nobody in but its own page, and survives whatever that page sends."""

import json
import random
import warnings

import pytest

pytest.importorskip("starlette", reason="the extra playground is not installed")
pytest.importorskip("httpx", reason="starlette's test client needs httpx")

from starlette.websockets import WebSocketDisconnect

from tests.train.playground.pages import unpacked
from zoo.train.playground.protocol import pack
from zoo.train.playground.server import application

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # newer ones ask for httpx2
    from starlette.testclient import TestClient

TOKEN = "a-secret"
HOSTS = ("127.0.0.1", "localhost")
OWN = {"host": "127.0.0.1:8700", "origin": "http://127.0.0.1:8700"}
ADDRESS = "http://127.0.0.1:8700"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")


class Echo:
    """A session that answers every message with its name."""

    playing, all = False, []

    def __init__(self, send):
        self.send, self.closed = send, False
        Echo.all.append(self)

    def ask(self, message):
        self.send(pack({"type": "echo", "do": message["do"]}), False)

    def close(self):
        self.closed = True


@pytest.fixture
def client():
    Echo.all = []
    return TestClient(application(TOKEN, Echo, hosts=HOSTS), base_url=ADDRESS)


def talk(client, token=TOKEN, **headers):
    return client.websocket_connect(f"ws://127.0.0.1:8700/talk?token={token}", headers={**OWN, **headers})


def test_the_page_needs_the_token_and_is_fenced_in(client):
    assert client.get("/").status_code == 403
    assert client.get("/?token=other").status_code == 403
    found = client.get(f"/?token={TOKEN}")
    assert found.status_code == 200
    assert "<script" in found.text
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert client.get("/app.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "name", ["../server.py", "%2e%2e/server.py", "server.py", "nothing.js", ".hidden.js", "a/b.js"]
)
def test_only_files_of_the_page_are_served(client, name):
    assert client.get(f"/{name}").status_code == 404


def test_every_file_that_the_page_loads_is_served(client):
    page = client.get(f"/?token={TOKEN}").text
    assert 'src="app.js"' in page
    for name in (
        "app",
        "blame",
        "colours",
        "curve",
        "data",
        "expression",
        "home",
        "knobs",
        "network",
        "plane",
        "socket",
    ):
        text = client.get(f"/{name}.js")
        assert text.status_code == 200
        assert "http://" not in text.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text.text
    assert client.get("/style.css").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "other"},
        {"token": ""},
        {"origin": "http://evil.example"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:9999"},
        {"host": "evil.example", "origin": "http://evil.example"},
        {"origin": "file://127.0.0.1:8700"},
    ],
)
def test_no_other_page_may_talk(client, wrong):
    with pytest.raises(WebSocketDisconnect) as refused, talk(client, **wrong):
        pass
    assert refused.value.code == 4403
    assert Echo.all == []


def test_a_host_of_another_name_gets_no_page(client):
    assert client.get(f"/?token={TOKEN}", headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("host", ["8700-abc123.europe-west4-0.prod.colab.dev", "x-colab.googleusercontent.com"])
def test_the_port_proxy_of_colab_may_pass_there_and_nowhere_else(client, monkeypatch, host):
    proxied = {"host": host, "origin": f"https://{host}"}
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    assert client.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 421
    with pytest.raises(WebSocketDisconnect), talk(client, **proxied):
        pass
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab-external")
    assert client.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 200
    assert client.get("/app.js", headers={"host": host}).status_code == 200
    with talk(client, **proxied) as line:
        line.send_text('{"do": "play"}')
        assert unpacked(line.receive_bytes())[0] == {"type": "echo", "do": "play"}
    for wrong in ({"origin": "https://evil.example"}, {"host": f"{host}.evil.example"}, {"token": "other"}):
        with pytest.raises(WebSocketDisconnect) as refused, talk(client, **{**proxied, **wrong}):
            pass
        assert refused.value.code == 4403


def test_junk_gets_errors_and_the_session_goes_on(client):
    rng = random.Random(1)
    with talk(client) as line:
        for i in range(300):
            junk = "".join(chr(rng.randrange(1, 0x2FF)) for _ in range(rng.randrange(60)))
            line.send_text(rng.choice((junk, json.dumps(junk), json.dumps({"do": junk}), '{"do":' * 2000)))
            header, _ = unpacked(line.receive_bytes())
            assert header["type"] == "error", i
            assert "Traceback" not in header["text"]
        line.send_bytes(b"\xff\x00")
        assert unpacked(line.receive_bytes())[0]["text"] == "messages to the playground are texts"
        line.send_text('{"do": "play"}')
        assert unpacked(line.receive_bytes())[0] == {"type": "echo", "do": "play"}
    assert [session.closed for session in Echo.all] == [True]


def test_an_idle_session_ends_with_a_reason():
    client = TestClient(application(TOKEN, Echo, hosts=HOSTS, idle=0.05), base_url=ADDRESS)
    with talk(client) as line, pytest.raises(WebSocketDisconnect) as closed:
        line.receive_bytes()
    assert closed.value.code == 4408
    assert "idle" in closed.value.reason


def test_the_twenty_first_page_is_told_to_close_another(client):
    lines = [talk(client) for _ in range(20)]
    for line in lines:
        line.__enter__()
    try:
        with talk(client) as line, pytest.raises(WebSocketDisconnect) as closed:
            line.receive_bytes()
        assert closed.value.code == 4429
    finally:
        for line in lines:
            line.__exit__(None, None, None)
    assert all(session.closed for session in Echo.all)
