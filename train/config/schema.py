"""The flags of the command line: one for each field of a recipe, of the run's options, of the model, of the data set.

Names, kinds and defaults come from the dataclasses and signatures themselves; here stand groups and help.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from inspect import Parameter, getdoc, signature
from typing import Any, NamedTuple, get_type_hints

from zoo._catalogue import Card, argument_helps

from ..data.dataset import Source
from ..trainers import options as trainer_options
from .recipe import Recipe
from .run_options import RunOptions

__all__ = ["BESIDES", "Option", "data_flags", "model_flags", "recipe_flags", "run_flags", "trainer_flags"]

_RECIPE: Mapping[str, Mapping[str, str]] = {
    "length": {
        "epochs": "passes over the training examples",
        "steps": "updates to make, instead of --epochs",
        "batch_size": "examples an update, over all devices together",
        "seed": "of every random number",
    },
    "optimizer": {
        "opt": "the optimizer",
        "lr": "learning rate",
        "momentum": "of momentum and nesterov; the first decay (b1) of adam, adamw, lamb and lion",
        "b2": "the second decay of adam, adamw, lamb and the Adam inside muon",
        "sched": "how the learning rate goes on",
        "warmup_epochs": "over which the rate rises from 0",
        "step_epochs": "between two multiplications by --decay (--sched step, exponential); the patience of plateau",
        "decay": "factor of --sched step, exponential and plateau",
        "clip_grad": "largest norm of the whole gradient",
        "accumulate": "batches whose gradients make one update",
        "ema": "decay of the moving average of the parameters that is scored and saved",
    },
    "against overfitting": {
        "weight_decay": "pulls weights to 0; not part of the gradient, as in AdamW",
        "l1": "penalty on the sum of the absolute weights",
        "l2": "penalty on half the sum of squares of the weights",
        "label_smoothing": "share of each target that is spread over all classes",
        "augment": "random changes of the training images",
        "patience": "epochs without a better validation score before the run stops",
        "val_share": "share of the training examples held back for validation",
    },
    "data, loss and precision": {
        "task": "task to train for, as in reconstruct; empty: the data set's own",
        "normalize": "of the inputs, fitted on the training examples",
        "loss": "auto takes the usual one of the task",
        "dtype": "of the arithmetic; bf16 leaves parameters, norms, softmax and losses in float32",
    },
}

_RUN: Mapping[str, str] = {
    "out": "folder of the run; none makes runs/<model>-<dataset>-<time>",
    "overwrite": "replace the run that lies in --out",
    "data_dir": "folder with data files; also ZOO_DATA, else the user's cache",
    "offline": "open no socket",
    "in_memory": "size of data (4GB, 500MB) that is loaded at once; more is read from the disk while the run goes",
    "platform": "what to run on; none takes the best there is",
    "require": "stop at once unless the run is on this",
    "remat": "compute again what the backward pass needs instead of keeping it: less memory, more time",
    "matmul_precision": "of float32 products on GPU and TPU: default is the fastest, highest the most exact",
    "compile_cache": "folder for compiled programs, auto (in the user's cache) or off",
    "quiet": "print warnings and errors only",
    "on_nan": "at a loss that is no number, end the run or skip the step",
    "log_every": "steps between two rows of training metrics; none takes a share of an epoch",
    "pictures": "draw pictures of the trained model",
    "tensorboard": "write events for TensorBoard, into the run's folder",
    "profile": "trace so many steps for Perfetto and XProf, once the first are compiled; none traces nothing",
    "resume": "go on with the run in this folder, or from this one of its checkpoints; alone, with that in --out, "
    "which it begins if there is none",
    "init_from": "begin with the weights of a run, a checkpoint or a model file",
    "keep": "so many of the newest checkpoints stay",
    "ckpt_every": "steps (500) or time (30s, 5m) between checkpoints, or off; none takes 2 % of the time",
    "mesh": "axes of the devices, as data=4,model=2; none shares batches over all",
    "shard": "cut parameters over an axis, by patterns of their paths: head/w=None,model",
    "fsdp": "cut all large parameters and optimizer state over the devices that share batches",
    "best": "metric of the examples held back that decides which model is kept; none takes the task's own",
    "distributed": "run as one of several: HOST:PORT of process 0, auto, or off; none: if Slurm and the like say so",
    "processes": "how many processes there are, with --distributed HOST:PORT",
    "process": "which of them this is, from 0",
    "peer_timeout": "seconds to wait for a process that does not come or answer",
}

_METAVARS = {"mesh": "AXIS=N,...", "shard": "PATTERN=AXIS,..."}

BESIDES = frozenset({"model", "dataset", "variant", "trainer", "m", "d", "t", "expect"})
"""The fields of a recipe that have no flag of their own below."""

_SHORT = {"batch_size": "-b"}
_BARE = {"distributed": "auto"}


class Option(NamedTuple):
    """A flag: `--batch-size` of the field `batch_size`, `--m.width` of the model's option `width`."""

    name: str
    kind: Any
    default: Any
    help: str
    group: str
    short: str = ""
    metavar: str = ""  # what stands for the value in the help; otherwise the kind says
    bare: str = ""  # the value where none is typed; "": one must be
    repeats: bool = False  # a list that grows when the flag is given again

    @property
    def flag(self) -> str:
        """As it is typed."""
        return "--" + self.name.replace("_", "-")


def recipe_flags(recipe: Recipe) -> Iterator[Option]:
    """Those of a recipe's own fields, with its values as defaults."""
    kinds = get_type_hints(Recipe)
    for group, helps in _RECIPE.items():
        for name, text in helps.items():
            yield Option(name, kinds[name], getattr(recipe, name), text, group, _SHORT.get(name, ""))


def run_flags() -> Iterator[Option]:
    """Those of the run's options."""
    kinds = get_type_hints(RunOptions)
    for each in fields(RunOptions):
        kind, text, metavar = kinds[each.name], _RUN[each.name], _METAVARS.get(each.name, "")
        bare, repeats = _BARE.get(each.name, ""), each.name == "shard"
        yield Option(each.name, kind, each.default, text, "the run", metavar=metavar, bare=bare, repeats=repeats)


def model_flags(card: Card, options: Mapping[str, Any]) -> Iterator[Option]:
    """Those of an animal's options, with the recipe's values as defaults."""
    for option in card.options:
        default = options.get(option.name, option.default)
        yield Option(f"m.{option.name}", option.type, default, option.help.rstrip("."), f"the model {card.name}")


def data_flags(source: Source, options: Mapping[str, Any]) -> Iterator[Option]:
    """Those of a data set's options, with the recipe's values as defaults."""
    helps = argument_helps(getdoc(source.load) or "")
    for option in signature(source.load).parameters.values():
        if option.kind is Parameter.KEYWORD_ONLY:
            default = options.get(option.name, option.default)
            text = helps.get(option.name, "").rstrip(".")
            yield Option(f"d.{option.name}", option.annotation, default, text, f"the data set {source.name}")


def trainer_flags(trainer: str, options: Mapping[str, Any]) -> Iterator[Option]:
    """Those of a trainer's options, with the recipe's values as defaults; most trainers have none."""
    for option in trainer_options(trainer):
        default, text = options.get(option.name, option.default), option.help.rstrip(".")
        yield Option(f"t.{option.name}", option.type, default, text, f"the trainer {trainer}")
