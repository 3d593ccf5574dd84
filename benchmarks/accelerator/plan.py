"""Sections of the measurement in order of worth: the rows of each, and the commands that measure them."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from zoo import _catalogue
from zoo.train.config.recipe import book

from ..peers import PEERS, missing
from .tables import losing

__all__ = ["SECTIONS", "WORKER", "Asked", "Job", "Section"]

WORKER = "benchmarks.accelerator.worker"
FORMS = ("transposed", "max-pool", "gru", "lstm-rows", "lstm", "materialised")  # of lowering_cases.py, by duration
MODELS = ("cnn", "mlp", "lstm", "transformer", "dcgan", "resnet", "vae", "rbm")  # compared before the others
RESUMED = ("mlp", "cnn", "lstm", "dcgan")
STEPS = (
    ("cnn", "default"),
    ("mlp", "default"),
    ("gpt", "bf16"),
    ("characters", "default"),
    ("gpt", "default"),
    ("fast", "bf16"),
    ("resnet", "default"),
    ("dcgan", "default"),
    ("characters", "bf16"),
    ("gpt", "float32"),
    ("characters", "float32"),
    ("fast", "default"),
)
TINY = (("cnn", "default"), ("gpt", "bf16"), ("characters", "default"))
"""Steps of tiny sizes: each kind of network, and both precisions."""

CANDIDATES = {
    "gpt": ("cudnn attention, bf16", "jax attention, bf16", "single steps", "not donated"),
    "characters": ("hoisted", "cudnn", "unroll 4", "unroll 16", "single steps", "not donated"),
    "fast": ("channels of 8, bf16", "single steps", "not donated"),
    "cnn": ("channels of 8", "bf16", "single steps", "not donated"),
    "dcgan": ("channels of 8", "bf16"),
    "mlp": ("single steps", "bf16"),
}
"""Names of `candidates.py` by workload; XLA's flags are added to each."""

XLA = ("latency hiding", "more autotuning", "no autotuning", "no triton products", "no command buffers")


@dataclass(frozen=True)
class Asked:
    """What the command was asked for, and on what it runs.

    Attributes:
        platform: platform of jax: cpu, gpu or tpu.
        tiny: whether to measure few examples and small models.
        data_dir: folder that holds MNIST.
        rows: rows of the record by section, on which the later sections depend.
    """

    platform: str
    tiny: bool
    data_dir: str | None
    rows: Mapping[str, Mapping[str, Mapping]]

    @property
    def seconds(self) -> float:
        """Returns the duration of one measurement after compiling."""
        return 0.2 if self.tiny else 3.0


class Job(NamedTuple):
    """Process that measures rows and prints a line for each, in their order.

    Attributes:
        table: table of the record that has the rows.
        rows: names of the rows.
        words: its module and arguments.
        named: whether the names of the rows that are left are added to the arguments.
        why_not: reason for which the rows cannot be measured.
        environment: variables besides those of this process.
    """

    table: str
    rows: tuple[str, ...]
    words: tuple[str, ...] = ()
    named: bool = False
    why_not: str = ""
    environment: Mapping[str, str] = {}


class Section(NamedTuple):
    """Part of the measurement; `weight` is its share of the time."""

    name: str
    about: str
    weight: float
    jobs: Callable[[Asked], Iterator[Job]]


def _quick(asked: Asked) -> dict[str, str]:
    """Returns variables with which tiny programs are compiled fast: their times say nothing."""
    return {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"} if asked.tiny else {}


def _own(asked: Asked, section: str, rows: tuple[str, ...], **environment: str) -> Job:
    words = (WORKER, section, "--seconds", str(asked.seconds), *["--tiny"] * asked.tiny)
    return Job(section, rows, words, named=True, environment=environment)


def _smoke(asked: Asked) -> Iterator[Job]:
    if asked.tiny:
        yield from (
            _own(asked, "losses", MODELS[1:3]),
            _own(asked, "forms", FORMS[:1]),
            _own(asked, "resume", ("mlp",), **_quick(asked)),
        )
        return
    names = sorted(_catalogue.own_names())
    by_trainer = {book(name).recipes[0].trainer: name for name in reversed(names)}
    kinds = [name for name in sorted(by_trainer.values()) if name not in MODELS]
    others = [name for name in names if name not in MODELS and name not in kinds]
    # Programs that run ten steps are not worth the search for the fastest kernels.
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_autotune_level=0"
    quick = {"XLA_FLAGS": flags} if asked.platform == "gpu" else {}
    yield _own(asked, "losses", MODELS, **quick)
    yield _own(asked, "resume", RESUMED)
    yield _own(asked, "forms", FORMS)
    yield _own(asked, "losses", (*kinds, *others), **quick)


def _steps(asked: Asked) -> Iterator[Job]:
    for work, precision in TINY if asked.tiny else STEPS:
        yield _worker(asked, "steps", f"{work}, {precision}", "ours", work, precision)


def _worker(asked: Asked, table: str, row: str, peer: str, work: str, precision: str) -> Job:
    words = ("benchmarks.worker", peer, work, "--precision", precision, "--seconds", str(asked.seconds))
    return Job(table, (row,), (*words, *["--tiny"] * asked.tiny), environment=_quick(asked))


def _compare(asked: Asked) -> Iterator[Job]:
    pairs = [("mlp", "default")] if asked.tiny else [pair for pair in STEPS if pair[1] != "float32"]
    for name in ("torch", "flax", "nnx", "torch-compile"):
        for work, precision in pairs:
            row, absent = f"{work}, {precision}: {PEERS[name].label}", missing(PEERS[name])
            if work not in PEERS[name].workloads or (precision == "bf16" and "torch" not in name):
                continue
            if absent:
                yield Job("compare", (row,), why_not=f"{', '.join(absent)} is not installed")
            elif "torch" in name and asked.platform == "tpu":
                yield Job("compare", (row,), why_not="PyTorch does not use the TPU here")
            else:
                yield _worker(asked, "compare", row, name, work, precision)


def _command(asked: Asked) -> Iterator[Job]:
    rows = ("cnn, nothing compiled", "cnn, programs cached", "mlp, programs cached")
    if not asked.tiny and asked.data_dir is None:
        yield Job("command", rows, why_not="give the folder of MNIST with --data-dir")
    else:
        job = _own(asked, "command", rows[:1] if asked.tiny else rows, **_quick(asked))
        yield job._replace(words=(*job.words, *(["--data-dir", asked.data_dir] if asked.data_dir else [])))


def _candidates(asked: Asked) -> Iterator[Job]:
    for work, names in CANDIDATES.items():
        if asked.tiny and work != "characters":
            continue
        rows = [*(names[:1] if asked.tiny else names), *XLA[: 1 if asked.tiny else None]]
        yield _own(asked, "candidates", tuple(f"{work}: {name}" for name in rows), **_quick(asked))


def _start(asked: Asked) -> Iterator[Job]:
    yield _own(asked, "start", ("cnn", "gpt")[: 1 if asked.tiny else 2], **_quick(asked))


def _kernels(asked: Asked) -> Iterator[Job]:
    for row in ["mlp, default"] if asked.tiny else losing(asked.rows)[:4]:
        yield _own(asked, "kernels", (row,), **_quick(asked))


def _input(asked: Asked) -> Iterator[Job]:
    yield _own(asked, "input", ("cnn",), **_quick(asked))


def _limits(asked: Asked) -> Iterator[Job]:
    yield _own(asked, "limits", ("default", "bf16", "float32", "copy"))


SECTIONS = (
    Section("limits", "limits of matrix products and memory", 15, _limits),
    Section("smoke", "correctness: against the CPU, plain forms, resumption", 160, _smoke),
    Section("steps", "training steps of the zoo", 150, _steps),
    Section("command", "from the command to the score on MNIST", 50, _command),
    Section("compare", "the same steps in PyTorch and Flax", 110, _compare),
    Section("kernels", "kernels of what loses to PyTorch or uses under 30 % of the limit", 40, _kernels),
    Section("candidates", "other forms of the same step", 80, _candidates),
    Section("start", "seconds to the end of the first step", 30, _start),
    Section("input", "steps on batches from the host", 15, _input),
)
