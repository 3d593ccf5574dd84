"""Measures `zoo.fit("mlp", X, y)` on digits in new processes, from the import to the score: the first fills the cache.

python -m benchmarks.in_memory [--rounds 5]
"""

import argparse
import json
import subprocess
import sys
from statistics import median

_CODE = """
import json, time
began = time.perf_counter()
from zoo.train.data.dataset import load_data
data = load_data("digits")
X, y = data.train.x, data.train.y
loaded = time.perf_counter()
import zoo
model = zoo.fit("mlp", X, y, test=(data.test.x, data.test.y), quiet=True)
fitted = time.perf_counter()
accuracy = model.score(data.test.x, data.test.y)
ended = time.perf_counter()
print(json.dumps({"data": loaded - began, "fit": fitted - loaded, "score": ended - fitted, "accuracy": accuracy,
                  "cpu": time.process_time()}))
"""


def main() -> None:
    """Prints the seconds of each part of every round, and the median of the sums without the first round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    totals = []
    for number in range(parser.parse_args().rounds + 1):
        done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        total = found["data"] + found["fit"] + found["score"]
        parts = ", ".join(f"{name} {found[name]:.2f} s" for name in ("data", "fit", "score"))
        name = "warm" if number else "cold"
        print(f"{name} {total:.2f} s ({parts}; {found['cpu']:.2f} s of processors), accuracy {found['accuracy']:.4f}")
        totals += [total] if number else []
    print(f"median of {len(totals)} warm rounds: {median(totals):.2f} s")


if __name__ == "__main__":
    main()
