"""Measures a large table: time and peak memory of the command, beside pandas' reader and scikit-learn's perceptron."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

__all__ = ["measure", "write_large"]

_NUMBERS, _TEXTS = 40, 9  # columns; one more is the target
_BLOCK = 20_000  # rows written at a time

_READ = """
from pathlib import Path
from zoo.train.data.dataset import load_data
print(load_data("table", options={"file": FILE, "target": "target"}).train.x.shape)
"""
_TRAIN = """
from zoo.__main__ import main
main(["train", "--model", "mlp", "--csv", FILE, "--target", "target", "--epochs", "1", "-b", "512", "--m.hidden", "64",
      "--no-pictures", "--ckpt-every", "off", "--quiet", "--out", FILE + ".run", "--overwrite"])
"""
_PANDAS = """
import pandas
print(pandas.read_csv(FILE).shape)
"""
_SCIKIT = """
import pandas
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
table = pandas.read_csv(FILE)
y = table.pop("target")
encode = make_column_transformer(
    (OneHotEncoder(sparse_output=False, dtype="float32"), make_column_selector(dtype_exclude="number")),
    (StandardScaler(), make_column_selector(dtype_include="number")),
)
net = MLPClassifier((64,), batch_size=512, max_iter=1)
print(make_pipeline(encode, net).fit(table, y).score(table[:1000], y[:1000]))
"""
_WORKS = {
    "zoo: read and encode": (_READ, ()),
    "zoo: read, encode, one epoch of mlp, scores": (_TRAIN, ()),
    "pandas: read_csv": (_PANDAS, ("pandas",)),
    "pandas and scikit-learn: read, encode, one epoch of MLPClassifier": (_SCIKIT, ("pandas", "sklearn")),
}


def write_large(path: Path, rows: int, seed: int = 0) -> None:
    """Writes a table of 50 columns: 40 of numbers, 9 of twelve categories, and a target of two classes."""
    draw = np.random.default_rng(seed)
    names = [*(f"x{i}" for i in range(_NUMBERS)), *(f"c{i}" for i in range(_TEXTS)), "target"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for start in range(0, rows, _BLOCK):
            count = min(_BLOCK, rows - start)
            x, c = draw.normal(size=(count, _NUMBERS)), draw.integers(0, 12, (count, _TEXTS))
            y = x[:, 0] + 0.3 * c[:, 0] + draw.normal(size=count) > 1.65
            for numbers, texts, said in zip(x.tolist(), c.tolist(), y.tolist(), strict=True):
                cells = [*(f"{value:.4f}" for value in numbers), *(f"k{value}" for value in texts), "ny"[said]]
                file.write(",".join(cells) + "\n")


def measure(path: Path) -> list[tuple[str, float, float, float]]:
    """Runs each work in a process of its own; returns names, seconds, seconds of all processors, peak memory in GB."""
    found = []
    for name, (code, needed) in _WORKS.items():
        lacking = [each for each in needed if importlib.util.find_spec(each) is None]
        if lacking:
            print(f"{name}: {lacking[0]} is not installed", flush=True)
            continue
        began = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-c", f"FILE = {str(path)!r}\n{code}"], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            raise RuntimeError(f"{name} failed")
        seconds = time.perf_counter() - began
        found.append((name, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6))
    return found
