"""Accelerators that lie idle: what this machine seems to have, where jax runs on the CPU, and what to do about it.

jax is not asked, for it does not always tell: without its CUDA or TPU part, or if another process holds the TPU, it
runs on the CPU. What a driver makes and a runtime sets does tell. `nvidia-smi` alone is none of that: images with
CUDA, such as Colab's, have it where there is no GPU.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["advice", "idle_accelerator"]

_NVIDIA, _AMD, _TPU = "an NVIDIA GPU", "an AMD GPU", "a TPU"
# A container may be given the second GPU alone: any number counts.
_FILES = (("dev/nvidia[0-9]*", _NVIDIA), ("dev/kfd", _AMD), ("dev/accel[0-9]*", _TPU))
# Of Colab ("1", empty on its other runtimes), of Colab and Google Cloud, and of GKE.
_VARIABLES = ("COLAB_TPU_1VM", "TPU_ACCELERATOR_TYPE", "TPU_NAME", "TPU_WORKER_ID")
_GOOGLE = "0x1ae0"  # its number among the makers of PCI devices


def idle_accelerator(root: Path = Path("/")) -> str | None:
    """What accelerator this machine seems to have, and by what it is known; jax is not asked.

    Args:
        root: of the files.
    """
    return next(_found(root), None)


def advice() -> str:
    """What to do where jax finds no accelerator."""
    if os.environ.get("COLAB_RELEASE_TAG"):
        return (
            "On Colab choose one under Runtime > Change runtime type. One process at a time holds a TPU: if the "
            "notebook itself has used jax, Runtime > Restart session frees it. If jax was replaced, Runtime > "
            "Disconnect and delete runtime brings Colab's own back. --platform cpu takes the CPU on purpose"
        )
    return (
        'For a GPU, install jax with CUDA (pip install -U "jax[cuda12]"); for a TPU, "jax[tpu]", and no other process '
        "may hold it. JAX_PLATFORMS must not forbid it; --platform cpu takes the CPU on purpose"
    )


def _found(root: Path) -> Iterator[str]:
    for pattern, what in _FILES:
        for file in sorted(root.glob(pattern)):
            yield f"{what} (/{file.relative_to(root)})"
    if (root / "dev/dxg").exists() and shutil.which("nvidia-smi"):  # Windows' GPUs in WSL, of whatever maker
        yield f"{_NVIDIA} (/dev/dxg)"
    for file in sorted(root.glob("dev/vfio/[0-9]*")):  # TPU v5e and later; other devices are lent to guests so, too
        if any(_maker(vendor) == _GOOGLE for vendor in root.glob("sys/bus/pci/devices/*/vendor")):
            yield f"{_TPU} (/{file.relative_to(root)})"
    for name in _VARIABLES:
        if os.environ.get(name):
            yield f"{_TPU} ({name} is set)"


def _maker(vendor: Path) -> str:
    try:
        return vendor.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
