"""Makes the pretrained models of the package: `python -m benchmarks.pretrained`.

Each is a run of the command line on data that every machine has. Its file in zoo/pretrained/ contains the command, the
versions and the result. `--check` scores the existing models instead; `--first` measures the time to a first prediction
and writes it into docs/runs.md.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from zoo.train.evaluation.saved_model import evaluate
from zoo.train.files import replace_file
from zoo.train.runs.environment import versions
from zoo.train.trained.file import PRETRAINED, header, serialize
from zoo.train.trained.model import Trained, load

from .page import machine
from .runs_page import Figure, add_kept, show

LIMIT = 1_000_000  # bytes: the wheel must stay small
FIRST = 3.0  # seconds that a first prediction may take
_FIRSTS = 5


class Claim(NamedTuple):
    """Pretrained model with its command and limits."""

    flags: str  # of python -m zoo.train
    metric: str = "accuracy"
    at_least: float = float("-inf")
    at_most: float = float("inf")
    half: bool = False  # stored in half precision, so that twice the parameters fit


CLAIMS = {
    "cnn-digits": Claim("--model cnn", at_least=0.985),
    "esn-mackey-glass": Claim("--model esn", "free_nrmse", at_most=0.001),
    "gru-digits": Claim("--model gru", at_least=0.97),
    "gru-sine": Claim("--model gru --dataset sine --m.width 32", "rmse", at_most=0.13),
    "kohonen-digits": Claim("--model kohonen --dataset digits", at_least=0.9),
    "linear-diabetes": Claim("--model linear", "r2", at_least=0.44),
    "lstm-text": Claim(
        "--model lstm --dataset text --m.width 232 --m.dropout 0.3 --epochs 14", "bpc", at_most=2.322, half=True
    ),  # better than markov, the best n-gram up to 5
    "mlp-digits": Claim("--model mlp", at_least=0.975),
    "mlp-iris": Claim("--model mlp --dataset iris", at_least=0.93),
    "svm-digits": Claim("--model svm", at_least=0.985),
    "transformer-text": Claim("--model transformer --dataset text --m.width 96", "bpc", at_most=2.322, half=True),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Makes or checks the models and prints their scores."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretrained", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CLAIMS), help="only these models")
    parser.add_argument("--check", action="store_true", help="score the existing models, without training")
    parser.add_argument(
        "--first", action="store_true", help="measure the time to the first prediction in a new process"
    )
    add_kept(parser)
    args = parser.parse_args(argv)
    names = [name for name in CLAIMS if args.only is None or name in args.only]
    if args.first:
        return first(names, args.kept)
    make = told if args.check else made
    good = [make(name, CLAIMS[name]) for name in names]
    return 0 if all(good) else 1


def made(name: str, claim: Claim) -> bool:
    """Trains a model and stores it if it meets its limits."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "zoo.train", *claim.flags.split(), "--out", f"{folder}/run", "--quiet"]
        subprocess.run(command, check=True)
        print(f"{name:16} trained in {time.perf_counter() - began:.0f} s")
        return kept(name, claim, load(f"{folder}/run"))


def kept(name: str, claim: Claim, model: Trained) -> bool:
    """Writes a model into the package if its score and size meet the limits."""
    origin = {
        "command": f"python -m zoo.train {claim.flags}",
        "versions": versions(),
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d"),
    }
    tree = {"params": model.params, "state": model.state, "scaler": model.scaler, "target_scaler": model.target_scaler}
    about = {**model.about, "pretrained": name, "origin": origin}
    if claim.half:
        tree["params"] = jax.tree.map(lambda leaf: np.asarray(leaf, np.float16), tree["params"])
        about["metrics"] = about["metrics"] | evaluate(_again(serialize(tree, about))).metrics
    content = serialize(tree, about)
    value = about["metrics"][claim.metric]
    good = claim.at_least <= value <= claim.at_most and len(content) < LIMIT
    print(f"{name:16} {claim.metric} {value:.4f}, {len(content):,} bytes{'' if good else ': REFUSED'}")
    if good:
        PRETRAINED.mkdir(exist_ok=True)
        replace_file(PRETRAINED / f"{name}.safetensors", content)
    return good


def _again(content: bytes) -> Trained:
    """Loads the model from the content of a file."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        file.write(content)
        file.flush()
        return load(file.name)


def told(name: str, claim: Claim) -> bool:
    """Scores an existing model on its test examples and compares with the score in its file."""
    said = header(PRETRAINED / f"{name}.safetensors")["metrics"][claim.metric]
    found = evaluate(load(name)).metrics[claim.metric]
    print(f"{name:16} {claim.metric} {found:.6f}, its file says {said:.6f}")
    return abs(found - said) <= 1e-3 * max(1, abs(said))


def first(names: Sequence[str], keep: Path) -> int:
    """Measures the time to a first prediction, including the start of Python; returns 1 if it is too long."""
    code = (
        "import sys, numpy as np, zoo; model = zoo.load(sys.argv[1]); "
        "model.predict(np.zeros(model.input_shape, model.about['input_dtype']))"
    )
    figures, good = {}, True
    for name in names:
        seconds = []
        for _ in range(_FIRSTS):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code, name], check=True)
            seconds.append(time.perf_counter() - began)
        taken = statistics.median(seconds)
        text = f"{taken:.2f} s, including the start of Python ({min(seconds):.2f} to {max(seconds):.2f})"
        what = f'`zoo.load("{name}")` until the first prediction in a new process; limit {FIRST:g} s'
        figures[f"4 {name}"] = Figure(what, str(_FIRSTS), text, "python -m benchmarks.pretrained --first")
        good &= taken < FIRST
    show(figures, keep)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
