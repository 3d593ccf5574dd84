"""How a run is made, apart from what it computes: where it is written, on what it runs, what it says."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, get_type_hints

from .errors import BadInput
from .folder import prepare_folder
from .values import checked

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
        platform: what to run on; None takes jax's choice.
        require: what the run must find itself on.
        matmul_precision: of float32 products on a GPU or TPU; None takes jax's choice.
        compile_cache: a folder, "auto" for one in the user's cache, or "off".
        quiet: say nothing but warnings and errors.
        on_nan: at a loss that is no number, abort the run or skip the step.
        log_every: steps between two rows of training metrics; None takes a share of an epoch.

    Raises:
        BadInput: if a value is of another kind than its annotation says.

    >>> RunOptions(on_nan="skip").out is None
    True
    """

    out: Path | None = None
    overwrite: bool = False
    data_dir: Path | None = None
    offline: bool = False
    platform: Platform | None = None
    require: Platform | None = None
    matmul_precision: Literal["default", "high", "highest"] | None = None
    compile_cache: str = "auto"
    quiet: bool = False
    on_nan: Literal["abort", "skip"] = "abort"
    log_every: int | None = None

    def __post_init__(self):
        kinds = get_type_hints(RunOptions)
        for each in fields(self):
            value = checked(kinds[each.name], getattr(self, each.name), "--" + each.name.replace("_", "-"))
            object.__setattr__(self, each.name, value)
        if self.log_every is not None and self.log_every < 1:
            raise BadInput(f"--log-every must be a whole number of at least 1, got {self.log_every}")
