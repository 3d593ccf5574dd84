"""Libraries that the zoo is compared with: one file each, written as their documentation writes training."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

from ..workloads import DENSE

__all__ = ["ALONE", "PEERS", "TIMED", "Peer", "missing"]

_PLAIN = ("mlp", "cnn", "rows", "characters", "vae")
_ALL = (*_PLAIN, "resnet", "dcgan")
_IMAGES = ("cnn", "resnet", "dcgan", "fast")
_WITH_LARGE = (*_ALL, "transformer", "gpt", "fast")


class Peer(NamedTuple):
    """Library, or a way to use it.

    Attributes:
        label: name in the table.
        module: module of `benchmarks` with `build(work, data, *arguments) -> Training`.
        packages: import names of the packages that must be installed.
        workloads: workloads that the module supports.
        arguments: distinguish ways to use one library.
    """

    label: str
    module: str
    packages: tuple[str, ...]
    workloads: tuple[str, ...] = _ALL
    arguments: tuple[str, ...] = ()


PEERS: Mapping[str, Peer] = {
    "ours": Peer("the zoo", "ours", (), _WITH_LARGE),
    "flax": Peer("Flax linen", "peers.flax_linen", ("flax",), (*_ALL, "fast")),
    "nnx": Peer("Flax nnx", "peers.flax_nnx", ("flax",), (*_PLAIN, "resnet", "transformer", "gpt", "fast")),
    "haiku": Peer("Haiku", "peers.haiku", ("haiku",)),
    "equinox": Peer("Equinox", "peers.equinox", ("equinox",), _PLAIN),
    "keras": Peer("Keras (JAX)", "peers.keras", ("keras",), (*_PLAIN, "transformer")),
    "torch": Peer("PyTorch", "peers.torch", ("torch",), _WITH_LARGE),
    "torch-compile": Peer("PyTorch, compiled", "peers.torch", ("torch",), _WITH_LARGE, ("compile",)),
    "torch-channels-last": Peer("PyTorch, channels last", "peers.torch", ("torch",), _IMAGES, ("channels_last",)),
}

ALONE: Mapping[str, Peer] = {
    "products": Peer("the products alone", "alone", (), tuple(DENSE)),
}
"""No libraries, but what all of them must compute."""

TIMED = {**PEERS, **ALONE}
"""All that `benchmarks.worker` can time."""


def missing(peer: Peer) -> list[str]:
    """Returns the packages that are not installed."""
    return [package for package in peer.packages if find_spec(package) is None]
