"""A page without a browser: speaks to a session as the page does."""

import json
import queue

import numpy as np

from zoo.train.playground.protocol import read
from zoo.train.playground.session import Session


def unpacked(message):
    """Header and arrays of a message, taken apart as docs and page describe it."""
    size = int.from_bytes(message[:4], "little")
    header, body = json.loads(message[4 : 4 + size]), message[4 + size :]
    arrays = {}
    for name, kind, shape, offset in header.pop("arrays"):
        count = int(np.prod(shape, dtype=int))
        arrays[name] = np.frombuffer(body, np.dtype(kind).newbyteorder("<"), count, offset).reshape(shape)
    return header, arrays


class Page:
    def __init__(self, **more):
        self.mail = queue.Queue()
        self.session = Session(lambda message, is_frame: self.mail.put(message), **more)

    def ask(self, **message):
        self.session.ask(read(json.dumps(message)))

    def show(self, model="mlp", dataset="spiral", own=None, **given):
        """Shows a state, with data of the user; returns the message that it is built, and its first frame."""
        self.ask(
            do="state",
            state={"model": model, "dataset": dataset, "set": given} | ({dataset: own} if own else {}),
        )
        return self.next("built")[0], self.next("frame")

    def next(self, kind):
        """The next message of a kind; an error that is not asked for fails."""
        while True:
            header, arrays = unpacked(self.mail.get(timeout=600))
            if header["type"] == kind:
                return header, arrays
            assert header["type"] != "error", header["text"]

    def close(self):
        self.session.close()
        self.session.join(60)
