"""Detects which of several processes this one is, from the options or the environment. Imports no jax."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from ..config.run_options import RunOptions

__all__ = ["ProcessInfo", "detect", "is_leader"]


class ProcessInfo(NamedTuple):
    """Place of a process among those of a run.

    Attributes:
        coordinator: Host and port of process 0; "" if jax detects them.
        processes: Number of processes; None if jax detects it.
        process: Number of this process, from 0; None if jax detects it.
    """

    coordinator: str = ""
    processes: int | None = None
    process: int | None = None


def detect(options: RunOptions, environment: Mapping[str, str] = os.environ) -> ProcessInfo | None:
    """Returns the place of this process from the options, else from the environment; None if it runs alone.

    The environment is read where it names several processes itself: under Slurm, Open MPI and on TPU slices of GKE.
    Elsewhere (a TPU slice of Compute Engine, a Kubernetes Job) it takes a server to find them, and `--distributed`.

    Args:
        options: Options with the flags of distributed runs.
        environment: Environment variables.

    >>> detect(RunOptions(), {}), detect(RunOptions(distributed="auto"), {})
    (None, ProcessInfo(coordinator='', processes=None, process=None))
    """
    if options.distributed == "off":
        return None
    if options.distributed not in (None, "auto"):
        return ProcessInfo(str(options.distributed), options.processes, options.process)
    started = _slurm(environment) or _open_mpi(environment) or _tpu_slice(environment)
    return started or (ProcessInfo() if options.distributed == "auto" else None)


def is_leader(options: RunOptions) -> bool:
    """Returns whether this process prints for all, as far as the options and the environment show it."""
    found = detect(options)
    return found is None or not found.process


def _slurm(environment: Mapping[str, str]) -> ProcessInfo | None:
    """Reads the variables of `srun` that jax requires."""
    if all(f"SLURM_{name}" in environment for name in ("JOB_ID", "STEP_NODELIST", "LOCALID")):
        return _several(environment, "SLURM_NTASKS", "SLURM_PROCID")
    return None


def _open_mpi(environment: Mapping[str, str]) -> ProcessInfo | None:
    if "OMPI_MCA_orte_hnp_uri" in environment:
        return _several(environment, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK")
    return None


def _tpu_slice(environment: Mapping[str, str]) -> ProcessInfo | None:
    """Reads the variables of GKE; of several slices, jax counts the processes of all."""
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
