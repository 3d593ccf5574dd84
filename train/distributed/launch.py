"""Which of several processes this one is: said on the command line, or by what started it. Imports no jax."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..config.run_options import RunOptions

__all__ = ["ProcessInfo", "detect", "is_leader"]


class ProcessInfo(NamedTuple):
    """A process among others.

    Attributes:
        coordinator: host and port of process 0; "" leaves it to jax to find out.
        processes: how many there are; None leaves it to jax.
        process: which one this is, from 0; None leaves it to jax.
    """

    coordinator: str = ""
    processes: int | None = None
    process: int | None = None


def detect(options: "RunOptions", environment: Mapping[str, str] = os.environ) -> ProcessInfo | None:
    """What the options say, or where they are silent the environment; None: this process runs alone.

    The environment counts where it says by itself that there are several: of Slurm, Open MPI and TPU slices on GKE.
    Elsewhere (a TPU slice of Compute Engine, a Kubernetes Job) a server must be asked: there `--distributed` is needed.

    >>> from .options import RunOptions
    >>> detect(RunOptions(), {}), detect(RunOptions(distributed="auto"), {})
    (None, Member(coordinator='', processes=None, process=None))
    """
    if options.distributed == "off":
        return None
    if options.distributed not in (None, "auto"):
        return ProcessInfo(str(options.distributed), options.processes, options.process)
    started = _slurm(environment) or _open_mpi(environment) or _tpu_slice(environment)
    return started or (ProcessInfo() if options.distributed == "auto" else None)


def is_leader(options: "RunOptions") -> bool:
    """Whether this process speaks for all, as far as can be known before jax is asked."""
    found = detect(options)
    return found is None or not found.process


def _slurm(environment: Mapping[str, str]) -> ProcessInfo | None:
    """Within `srun`; all of these are what jax asks for."""
    if all(f"SLURM_{name}" in environment for name in ("JOB_ID", "STEP_NODELIST", "LOCALID")):
        return _several(environment, "SLURM_NTASKS", "SLURM_PROCID")
    return None


def _open_mpi(environment: Mapping[str, str]) -> ProcessInfo | None:
    if "OMPI_MCA_orte_hnp_uri" in environment:
        return _several(environment, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK")
    return None


def _tpu_slice(environment: Mapping[str, str]) -> ProcessInfo | None:
    """On GKE; of several slices, jax counts the processes of all."""
    hosts = environment.get("TPU_PROCESS_ADDRESSES") or environment.get("TPU_WORKER_HOSTNAMES") or ""
    slices = environment.get("MEGASCALE_NUM_SLICES", "1")
    if "," not in hosts and slices in ("", "0", "1"):
        return None
    first = environment.get("MEGASCALE_SLICE_ID", "0") in ("", "0")
    own = environment.get("TPU_WORKER_ID", "")
    return ProcessInfo(process=int(own) if first and own.isdigit() else 1 if not first else None)


def _several(environment: Mapping[str, str], count: str, own: str) -> ProcessInfo | None:
    numbers = [environment.get(name, "") for name in (count, own)]
    if not all(number.isdigit() for number in numbers) or int(numbers[0]) < 2:
        return None
    return ProcessInfo("", int(numbers[0]), int(numbers[1]))
