"""Where the arrays of a run lie: which devices share a batch, and which hold a part of the fit."""

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

_LARGE = 1024  # elements; of less, fetching the parts takes longer than holding the whole costs
_LEARNED = ("params", "opt", "ema")  # the parts of a fit whose size is that of the model
_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Sharding:
    """How a run is spread over a mesh of devices.

    A parameter lies as the first rule says whose pattern matches its path; its moments in the optimizer and its
    moving average lie as it does. A carry is shared like the batch whose rows it goes on with. All else is whole.

    Attributes:
        mesh: the devices, in named axes; batches are shared along `data`.
        rules: of parameters.
        fsdp: cut whatever is large of parameters, optimizer and moving average along `data`, unless a rule tells.
    """

    mesh: Mesh
    rules: tuple[Rule, ...] = ()
    fsdp: bool = False

    @property
    def whole(self) -> NamedSharding:
        """Of what every device holds in full."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def shared(self) -> NamedSharding:
        """Of batches: each device along `data` holds its own rows."""
        return NamedSharding(self.mesh, PartitionSpec(DATA))

    @property
    def shares(self) -> int:
        """Into how many parts a batch is cut; its size must be a multiple."""
        return self.mesh.shape[DATA]

    def fit(self, fit: Any) -> Any:
        """The sharding of each array of a fit, or of a part of one with its paths.

        Args:
            fit: arrays, or their shapes as `jax.eval_shape` gives them.

        Raises:
            BadInput: if a rule does not suit the shape of a parameter that it matches.
        """
        leaves, structure = jax.tree_util.tree_flatten_with_path(fit)
        shapes = {path_name(path): np.shape(leaf) for path, leaf in leaves}
        specs = [self._spec(name, shapes) for name in shapes]
        return jax.tree.unflatten(structure, [NamedSharding(self.mesh, spec) for spec in specs])

    def of(self, moment: Mapping[str, Any]) -> dict[str, Any]:
        """The sharding of each array of a run's `fit` and of all else that is saved with it."""
        return {
            name: self.fit(part) if name == "fit" else jax.tree.map(lambda _: self.whole, part)
            for name, part in moment.items()
        }

    def held(self, fit: Any) -> Any:
        """The fit of a program under trace, kept where it belongs: what a step returns lies where it was taken from."""
        return jax.lax.with_sharding_constraint(fit, self.fit(fit))

    def gathered(self, fit: Any, *parts: str) -> Any:
        """The fit to compute with, under trace: of these parts, what `fsdp` cut is brought together.

        Each device then does for its rows what it would do alone. Left to itself XLA may rather cut activations, along
        any axis: of an LSTM it gathered them at every step, of images it cut the height, and got convolutions wrong.
        """
        if not self.fsdp:
            return fit
        model = {name: fit[name] for name in parts if name in fit}
        return fit | replace(self, fsdp=False).held(model)

    def described(self, fit: Any) -> Any:
        """Shapes, types and shardings of a fit, for compiling without making it."""
        kind = lambda leaf, sharding: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)  # noqa: E731
        return jax.tree.map(kind, fit, self.fit(fit))

    def bytes_a_device(self, fit: Any) -> int:
        """What one device holds of a fit: arrays or shapes."""
        leaves = zip(jax.tree.leaves(fit), jax.tree.leaves(self.fit(fit)), strict=True)
        return sum(math.prod(place.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf, place in leaves)

    def check(self, fit: Any) -> None:
        """Refuses rules that do not suit a fit, arrays or shapes; outside of a trace, where jax adds no words to it.

        Raises:
            BadInput: if a rule means none of the parameters, or not the shape of one.
        """
        self.fit(fit)
        names = [path_name(path) for path, _ in jax.tree_util.tree_flatten_with_path(fit["params"])[0]]
        for rule in self.rules:
            if not any(rule.pattern.fullmatch(name) for name in names):
                there = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
                near = did_you_mean(rule.pattern.pattern, names)
                raise BadInput(f"--shard {rule.text} matches the whole path of no parameter{near} (there are {there})")
        self._check_generator(fit["params"])

    def _check_generator(self, params: Any) -> None:
        """What a dense layer makes becomes an image: cut, it is cut along its height, and XLA convolves that wrong."""
        leaves = jax.tree_util.tree_flatten_with_path(params.get("generator", {}))[0]
        if not any(leaf.ndim > 3 for _, leaf in leaves):
            return
        for name, rank in ((f"generator/{path_name(path)}", leaf.ndim) for path, leaf in leaves):
            rule = next((rule for rule in self.rules if rule.pattern.fullmatch(name)), None)
            if rule is not None and rank == 2 and any(rule.spec[1:]):
                raise BadInput(
                    f"--shard {rule.text} cuts what {name} makes, which becomes an image cut along its height: XLA "
                    "gives wrong gradients of the convolutions behind it. Cut convolutions and the discriminator"
                )

    def _spec(self, name: str, shapes: _Shapes) -> PartitionSpec:
        top, shape = name.partition("/")[0], shapes[name]
        if top == "carry" and shape and shape[0] % self.shares == 0:
            return PartitionSpec(DATA)
        if top not in _LEARNED:
            return PartitionSpec()
        parameter = _parameter(name, shapes) if self.rules else None
        for rule in self.rules:
            if parameter is not None and rule.pattern.fullmatch(parameter):
                return self._ruled(rule, parameter, shape)
        return self._cut(shape) if self.fsdp else PartitionSpec()

    def _ruled(self, rule: Rule, parameter: str, shape: tuple[int, ...]) -> PartitionSpec:
        what = f"--shard {rule.text}: {parameter} is {'x'.join(map(str, shape)) or 'a scalar'}"
        if len(rule.spec) > len(shape):
            narrower = "write a pattern that leaves it out, or fewer axes"
            raise BadInput(f"{what}, of {len(shape)} dimensions, and the rule tells of {len(rule.spec)}: {narrower}")
        for i, (axis, size) in enumerate(zip(rule.spec, shape, strict=False)):
            parts = self.mesh.shape[axis] if axis else 1
            if size % parts:
                uneven = f"{axis}={parts} does not cut {size} (dimension {i}) evenly"
                raise BadInput(f"{what}, and {uneven}; {size + -size % parts} it would")
        return PartitionSpec(*rule.spec)

    def _cut(self, shape: tuple[int, ...]) -> PartitionSpec:
        """Along its largest dimension that divides, the last of several; a small array stays whole."""
        sizes = [(size, i) for i, size in enumerate(shape) if size % self.shares == 0]
        if math.prod(shape) < _LARGE or not sizes:
            return PartitionSpec()
        return PartitionSpec(*[None] * max(sizes)[1], DATA)


def data_parallel(devices: Sequence[Any] | None = None) -> Sharding:
    """All devices in one row: each has the whole fit, and takes its share of every batch.

    Args:
        devices: those to use; None takes all.
    """
    return sharding_for(RunOptions(), devices)


def sharding_for(options: RunOptions, devices: Sequence[Any] | None = None) -> Sharding:
    """The placement that a run's options ask for.

    Args:
        options: mesh, rules and whether the parameters are cut, too.
        devices: those to use; None takes all.

    Raises:
        BadInput: if the mesh is for another number of devices.
    """
    devices = jax.devices() if devices is None else devices
    sizes = mesh_sizes(mesh_axes(options.mesh), len(devices))
    kinds = (AxisType.Auto,) * len(sizes)
    mesh = jax.make_mesh(tuple(sizes.values()), tuple(sizes), axis_types=kinds, devices=devices)
    return Sharding(mesh, shard_rules(options.shard, sizes), options.fsdp)


def _parameter(name: str, shapes: _Shapes) -> str | None:
    """The path of the parameter that an array is, or belongs to: the longest with which its own path ends.

    Of two players the optimizer has the name in front: `opt/generator/0/mu/head/w` is of `generator/head/w`.
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
