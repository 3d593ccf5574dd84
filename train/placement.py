"""Where the arrays of a run lie: which devices share a batch, and which hold a part of the fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

__all__ = ["Placement", "data_parallel"]


@dataclass(frozen=True)
class Placement:
    """How a run is spread over a mesh of devices.

    Attributes:
        mesh: the devices, in named axes; batches are shared along `data`.
    """

    mesh: Mesh

    @property
    def whole(self) -> NamedSharding:
        """Of what every device holds in full."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def shared(self) -> NamedSharding:
        """Of batches: each device along `data` holds its own rows."""
        return NamedSharding(self.mesh, PartitionSpec("data"))

    @property
    def shares(self) -> int:
        """Into how many parts a batch is cut; its size must be a multiple."""
        return self.mesh.shape["data"]

    def fit(self, fit: Any) -> Any:
        """The sharding of each array of a fit, or of a part of one with its paths.

        Args:
            fit: arrays, or their shapes as `jax.eval_shape` gives them.
        """
        return jax.tree.map(lambda leaf: self.whole, fit)

    def held(self, fit: Any) -> Any:
        """The fit of a program under trace, kept where it belongs: what a step returns lies where it was taken from."""
        return jax.lax.with_sharding_constraint(fit, self.fit(fit))


def data_parallel(devices: Sequence[Any] | None = None) -> Placement:
    """All devices in one row: each has the whole fit, and takes its share of every batch.

    Args:
        devices: those to use; None takes all.
    """
    devices = jax.devices() if devices is None else devices
    return Placement(jax.make_mesh((len(devices),), ("data",), axis_types=(AxisType.Auto,), devices=devices))
