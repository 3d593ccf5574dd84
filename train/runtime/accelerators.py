"""Detects accelerators of the machine that jax does not use, and advises how to use them.

jax cannot be asked: without its CUDA or TPU part, or if another process holds the TPU, it silently runs on the CPU. The
evidence is what a driver creates and a runtime sets. `nvidia-smi` alone is no evidence: images with CUDA, such as
Colab's, have it without a GPU.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["advice", "detect"]

_NVIDIA, _AMD, _TPU = "an NVIDIA GPU", "an AMD GPU", "a TPU"
# A container may be given the second GPU alone: any number counts.
_FILES = (("dev/nvidia[0-9]*", _NVIDIA), ("dev/kfd", _AMD), ("dev/accel[0-9]*", _TPU))
# Set by Colab ("1"; empty on its other runtimes), by Colab and Google Cloud, and by GKE.
_VARIABLES = ("COLAB_TPU_1VM", "TPU_ACCELERATOR_TYPE", "TPU_NAME", "TPU_WORKER_ID")
_GOOGLE = "0x1ae0"  # PCI vendor id


def detect(root: Path = Path("/")) -> str | None:
    """Returns the accelerator that this machine seems to have, with the evidence; None if there is none.

    Args:
        root: Root of the file system.
    """
    return next(_found(root), None)


def advice() -> str:
    """Returns advice for a machine whose accelerator jax does not find."""
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
    if (root / "dev/dxg").exists() and shutil.which("nvidia-smi"):  # GPUs of Windows in WSL, of any vendor
        yield f"{_NVIDIA} (/dev/dxg)"
    for file in sorted(
        root.glob("dev/vfio/[0-9]*")
    ):  # TPU v5e and later; other devices are passed to guests like this, too
        if any(_vendor(vendor) == _GOOGLE for vendor in root.glob("sys/bus/pci/devices/*/vendor")):
            yield f"{_TPU} (/{file.relative_to(root)})"
    for name in _VARIABLES:
        if os.environ.get(name):
            yield f"{_TPU} ({name} is set)"


def _vendor(vendor: Path) -> str:
    try:
        return vendor.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
