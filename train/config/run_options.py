"""How a run is made, apart from what it computes: where it is written, on what it runs, what it says."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_type_hints

from ..data.dataset import Place
from ..distributed.launch import check_distributed
from ..errors import BadInput
from ..option_types import coerce
from ..runs.folder import prepare_folder
from ..units import parse_bytes
from .interval import interval
from .mesh import mesh_axes, shard_rules

__all__ = ["RunOptions", "prepare_folder"]

Platform = Literal["cpu", "gpu", "tpu"]


@dataclass(frozen=True)
class RunOptions:
    """The options of a run that change none of its numbers, but for the precision of the platform's own arithmetic.

    Attributes:
        out: folder of the run; None makes one, `runs/<model>-<dataset>-<time>`.
        overwrite: replace the run that lies in `out`.
        data_dir: folder with data files that the user named.
        offline: open no socket.
        in_memory: how much data is loaded at once ("4GB"); more than that is read from the disk while the run goes.
        platform: what to run on; None takes jax's choice.
        require: what the run must find itself on.
        remat: compute again what the backward pass needs instead of keeping it; changes no number but by rounding.
        matmul_precision: of float32 products on a GPU or TPU; None takes jax's choice.
        compile_cache: a folder, "auto" for one in the user's cache, or "off".
        quiet: say nothing but warnings and errors.
        on_nan: at a loss that is no number, abort the run or skip the step.
        log_every: steps between two rows of training metrics; None takes a share of an epoch.
        pictures: draw the run's pictures once it is trained.
        tensorboard: write events for TensorBoard as well.
        profile: steps to trace, once the first are compiled.
        resume: go on with this run (its folder, for the newest whole checkpoint, or the folder of a checkpoint).
        init_from: begin with the weights of a run, a checkpoint or a model file. Changes the numbers, of course.
        keep: so many of the newest checkpoints stay.
        ckpt_every: how often one is written: steps ("500"), a time ("30s", "5m", "2h"), or "off"; None: at
            evaluations, as often as takes no more than 2 % of the time. One more is written at the end.
        mesh: the axes of the devices and their sizes, "data=4,model=2"; None: all along `data`, which shares batches.
        shard: rules that cut parameters along an axis, "head/w=None,model": a pattern of the whole path, and an axis
            or None for each dimension.
        fsdp: cut all large parameters, and what the optimizer keeps of them, along `data`.
        best: the metric of the examples held back that decides which model is kept; None takes the task's own.
        distributed: run as one of several processes: "auto" lets jax find the others, "off" does not, else host and
            port of process 0; None: if the environment says that there are several.
        processes: how many there are, where `distributed` is an address.
        process: which one this is, from 0.
        peer_timeout: seconds to wait for one that does not come or answer.

    Raises:
        BadInput: if a value is of another kind than its annotation says, or wants a package that is not installed.

    >>> RunOptions(on_nan="skip").out is None
    True
    """

    out: Path | None = None
    overwrite: bool = False
    data_dir: Path | None = None
    offline: bool = False
    in_memory: str = "4GB"
    platform: Platform | None = None
    require: Platform | None = None
    remat: bool = False
    matmul_precision: Literal["default", "high", "highest"] | None = None
    compile_cache: str = "auto"
    quiet: bool = False
    on_nan: Literal["abort", "skip"] = "abort"
    log_every: int | None = None
    pictures: bool = True
    tensorboard: bool = False
    profile: int | None = None
    resume: Path | None = None
    init_from: Path | None = None
    keep: int = 2
    ckpt_every: str | None = None
    mesh: str | None = None
    shard: tuple[str, ...] = ()
    fsdp: bool = False
    best: str | None = None
    distributed: str | None = None
    processes: int | None = None
    process: int | None = None
    peer_timeout: int = 100

    def __post_init__(self):
        kinds = get_type_hints(RunOptions)
        for each in fields(self):
            value = coerce(kinds[each.name], getattr(self, each.name), "--" + each.name.replace("_", "-"))
            object.__setattr__(self, each.name, value)
        for name in ("log_every", "keep", "profile", "peer_timeout"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise BadInput(f"--{name.replace('_', '-')} must be a whole number of at least 1, got {value}")
        if self.tensorboard:
            _check_installed("--tensorboard", "tensorboardX", "PIL")
        interval(self.ckpt_every)
        check_distributed(self.distributed, self.processes, self.process)
        parse_bytes(self.in_memory, "--in-memory")
        axes = mesh_axes(self.mesh)
        shard_rules(self.shard, axes)
        if self.resume is not None and (self.overwrite or self.init_from is not None):
            other = "--overwrite, which begins anew" if self.overwrite else "--init-from, which takes weights alone"
            raise BadInput(f"--resume goes on with a run; it does not go with {other}: leave one of them out")

    def place(self, say: Callable[[str], None] = lambda text: None) -> Place:
        """Where the data is looked for; `say` is told of downloads."""
        return Place(self.data_dir, self.offline, say, parse_bytes(self.in_memory, "--in-memory"))


def _check_installed(flag: str, *modules: str) -> None:
    """Looks for optional packages without importing them."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        extra = flag.removeprefix("--")
        raise BadInput(
            f"{flag} needs {' and '.join(missing)}, not installed here: pip install 'neural-network-zoo[{extra}]'"
        )
