"""The sharding of a run: which devices share a batch, and which hold a part of the fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from ..config.mesh import DATA, Rule, mesh_axes, mesh_sizes, shard_rules
from ..config.run_options import RunOptions
from ..errors import BadInput
from ..option_types import did_you_mean
from ..tree import path_name

__all__ = ["Sharding", "data_parallel", "sharding_for"]

_LARGE = 1024  # elements; gathering a smaller array costs more than replicating it
_LEARNED = ("params", "opt", "ema")  # the parts of a fit that are as large as the model
_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Sharding:
    """Sharding of a run over a mesh of devices.

    A parameter is sharded by the first rule whose pattern matches its path; its optimizer moments and its moving
    average are sharded alike. A carry is sharded like its batch. Everything else is replicated.

    Attributes:
        mesh: Devices in named axes; batches are sharded along `data`.
        rules: Rules for parameters.
        fsdp: Whether large parameters, optimizer moments and moving averages without a rule are sharded along `data`.
    """

    mesh: Mesh
    rules: tuple[Rule, ...] = ()
    fsdp: bool = False

    @property
    def replicated(self) -> NamedSharding:
        """Sharding of an array that every device holds in full."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def data_sharded(self) -> NamedSharding:
        """Sharding of a batch: each device along `data` holds its own rows."""
        return NamedSharding(self.mesh, PartitionSpec(DATA))

    @property
    def data_parallelism(self) -> int:
        """Number of parts of a batch; the batch size must be a multiple of it."""
        return self.mesh.shape[DATA]

    def fit(self, fit: Any) -> Any:
        """Returns the sharding of each array of a fit, or of a part of a fit with its paths.

        Args:
            fit: Arrays, or their shapes as given by `jax.eval_shape`.

        Raises:
            BadInput: If a rule does not suit the shape of a parameter that it matches.
        """
        leaves, structure = jax.tree_util.tree_flatten_with_path(fit)
        shapes = {path_name(path): np.shape(leaf) for path, leaf in leaves}
        specs = [self._spec(name, shapes) for name in shapes]
        return jax.tree.unflatten(structure, [NamedSharding(self.mesh, spec) for spec in specs])

    def for_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the sharding of each array of the state of a run: its `fit`, and what is saved with it."""
        return {
            name: self.fit(part) if name == "fit" else jax.tree.map(lambda _: self.replicated, part)
            for name, part in state.items()
        }

    def constrain(self, fit: Any) -> Any:
        """Constrains the fit under trace to its sharding, so that a step returns it as it was given."""
        return jax.lax.with_sharding_constraint(fit, self.fit(fit))

    def gather(self, fit: Any, *parts: str) -> Any:
        """Gathers, under trace, the arrays of these parts of the fit that `fsdp` sharded.

        Each device then computes on its rows as it would alone. Without this XLA may shard activations instead, along
        any axis: it gathered those of an LSTM at every step, and sharded images by height with wrong convolutions.
        """
        if not self.fsdp:
            return fit
        model = {name: fit[name] for name in parts if name in fit}
        return fit | replace(self, fsdp=False).constrain(model)

    def specs(self, fit: Any) -> Any:
        """Returns shapes, types and shardings of a fit, for compiling without arrays."""
        kind = lambda leaf, sharding: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)  # noqa: E731
        return jax.tree.map(kind, fit, self.fit(fit))

    def bytes_a_device(self, fit: Any) -> int:
        """Returns the bytes that one device holds of a fit (arrays or shapes)."""
        leaves = zip(jax.tree.leaves(fit), jax.tree.leaves(self.fit(fit)), strict=True)
        return sum(math.prod(place.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf, place in leaves)

    def check(self, fit: Any) -> None:
        """Checks the rules against a fit (arrays or shapes); call it outside of a trace, where jax adds no notes.

        Raises:
            BadInput: If a rule matches no parameter, or does not suit the shape of one.
        """
        self.fit(fit)
        names = [path_name(path) for path, _ in jax.tree_util.tree_flatten_with_path(fit["params"])[0]]
        for rule in self.rules:
            if not any(rule.pattern.fullmatch(name) for name in names):
                there = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
                near = did_you_mean(rule.pattern.pattern, names)
                raise BadInput(f"--shard {rule.text} matches the full path of no parameter{near} (there are {there})")
        self._check_generator(fit["params"])

    def _check_generator(self, params: Any) -> None:
        """Refuses to shard a dense layer whose output becomes an image: XLA convolves one sharded by height wrong."""
        leaves = jax.tree_util.tree_flatten_with_path(params.get("generator", {}))[0]
        if not any(leaf.ndim > 3 for _, leaf in leaves):
            return
        for name, rank in ((f"generator/{path_name(path)}", leaf.ndim) for path, leaf in leaves):
            rule = next((rule for rule in self.rules if rule.pattern.fullmatch(name)), None)
            if rule is not None and rank == 2 and any(rule.spec[1:]):
                raise BadInput(
                    f"--shard {rule.text} shards the output of {name}, which becomes an image sharded by height: XLA "
                    "gives wrong gradients of the convolutions that follow. Shard convolutions and the discriminator"
                )

    def _spec(self, name: str, shapes: _Shapes) -> PartitionSpec:
        top, shape = name.partition("/")[0], shapes[name]
        if top == "carry" and shape and shape[0] % self.data_parallelism == 0:
            return PartitionSpec(DATA)
        if top not in _LEARNED:
            return PartitionSpec()
        parameter = _parameter(name, shapes) if self.rules else None
        for rule in self.rules:
            if parameter is not None and rule.pattern.fullmatch(parameter):
                return self._rule_spec(rule, parameter, shape)
        return self._fsdp_spec(shape) if self.fsdp else PartitionSpec()

    def _rule_spec(self, rule: Rule, parameter: str, shape: tuple[int, ...]) -> PartitionSpec:
        what = f"--shard {rule.text}: {parameter} is {'x'.join(map(str, shape)) or 'a scalar'}"
        if len(rule.spec) > len(shape):
            narrower = "write a pattern that excludes it, or fewer axes"
            raise BadInput(f"{what}, {len(shape)} dimensions, but the rule names {len(rule.spec)} axes: {narrower}")
        for i, (axis, size) in enumerate(zip(rule.spec, shape, strict=False)):
            parts = self.mesh.shape[axis] if axis else 1
            if size % parts:
                nearest = f"the next size that it divides is {size + -size % parts}"
                raise BadInput(f"{what}, but {axis}={parts} does not divide {size} (dimension {i}); {nearest}")
        return PartitionSpec(*rule.spec)

    def _fsdp_spec(self, shape: tuple[int, ...]) -> PartitionSpec:
        """Shards the largest dimension that divides evenly, the last of several; a small array is replicated."""
        sizes = [(size, i) for i, size in enumerate(shape) if size % self.data_parallelism == 0]
        if math.prod(shape) < _LARGE or not sizes:
            return PartitionSpec()
        return PartitionSpec(*[None] * max(sizes)[1], DATA)


def data_parallel(devices: Sequence[Any] | None = None) -> Sharding:
    """Returns the sharding of plain data parallelism: the fit is replicated, every batch is divided.

    Args:
        devices: Devices to use; None for all.
    """
    return sharding_for(RunOptions(), devices)


def sharding_for(options: RunOptions, devices: Sequence[Any] | None = None) -> Sharding:
    """Returns the sharding that the options of a run describe.

    Args:
        options: Options with `mesh`, `shard` and `fsdp`.
        devices: Devices to use; None for all.

    Raises:
        BadInput: If the mesh is for another number of devices.
    """
    devices = jax.devices() if devices is None else devices
    sizes = mesh_sizes(mesh_axes(options.mesh), len(devices))
    kinds = (AxisType.Auto,) * len(sizes)
    mesh = jax.make_mesh(tuple(sizes.values()), tuple(sizes), axis_types=kinds, devices=devices)
    return Sharding(mesh, shard_rules(options.shard, sizes), options.fsdp)


def _parameter(name: str, shapes: _Shapes) -> str | None:
    """Returns the path of the parameter that an array is or belongs to: the longest path that its own path ends with.

    For two players the optimizer has the name in front: `opt/generator/0/mu/head/w` belongs to `generator/head/w`.
    """
    top, _, rest = name.partition("/")
    if top == "params":
        return rest
    parts, found = rest.split("/"), []
    for path, shape in shapes.items():
        above, _, own = path.partition("/")
        first, _, behind = own.partition("/")
        ends = rest == own or rest.endswith(f"/{own}")
        player = parts[0] == first and behind and rest.endswith(f"/{behind}")
        if above == "params" and shape == shapes[name] and (ends or player):
            found.append((ends, own.count("/"), own))
    return max(found)[2] if found else None
