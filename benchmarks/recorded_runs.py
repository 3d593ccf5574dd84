"""Records what short runs of the command line give, and compares two recordings bit by bit.

`python -m benchmarks.recorded_runs record DIR` executes the commands of `recorded_runs.json`, each group in a folder of
its own below DIR, and writes `DIR.json`. `python -m benchmarks.recorded_runs compare A B` prints every difference
between two recordings, by group and key, and ends with 1 if there is any. `--old DIR` takes the runs that are resumed
from an earlier recording's folder, so that checkpoints of earlier code are read by this code.

A recording holds: the exit code of each command; the answers of `predict`, `evaluate` (JSON), `sample` (text) and
`--print-config`; the paths of all files; the numbers of metrics.jsonl, result.json, sweep.jsonl and CSV files; the
recipe of config.json; what a checkpoint's manifest and a model file say of themselves; the SHA-256 of every array of
every model and checkpoint; and the SHA-256 of the outputs of each exported StableHLO program on a fixed input.

Left out, because it depends on the clock, the machine or the wording: times, versions, devices, messages and notes,
the options and the command in config.json, the names under which callbacks keep their state, the bytes of pictures and
of StableHLO files. No value of the recorded runs was found to change from one recording to the next on the same
machine. Recordings of other versions, machines or XLA flags need not agree; `compare` warns of that. Only the command
line is used: nothing here imports `zoo.train`.
"""

import argparse
import csv
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

__all__ = ["compare", "main", "recorded", "values"]

COMMANDS = Path(__file__).with_suffix(".json")
_ROOT = Path(__file__).resolve().parent.parent
_JOBS = 2
# Programs that run for a moment: to compile them takes the time, so the compiler optimises less, here and in every run.
_XLA = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1 --xla_backend_optimization_level=0"
_VARYING = {"seconds", "versions", "devices", "notes", "sha256", "format", "files", "tree", "time"}
_EVENTS = re.compile(r"(events\.out\.tfevents)\..*")  # TensorBoard's names end in a time and a host
_ELSEWHERE = ("recipe", "metrics", "listeners", "callbacks")
_ANSWERS = {"sample": lambda text: text, "--json": json.loads, "--print-config": tomllib.loads}


def main(argv: Sequence[str] | None = None) -> int:
    """Records or compares; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recorded_runs", description=(__doc__ or "").partition("\n")[0]
    )
    actions = parser.add_subparsers(dest="action", required=True)
    action = actions.add_parser("record", help="execute the commands and write DIR.json")
    action.add_argument("folder", type=Path, metavar="DIR", help="a new folder")
    action.add_argument("--old", type=Path, metavar="DIR", help="folder of an earlier recording, to resume its runs")
    both = actions.add_parser("compare", help="print the differences between two recordings")
    both.add_argument("one", type=Path, metavar="A")
    both.add_argument("other", type=Path, metavar="B")
    for each in (action, both):
        each.add_argument("--only", nargs="+", metavar="NAME", help="groups of commands (all)")
    args = parser.parse_args(argv)
    if args.action == "compare":
        return compare(_read(args.one), _read(args.other), args.only)
    return record(args.folder, args.only, args.old)


def record(folder: Path, only: Sequence[str] | None = None, old: Path | None = None) -> int:
    """Executes groups of commands and writes the recording beside the folder.

    Raises:
        SystemExit: if a group is unknown, or there is a recording of that name.
    """
    commands = json.loads(COMMANDS.read_text(encoding="utf-8"))
    names, place = list(only or commands), Path(f"{folder}.json")
    if unknown := sorted({*names} - {*commands}):
        raise SystemExit(f"unknown groups {', '.join(unknown)}; there are {', '.join(commands)}")
    if place.exists() or folder.exists():
        raise SystemExit(f"{folder} or {place} exists: name a new folder, a recording is never replaced")
    os.environ.update(JAX_PLATFORMS="cpu", XLA_FLAGS=_XLA)  # also for the exported programs that run in this process
    folder.mkdir(parents=True)
    write_data(folder / "data")
    # Processes that run at the same time must not share a cache: jax does not write its entries atomically.
    caches: SimpleQueue[Path] = SimpleQueue()
    for i in range(_JOBS):
        caches.put(folder.resolve() / f"compiled-{i}")

    def execute(name: str) -> list[dict[str, Any]]:
        cache = caches.get()
        try:
            return [execute_one(line, folder / name, cache, old and old / name) for line in commands[name]]
        finally:
            caches.put(cache)

    with ThreadPoolExecutor(_JOBS) as pool:
        done = dict(zip(names, pool.map(execute, names), strict=True))
    runs = {name: recorded(folder / name, done[name]) for name in names}
    place.write_text(json.dumps({"conditions": conditions(), "runs": runs}, indent=1) + "\n", encoding="utf-8")
    failures = [f"{name}: {each['command']}" for name in names for each in done[name] if each["unexpected"]]
    print("".join(f"failed: {each}\n" for each in failures), end="", file=sys.stderr)
    print(f"{place}: {len(runs)} runs, {sum(map(len, runs.values()))} values")
    return int(bool(failures))


def execute_one(line: str, folder: Path, cache: Path, old: Path | None) -> dict[str, Any]:
    """Executes a command in a folder: a subcommand of `python -m zoo`, or `copy RUN COPY`, which takes RUN from `old`.

    A line that begins with `!` is expected to fail.
    """
    folder.mkdir(exist_ok=True)
    words = shlex.split(line.removeprefix("!"))
    if words[0] == "copy":
        shutil.copytree((old or folder) / words[1], folder / words[2])
        return {"command": line, "exit": 0, "unexpected": False}
    module = ["zoo.train", *words[1:]] if words[0] == "train" else ["zoo", *words]
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.02",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    command = [sys.executable, "-m", *module]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    unexpected = (ended.returncode != 0) != line.startswith("!")
    if unexpected:
        print(f"{folder.name}: {line}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}", file=sys.stderr)
    found = {"command": line, "exit": ended.returncode, "unexpected": unexpected}
    read = next((_ANSWERS[word] for word in words if word in _ANSWERS), None)
    return found | ({"answer": read(ended.stdout)} if read and ended.returncode == 0 else {})


def write_data(folder: Path) -> None:
    """Writes the data files that the commands name: arrays, tables, a series, a text, pictures."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for name in ("npy", "npy_table"):
        (folder / name).mkdir(parents=True)
        y = rng.integers(0, 3, 60)
        x = rng.normal(size=(60, 8, 8, 1) if name == "npy" else (60, 5)) + y.reshape((-1, *[1] * (3, 1)[name != "npy"]))
        np.save(folder / name / "x.npy", x.astype(np.float32))
        np.save(folder / name / "y.npy", y)
    for name, shape in {"digits": (8, 8, 1), "diabetes": (10,), "iris": (4,), "cancer": (30,)}.items():
        np.save(folder / f"{name}.npy", rng.integers(0, 17, (5, *shape)).astype(np.float32))
    rows = [f"{i},{np.sin(i / 5) + rng.normal() / 10:.6f}" for i in range(400)]
    (folder / "series.csv").write_text("\n".join(["day,value", *rows]) + "\n", encoding="utf-8")
    words = ["the", "zoo", "has", "a", "lion", "and", "an", "owl", "that", "see", "at", "night", "when", "it", "rains"]
    text = "".join(" ".join(rng.choice(words, 8)) + ".\n" for _ in range(300))
    (folder / "text.txt").write_text(text, encoding="utf-8")
    (folder / "line.txt").write_text(text[:200], encoding="utf-8")
    for i in range(24):
        place = folder / "pictures" / ("dark", "light")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 128, (8, 8, 3)) + 127 * (i % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{i}.png")


def recorded(folder: Path, done: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the values of a group of commands, by key: what they answered, and what lies in their folder."""
    answers = {
        f"{i} {each['command']}": {k: each[k] for k in ("exit", "answer") if k in each} for i, each in enumerate(done)
    }
    found = dict(values(answers))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = _EVENTS.sub(r"\1", path.relative_to(folder).as_posix())
        found[name] = "exists"
        read = _READERS.get(path.name) or _READERS.get(path.suffix)
        try:
            found |= values(read(path), name) if read else {}
        except Exception as error:  # a file of another form is a difference to be found, not the end of a recording
            found[name] = f"unreadable: {error!r}"
    return found


def values(tree: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yields the leaves of nested tables and lists by path, numbers as `repr`; without what varies.

    The texts that earlier versions wrote for booleans and for none are read as those.

    >>> dict(values({"a": [1.0, "True"], "b": None, "seconds": 3}))
    {'a/0': '1.0', 'a/1': 'true', 'b': 'none'}
    """
    if isinstance(tree, Mapping | list):
        items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
        for key, each in items:
            if key not in _VARYING:
                yield from values(each, f"{path}/{key}" if path else str(key))
        if not tree:
            yield path, "empty"
    elif tree is None or isinstance(tree, bool) or tree in ("True", "False", "None"):
        yield path, str(tree).lower()
    else:
        yield path, tree if isinstance(tree, str) else repr(tree)


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _recipe(path: Path) -> Any:
    return {"recipe": json.loads(path.read_text(encoding="utf-8"))["recipe"]}


def _manifest(path: Path) -> Any:
    found = json.loads(path.read_text(encoding="utf-8"))["manifest"]
    # The names of callbacks are code, what they keep is not; recipe and metrics are recorded from the run's own files.
    kept = sorted(
        found.get("callbacks", found.get("listeners")).values(), key=lambda each: json.dumps(each, sort_keys=True)
    )
    return {"kept": kept} | {name: each for name, each in found.items() if name not in _ELSEWHERE}


def _arrays(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        found: dict[str, Any] = {name: _digest(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
        about = (file.metadata() or {}).get("zoo")
    return {"arrays": found} | ({"about": json.loads(about)} if about else {})


def _outputs(path: Path) -> dict[str, str]:
    from jax import export, tree

    program, rng = export.deserialize(bytearray(path.read_bytes())), np.random.default_rng(0)
    (aval,) = program.in_avals
    shape = [size if isinstance(size, int) else 3 for size in aval.shape]
    x = rng.integers(0, 9, shape) if np.issubdtype(aval.dtype, np.integer) else rng.normal(size=shape)
    outputs = tree.leaves(program.call(x.astype(aval.dtype)))
    return {f"output {i}": _digest(np.asarray(each)) for i, each in enumerate(outputs)}


_READERS = {
    "config.json": _recipe,
    "manifest.json": _manifest,
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".jsonl": _lines,
    ".csv": _table,
    ".safetensors": _arrays,
    ".stablehlo": _outputs,
}


def _digest(array: np.ndarray) -> str:
    return f"{array.dtype}{list(array.shape)} {hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()}"


def conditions() -> dict[str, str]:
    """Returns what a recording's bits depend on beside the code."""
    packages = {name: version(name) for name in ("jax", "jaxlib", "numpy", "optax")}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, python {platform.python_version()}"
    return packages | {"machine": machine, "xla_flags": os.environ.get("XLA_FLAGS", "")}


def compare(one: Mapping[str, Any], other: Mapping[str, Any], only: Sequence[str] | None = None) -> int:
    """Prints the differences between two recordings; returns 1 if there are any."""
    for name, a in one["conditions"].items():
        if a != (b := other["conditions"].get(name)):
            print(f"warning: {name} differs: {a} | {b}", file=sys.stderr)
    names = only or sorted({*one["runs"], *other["runs"]})
    total = differences = 0
    for name in names:
        a, b = one["runs"].get(name), other["runs"].get(name)
        if not a and not b:
            raise SystemExit(f"neither recording has a group {name}")
        if not a or not b:  # a recording of some groups alone, or a group that is new
            a, b = ({"all values": "recorded" if each else "missing"} for each in (a, b))
        for key in sorted({*a, *b}):
            pair = a.get(key, "missing"), b.get(key, "missing")
            if set(pair) == {"missing", ""}:  # an empty field of a recipe that the earlier version did not have
                continue
            total, differences = total + 1, differences + (pair[0] != pair[1])
            if pair[0] != pair[1]:
                print(f"{name}: {key}: {pair[0]} | {pair[1]}")
    print(f"{len(names)} runs, {total} values: {f'{differences} differences' if differences else 'equal'}")
    return int(differences > 0)


def _read(path: Path) -> Any:
    return json.loads((Path(f"{path}.json") if path.is_dir() else path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
