"""Chooses and checks the devices of a run before anything is computed."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config.mesh import mesh_axes, mesh_sizes, spread
from ..config.run_options import RunOptions
from ..errors import BadInput, warn
from ..files import user_cache
from ..runtime.accelerators import advice, detect

__all__ = ["check_devices", "devices_line", "set_compile_cache", "set_platform"]


class _Device(NamedTuple):
    platform: str
    device_kind: str


def check_devices(options: RunOptions) -> str:
    """Configures jax by the run options, and warns if an accelerator is idle; returns the line that names the devices.

    Raises:
        BadInput: if the requested platform, or as many devices as the mesh has, are not available.
    """
    import jax

    if options.matmul_precision:
        jax.config.update("jax_default_matmul_precision", options.matmul_precision)
    set_compile_cache(options.compile_cache)
    devices = _devices(options.platform)
    labelled = [_label(device) for device in devices]
    sizes = mesh_sizes(mesh_axes(options.mesh), len(devices))
    mesh = ",".join(f"{name}={size}" for name, size in sizes.items()) if options.mesh else None
    over = spread(mesh, options.shard, options.fsdp)
    line = devices_line(labelled, {"jax": jax.__version__}, jax.process_count(), over)
    here = devices[0].platform
    for wanted, flag in ((options.platform, "--platform"), (options.require, "--require")):
        if wanted and wanted != here:
            raise BadInput(f"{flag} {wanted}: jax {jax.__version__} finds no {wanted} here, only {here}. {advice()}")
    idle = detect()
    if here == "cpu" and options.platform != "cpu" and idle:
        warn(f"this machine seems to have {idle}, yet jax runs on the CPU. {advice()}")
    return line


def devices_line(
    devices: Iterable[Any], versions: Mapping[str, str] | None = None, processes: int = 1, spread: str = ""
) -> str:
    """Formats the line that names the devices of a run.

    Args:
        devices: devices as returned by `jax.devices()`, with `platform` and `device_kind`.
        versions: versions of packages by name, appended to the line.
        processes: number of processes; printed if there are several.
        spread: description of the sharding, empty for plain data parallelism.
    """
    kinds = Counter((device.device_kind, device.platform) for device in devices)
    named = [f"{count} x {kind}" + f" ({platform})" * (kind != platform) for (kind, platform), count in kinds.items()]
    hosts = [f"{processes} processes"] if processes > 1 else []
    packages = [f"{name} {what}" for name, what in (versions or {}).items()]
    return "device   " + ", ".join([*hosts, *named, *[spread] * bool(spread), *packages])


def set_platform(platform: str | None) -> None:
    """Restricts jax to the CPU if asked; else jax chooses, as naming "gpu" would require the GPUs of every vendor."""
    import jax

    if platform is not None:
        jax.config.update("jax_platforms", "cpu" if platform == "cpu" else None)


def _devices(platform: str | None) -> Sequence[Any]:
    import jax

    set_platform(platform)
    try:
        return jax.devices()
    except (
        RuntimeError,
        AssertionError,
    ) as error:  # jax asserts that there is one, even where it is configured to find none
        raise BadInput(
            f"jax cannot start on its devices: {str(error) or 'JAX_PLATFORMS names none of this machine'}"
        ) from error


def _label(device: Any) -> _Device:
    if device.platform != "cpu":
        return _Device(device.platform, device.device_kind)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = f"cpu ({cores} core{'s' * (cores != 1)})"
    return _Device(kind, kind)


def set_compile_cache(where: str) -> None:
    """Keeps compiled programs in a folder, in that of the user (auto), or not at all (off)."""
    import jax

    if where == "off":
        jax.config.update("jax_compilation_cache_dir", None)
        return
    if where == "auto" and jax.config.jax_compilation_cache_dir:  # pyright: ignore[reportAttributeAccessIssue]
        return  # configured in jax by the user
    try:
        folder = user_cache() / "zoo" / "xla" if where == "auto" else Path(where).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError) as error:
        warn(f"compiled programs are not cached: {error}; name a folder with --compile-cache, or turn it off")
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Programs of all sizes: a short run spends half a second in compiling a dozen small ones.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
