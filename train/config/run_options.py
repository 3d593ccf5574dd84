"""Options of a run that do not decide what it computes: its folder, its devices, its checkpoints and its output."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from ..data.dataset import Place
from ..errors import BadInput
from ..option_types import Bounds, coerce
from ..units import parse_bytes
from .interval import interval
from .mesh import mesh_axes, shard_rules
from .processes import check_distributed

__all__ = ["RunOptions", "shared_by_all"]

Platform = Literal["cpu", "gpu", "tpu"]
Count = Annotated[int, Bounds(1)]
_OWN = ("out", "data_dir", "offline", "compile_cache", "quiet", "distributed", "processes", "process", "peer_timeout")


@dataclass(frozen=True)
class RunOptions:
    """Options of a run that change none of its numbers, except for the precision of the platform's arithmetic.

    Attributes:
        out: folder of the run (default: runs/<model>-<dataset>-<time>).
        overwrite: replace the run in --out.
        data_dir: folder with data files (default: the environment variable ZOO_DATA, else the user's cache).
        offline: no network access.
        in_memory: size up to which data is loaded into memory at once; larger data is read from disk during training.
        platform: platform to run on (default: the best available).
        require: platform without which the run ends at once (default: any).
        remat: recompute activations in the backward pass instead of storing them: less memory, more time.
        matmul_precision: precision of float32 matrix products on GPU and TPU; default is the fastest, highest the most
            exact (default: jax's).
        compile_cache: folder for compiled programs, auto (in the user's cache) or off.
        quiet: print only warnings and errors.
        on_nan: reaction to a loss that is NaN or infinite: end the run, or skip the step.
        log_every: steps between two rows of training metrics (default: four rows between two evaluations).
        pictures: draw plots of the trained model.
        tensorboard: write TensorBoard event files into the folder of the run.
        profile: number of steps to trace for Perfetto and XProf, once the first steps are compiled (default: no
            trace).
        resume: folder of the run, or of one of its checkpoints, to resume; without a value the run in --out, which is
            started if there is none (default: a new run).
        init_from: run, checkpoint or model file whose weights initialize the model (default: random weights).
        keep: number of newest checkpoints to keep.
        ckpt_every: steps (500) or time (30s, 5m) between checkpoints, or off (default: as often as costs at most 2 %
            of the time).
        mesh: device mesh as axes and sizes: data=4,model=2 (default: all devices along the axis data).
        shard: sharding rules for parameters, a pattern of their paths and an axis for each dimension:
            head/w=None,model (default: no sharding).
        fsdp: shard all large parameters and their optimizer state over the axis data.
        metrics: further metrics of a classification to compute at each evaluation: precision, recall, f1,
            balanced_accuracy, roc_auc, average_precision, ece; at the end all of them are (default: none).
        best: validation metric that selects the model to keep (default: the main metric of the task).
        distributed: address HOST:PORT of process 0 in a run of several processes, auto, or off (default: auto where a
            scheduler such as Slurm started several).
        processes: number of processes, with --distributed HOST:PORT (default: as found).
        process: index of this process, from 0 (default: as found).
        peer_timeout: seconds to wait for a process that does not connect or respond.

    Raises:
        BadInput: if a value has another type or is out of bounds, or needs a package that is not installed.

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
    log_every: Count | None = None
    pictures: bool = True
    tensorboard: bool = False
    profile: Count | None = None
    resume: Path | None = None
    init_from: Path | None = None
    keep: Count = 2
    ckpt_every: str | None = None
    mesh: str | None = None
    shard: tuple[str, ...] = ()
    fsdp: bool = False
    metrics: tuple[str, ...] = ()
    best: str | None = None
    distributed: str | None = None
    processes: int | None = None
    process: int | None = None
    peer_timeout: Count = 100

    def __post_init__(self):
        kinds = get_type_hints(RunOptions, include_extras=True)
        for each in fields(self):
            value = coerce(kinds[each.name], getattr(self, each.name), "--" + each.name.replace("_", "-"))
            object.__setattr__(self, each.name, value)
        if self.tensorboard:
            _check_installed("--tensorboard", "tensorboardX", "PIL")
        interval(self.ckpt_every)
        check_distributed(self.distributed, self.processes, self.process)
        parse_bytes(self.in_memory, "--in-memory")
        axes = mesh_axes(self.mesh)
        shard_rules(self.shard, axes)
        if self.resume is not None and (self.overwrite or self.init_from is not None):
            other = "--overwrite, which starts anew" if self.overwrite else "--init-from, which only takes weights"
            raise BadInput(f"--resume continues a run and cannot be combined with {other}: leave one of them out")

    def place(self, print_fn: Callable[[str], None] = lambda text: None) -> Place:
        """Returns the place of data files; `print_fn` receives the progress of downloads."""
        return Place(self.data_dir, self.offline, print_fn, parse_bytes(self.in_memory, "--in-memory"))


def shared_by_all(options: RunOptions) -> dict[str, Any]:
    """Returns the options that must be the same in all processes of a run, by name."""
    return {name: value for name, value in asdict(options).items() if name not in _OWN}


def _check_installed(flag: str, *modules: str) -> None:
    """Raises BadInput if an optional package is not installed; imports none."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        extra = flag.removeprefix("--")
        raise BadInput(
            f"{flag} needs {' and '.join(missing)}, not installed here: pip install 'neural-network-zoo[{extra}]'"
        )
