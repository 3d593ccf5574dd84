"""Parses the words of a command line by a list of flags, and formats the help of those flags.

Built on argparse, with errors in one line, a suggestion for what is unknown, and no default of its own: only the flags
that were given are returned, so that the value of a configuration file or recipe applies otherwise.
"""

import argparse
import re
import shutil
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Literal, NoReturn, get_args, get_origin

from ..config.schema import Option
from ..errors import BadInput
from ..option_types import check_bounds, did_you_mean, format_value, parse, strip_optional

__all__ = ["Parser", "kebab"]

# Names of our flags in other libraries.
_SYNONYMS = {
    "model": ("arch", "architecture", "net", "network"),
    "dataset": ("data", "ds"),
    "config": ("cfg", "config-file"),
    "epochs": ("epoch", "num-epochs", "n-epochs", "max-epochs", "nb-epoch", "ep"),
    "steps": ("iterations", "iters", "max-iters", "num-steps", "max-steps", "total-steps", "updates"),
    "batch-size": ("batch", "bs", "batchsize", "minibatch", "mini-batch-size", "global-batch-size"),
    "seed": ("random-seed", "random-state", "rng"),
    "opt": ("optimizer", "optim", "optimiser"),
    "lr": ("learning-rate", "learningrate", "rate", "eta", "step-size"),
    "sched": ("scheduler", "schedule", "lr-scheduler", "lr-schedule", "lr-sched"),
    "momentum": ("beta1", "b1"),
    "b2": ("beta2", "adam-beta2"),
    "warmup-epochs": ("warmup", "warmup-steps"),
    "decay": ("gamma", "lr-gamma", "decay-rate"),
    "clip-grad": ("clip", "grad-clip", "gradient-clip", "clip-norm", "max-grad-norm", "clip-grad-norm"),
    "accumulate": ("grad-accum", "grad-accum-steps", "gradient-accumulation-steps", "accumulation"),
    "ema": ("model-ema", "ema-decay"),
    "weight-decay": ("wd", "weightdecay"),
    "label-smoothing": ("smoothing",),
    "augment": ("augmentation", "aug", "data-augmentation"),
    "patience": ("early-stopping", "early-stop"),
    "val-share": ("validation-split", "val-split", "val", "validation"),
    "normalize": ("normalization", "normalise", "norm", "standardize"),
    "out": ("output", "output-dir", "outdir", "out-dir", "save-dir", "logdir", "log-dir", "run-dir"),
    "overwrite": ("force",),
    "resume": ("continue", "resume-from", "restore"),
    "init-from": ("initial-checkpoint", "pretrained", "weights", "load", "finetune-from"),
    "keep": ("keep-checkpoints", "save-total-limit", "max-to-keep"),
    "ckpt-every": ("checkpoint-every", "save-every", "save-interval", "save-steps", "checkpoint-interval"),
    "best": ("monitor", "eval-metric"),
    "data-dir": ("data-path", "data-root", "root"),
    "in-memory": ("memory", "memory-limit", "stream", "mmap", "cache-size"),
    "platform": ("device", "backend", "accelerator"),
    "matmul-precision": ("precision",),
    "mesh": ("mesh-shape", "device-mesh"),
    "shard": ("sharding", "partition", "sharding-rules"),
    "fsdp": ("zero", "fully-sharded"),
    "compile-cache": ("cache", "cache-dir"),
    "log-every": ("log-interval", "log-freq", "log-steps", "print-freq"),
    "distributed": ("multihost", "multi-host", "coordinator", "coordinator-address", "master-addr", "rdzv-endpoint"),
    "processes": ("num-processes", "world-size", "nnodes", "num-hosts", "hosts"),
    "process": ("process-id", "process-index", "rank", "node-rank"),
    "list-models": ("models", "list"),
    "list-datasets": ("datasets",),
}
_OURS = {theirs: ours for ours, names in _SYNONYMS.items() for theirs in names}


class Parser(argparse.ArgumentParser):
    """Parser of a command line.

    Args:
        flags: the flags; those of one group are listed together.
        prog: the command.
        usage: pattern of the words after the command.
        text: first part of the help.
    """

    def __init__(self, flags: Iterable[Option], prog: str = "", usage: str = "", text: str = ""):
        width = min(shutil.get_terminal_size().columns, 110)
        super().__init__(
            prog=prog,
            usage=f"{prog} {usage}".replace("%", "%%"),
            description=text or None,
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, 2, 26, width),
            argument_default=argparse.SUPPRESS,
            add_help=False,
            allow_abbrev=False,
        )
        self.flags = list(flags)
        for title, members in groupby(self.flags, lambda flag: flag.group):
            group = self.add_argument_group(title)
            for flag in members:
                names = [flag.short] * bool(flag.short) + [flag.flag]
                group.add_argument(*names, dest=flag.name, help=_help(flag), **_reading(flag))

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        """Returns the values of the flags that were given, by name.

        Raises:
            BadInput: for the first unknown word or bad value.
        """
        found, rest = self.read_known(words)
        if rest:
            raise BadInput(self._unknown(rest))
        return found

    def read_places(self, words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Like `read`, for a command with words beside its flags: files, folders."""
        found, rest = self.read_known(words)
        if any(each.startswith("-") for each in rest):
            raise BadInput(self._unknown(rest))
        return found, rest

    def read_known(self, words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Like `read`, and returns the words that belong to no flag too."""
        parsed, rest = self.parse_known_args(kebab(words))
        lists = {flag.name for flag in self.flags if get_origin(strip_optional(flag.kind)[0]) is tuple}
        found = {name: tuple(value) if name in lists else value for name, value in vars(parsed).items()}
        for flag in self.flags:
            if found.get(flag.name) is not None:
                check_bounds(flag.kind, found[flag.name], flag.flag)
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Raises BadInput with the message of argparse, reworded."""
        text = re.sub(r"^argument (?:-\w/)?([^\s:]+): ", r"\1 ", message)
        text = re.sub(r"expected (one|at least one) argument", "needs a value", text)
        raise BadInput(re.sub(r"ignored explicit argument", "takes no value, got", text))

    def _unknown(self, rest: list[str]) -> str:
        flag = next((each for each in rest if each.startswith("-") and len(each) > 1), None)
        if flag is None:
            return f"unexpected {rest[0]!r}: values follow the name of a flag, as in --epochs 5"
        name = flag.partition("=")[0]
        return f"unknown flag {name}{self._nearest(name.lstrip('-')) or '; --help lists all flags'}"

    def _nearest(self, name: str) -> str:
        """Returns the suggestion for an unknown flag: a synonym, the flag of an option, or the nearest name."""
        known = {each[2:]: each for each in self._option_string_actions if each.startswith("--")}
        last = {flag.rpartition(".")[2]: flag for flag in reversed(known)}  # --width for --m.width
        by_name = {**last, **{theirs: ours for theirs, ours in _OURS.items() if ours in known}, **{k: k for k in known}}
        for ours in (_OURS.get(name), last.get(name.rpartition(".")[2])):
            if ours in known:
                return f"; did you mean {known[ours]}?"
        if name not in _OURS and not did_you_mean(name, {**last, **known}):
            by_name = {theirs: ours for theirs, ours in by_name.items() if abs(len(theirs) - len(name)) <= 2}
        near = did_you_mean(name, by_name).removeprefix("; did you mean ").removesuffix("?")
        return f"; did you mean {known[by_name[near]]}?" if near else ""


def kebab(words: Sequence[str]) -> list[str]:
    """Replaces `_` by `-` in the names of flags.

    >>> kebab(["--batch_size=8", "--out", "my_run"])
    ['--batch-size=8', '--out', 'my_run']
    """
    parted = [word.partition("=") for word in words]
    return [(a.replace("_", "-") if a.startswith("--") else a) + eq + b for a, eq, b in parted]


def _reading(flag: Option) -> dict[str, Any]:
    kind, _ = strip_optional(flag.kind)
    if flag.name == "help":
        return {"action": "store_true"}
    if kind is bool:
        return {"action": argparse.BooleanOptionalAction}
    many: dict[str, Any] = {"nargs": "*"} if get_origin(kind) is tuple else {}
    many |= {"action": "extend"} if flag.repeats else {}
    many |= {"nargs": "?", "const": flag.bare} if flag.bare else {}
    return {"type": _reader(flag.kind), "metavar": flag.metavar or _metavar(kind), **many}


def _reader(kind: Any):
    def read(text: str) -> Any:
        try:
            return parse(kind, text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _metavar(kind: Any) -> str:
    kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
    return {int: "N", float: "X", str: "NAME"}.get(kind, "NAME" if get_origin(kind) is Literal else "PATH")


def _help(flag: Option) -> str:
    kind, _ = strip_optional(flag.kind)
    text, unset = flag.explained
    if flag.name == "help":
        return text
    choices = f": {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""
    return f"{text}{choices}{_default(flag.default, unset)}".replace("%", "%%").strip()


def _default(value: Any, unset: str) -> str:
    if value in (None, "", (), "\n"):
        return f" (default: {unset or 'none'})"
    return f" (default: {'on' if value is True else 'off' if value is False else format_value(value)})"
