"""Processes that train together on 127.0.0.1, each a python of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import zoo

HOUSE = str(Path(zoo.__file__).parent.parent)

# A process that may send itself a signal when a row comes, so that it is the same step every time.
LIFE = """
import os, sys
from importlib import import_module
from zoo.train.callback import Callback
from zoo.train.__main__ import main
from zoo.train.cli.exit import end_process
number, step, *words = sys.argv[1:]
class Dies(Callback):
    def on_metrics(self, row, fit):
        if row["split"] == "test" and row["step"] == int(step):
            os.kill(os.getpid(), int(number))
module = import_module("zoo.train.runs.run")
run = module.run
module.run = lambda recipe, options: run(recipe, options, [Dies()])
end_process(main(words))
"""


def start(*words, script=""):
    begin = ["-c", script] if script else ["-m", "zoo.train"]
    return subprocess.Popen(
        [sys.executable, *begin, *map(str, words)],
        env={**os.environ, "PYTHONPATH": HOUSE, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def both(*words, dies=(0, 10**9), script=LIFE):
    """Two processes to their end; the second may send itself a signal, as at a step. Codes, and what each said."""
    joined = ("--distributed", f"127.0.0.1:{free_port()}", "--processes", "2", "--process")
    lives = [start(*words, *joined, 0), start(*dies, *words, *joined, 1, script=script)]
    said = [life.communicate(timeout=400) for life in lives]
    return [life.returncode for life in lives], said


def rows(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
