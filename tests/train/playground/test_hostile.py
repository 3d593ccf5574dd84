"""A live server survives two thousand hostile messages: no crash, no traceback to the page, and the session goes on."""

import json
import os
import random
import re
import signal
import subprocess
import sys

import pytest

from tests.train.playground.hostile import hostile
from tests.train.playground.pages import unpacked

client = pytest.importorskip("websockets.sync.client", reason="the extra playground is not installed")
pytestmark = pytest.mark.expensive
COUNT, BURST = 2000, 40
END = {"do": "blame", "split": "the end", "index": 0}


@pytest.fixture
def server(tmp_path):
    """A process of the command line: its address, and the file of its errors."""
    words = [sys.executable, "-m", "zoo", "playground", "--no-browser", "--port", "0"]
    with open(tmp_path / "errors", "w") as errors:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ)
        address = re.search(r"http\S+", process.stdout.readline())[0]
        yield process, address, tmp_path / "errors"
        process.send_signal(signal.SIGINT)
        process.wait(60)
        process.stdout.close()


def answers(line):
    """Reads what the server sends until it has taken all messages, which a last one shows; returns the errors."""
    told = []
    line.send(json.dumps(END))
    while True:
        header, _ = unpacked(line.recv(timeout=240))
        if header["type"] != "error":
            continue
        if "among those of 'the end'" in header["text"] or "there is no run yet" in header["text"]:
            return told
        if "too many messages wait" in header["text"]:
            line.send(json.dumps(END))
            continue
        told.append(header["text"])


def test_two_thousand_hostile_messages_over_a_live_connection(server):
    process, address, errors = server
    own, host = address.replace("http://", "ws://").replace("/?", "/talk?"), address.split("/?")[0]
    rng, told = random.Random(0), []
    small = {"model": "mlp", "dataset": "gauss", "set": {"m.hidden": [2], "d.examples": 40, "sched": "constant"}}
    start = json.dumps({"do": "state", "state": small})
    with client.connect(own, origin=host, max_size=None) as line:
        for _ in range(COUNT // BURST):
            line.send(start)
            for _ in range(BURST):
                line.send(hostile(rng))
            told += answers(line)
        assert len(told) > COUNT // 2
        assert [text for text in told if "Traceback" in text or "the playground failed" in text] == []
        assert max(map(len, told)) < 1100
        line.send(start)
        line.send('{"do": "restart"}')
        line.send('{"do": "step"}')
        while True:
            header, _ = unpacked(line.recv(timeout=240))
            if header["type"] == "frame" and header["step"] == 1:
                break
    assert process.poll() is None
    assert "Traceback" not in errors.read_text()
