"""The devices of a run: chosen, checked and named before anything is computed, so that none is left idle unnoticed."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config.mesh import mesh_axes, mesh_sizes, spread
from ..config.run_options import RunOptions
from ..errors import BadInput, warn
from ..files import user_cache
from ..runtime.accelerators import advice, idle_accelerator

__all__ = ["check_devices", "set_platform"]

_COMPILE_SECONDS = 0.1  # what takes less is not worth a file


class _Named(NamedTuple):
    platform: str
    device_kind: str


def check_devices(options: RunOptions) -> None:
    """Sets jax up as the options say, prints the devices, warns if one lies idle.

    Raises:
        BadInput: if the platform that was asked for, or required, is not there, or not as many devices as the mesh has.
    """
    import jax

    from ..reporting.console_stream import terminal
    from ..reporting.tables import devices_line

    if options.matmul_precision:
        jax.config.update("jax_default_matmul_precision", options.matmul_precision)
    _set_compile_cache(options.compile_cache)
    devices = _devices(options.platform)
    named = [_named(device) for device in devices]
    sizes = mesh_sizes(mesh_axes(options.mesh), len(devices))
    mesh = ",".join(f"{name}={size}" for name, size in sizes.items()) if options.mesh else None
    over = spread(mesh, options.shard, options.fsdp)
    line = devices_line(named, {"jax": jax.__version__}, jax.process_count(), over)
    terminal(quiet=options.quiet).print(line, soft_wrap=True)
    here = devices[0].platform
    for wanted, flag in ((options.platform, "--platform"), (options.require, "--require")):
        if wanted and wanted != here:
            raise BadInput(f"{flag} {wanted}: jax {jax.__version__} finds no {wanted} here, only {here}. {advice()}")
    idle = idle_accelerator()
    if here == "cpu" and options.platform != "cpu" and idle:
        warn(f"this machine seems to have {idle}, yet jax runs on the CPU. {advice()}")


def set_platform(platform: str | None) -> None:
    """For an accelerator jax is left to choose: it takes the best there is, and asked for a gpu it wants all makes."""
    import jax

    if platform is not None:
        jax.config.update("jax_platforms", "cpu" if platform == "cpu" else None)


def _devices(platform: str | None) -> Sequence[Any]:
    import jax

    set_platform(platform)
    try:
        return jax.devices()
    except (RuntimeError, AssertionError) as error:  # jax asserts that there is one, even if it was told to find none
        raise BadInput(
            f"jax cannot start on its devices: {str(error) or 'JAX_PLATFORMS names none that is here'}"
        ) from error


def _named(device: Any) -> _Named:
    if device.platform != "cpu":
        return _Named(device.platform, device.device_kind)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = f"cpu ({cores} core{'s' * (cores != 1)})"
    return _Named(kind, kind)


def _set_compile_cache(where: str) -> None:
    import jax

    if where == "off":
        jax.config.update("jax_compilation_cache_dir", None)
        return
    if where == "auto" and jax.config.jax_compilation_cache_dir:  # pyright: ignore[reportAttributeAccessIssue]
        return  # the user has told jax itself
    try:
        folder = user_cache() / "zoo" / "xla" if where == "auto" else Path(where).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError) as error:
        warn(f"compiled programs are not kept: {error}; name a folder with --compile-cache, or turn it off")
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _COMPILE_SECONDS)
