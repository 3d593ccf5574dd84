"""Published speeds and rates for the calculations, each with its source; none was measured here.

Bytes per second are what one device sends in one direction: a vendor's "bidirectional" value is halved.
"""

from typing import NamedTuple

__all__ = ["CHIPS", "FAILURES", "HEARTBEAT", "MFU", "SCHEDULE", "STORES", "Chip", "Store", "hours_between_failures"]

_CLOUD = "https://docs.cloud.google.com/tpu/docs"
_BOOK = "https://jax-ml.github.io/scaling-book/tpus"
_HOPPER = "https://www.nvidia.com/en-us/data-center"
_BASEPOD = (
    "https://docs.nvidia.com/dgx-basepod/reference-architecture-infrastructure-foundation-enterprise-ai/"
    "latest/core-components.html"
)


class Chip(NamedTuple):
    """Accelerator and its two networks.

    Attributes:
        peak: bfloat16 operations per second.
        memory: bytes.
        near: bytes per second to devices of the same domain (ICI, NVLink).
        domain: devices per domain (a pod, a node).
        far: bytes per second to other domains (data centre network, InfiniBand).
        host: devices per host.
        sources: sources of the values.
    """

    peak: float
    memory: float
    near: float
    domain: int
    far: float
    host: int
    sources: tuple[str, ...]


CHIPS = {
    # Six links of 45 GB/s; 25 GB/s of data centre network a host.
    "TPU v4": Chip(275e12, 32 * 2**30, 270e9, 4096, 6.25e9, 4, (f"{_CLOUD}/v4", _BOOK)),
    "TPU v5e": Chip(197e12, 16e9, 200e9, 256, 3.125e9, 8, (f"{_CLOUD}/v5e",)),
    "TPU v5p": Chip(459e12, 95 * 2**30, 600e9, 6144, 6.25e9, 4, (f"{_CLOUD}/v5p",)),
    "TPU v6e": Chip(918e12, 32e9, 400e9, 256, 12.5e9, 8, (f"{_CLOUD}/v6e",)),
    "H100 SXM": Chip(989e12, 80e9, 450e9, 8, 50e9, 8, (f"{_HOPPER}/h100/", _BASEPOD)),
    "H200 SXM": Chip(989e12, 141e9, 450e9, 8, 50e9, 8, (f"{_HOPPER}/h200/", _BASEPOD)),
}

# Llama 3 405B reached 38 to 43 % of the peak in bfloat16 (https://arxiv.org/abs/2407.21783, section 3.3).
MFU = 0.4

# The same paper, section 3.3.4: 419 unexpected interruptions in 54 days on 16,384 H100.
FAILURES, _DAYS, _DEVICES = 419, 54, 16_384

# https://docs.jax.dev/en/latest/_autosummary/jax.distributed.initialize.html: heartbeat_timeout_seconds.
HEARTBEAT = 100.0

# An assumption, not a published figure: seconds until a scheduler has a job on its machines again.
SCHEDULE = 120.0


class Store(NamedTuple):
    """Storage of checkpoints and data: bytes per second of a writer, a reader, and all together (None: no limit)."""

    write: float
    read: float
    shared: float | None
    source: str


STORES = {
    "one NVMe drive": Store(6.9e9, 7.45e9, None, "https://www.samsung.com/us/memory-storage/nvme-ssd/ (990 PRO)"),
    # 85 to 90 MB/s a request, about 15 of them for 10 Gb/s.
    "S3, one connection": Store(
        85e6,
        85e6,
        None,
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html",
    ),
    "S3, 15 connections": Store(
        1.25e9,
        1.25e9,
        None,
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html",
    ),
    # The default quota of a region, for all that read from it; one host is taken to use 15 connections as well.
    "GCS, 200 Gb/s": Store(1.25e9, 1.25e9, 25e9, "https://cloud.google.com/storage/quotas#bandwidth"),
}


def hours_between_failures(devices: int) -> float:
    """Computes the mean time between interruptions of a job, with the failure rate per device of Llama 3's training.

    >>> round(hours_between_failures(16_384), 1)
    3.1
    """
    return _DAYS * 24 / FAILURES * _DEVICES / devices
