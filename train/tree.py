"""Trees of arrays on disk: by their paths into a safetensors file, and back into the places of a template."""

import hashlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .errors import CheckpointUnusable

__all__ = ["by_path", "diff_specs", "digest", "flatten", "path_name", "specs", "unflatten_into"]


def flatten(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of a tree by their paths, on the host; keys of random numbers as their data.

    >>> list(flatten({"head": {"w": np.ones(2), "b": np.ones(1)}}))
    ['head/b', 'head/w']
    """
    # safetensors writes an array that is not contiguous wrongly, without a word.
    host = jax.device_get(by_path(tree))
    return {name: np.ascontiguousarray(leaf).reshape(np.shape(leaf)) for name, leaf in host.items()}


def by_path(tree: Any) -> dict[str, Any]:
    """The arrays of a tree by their paths, where they lie; keys of random numbers as their data."""
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {path_name(path): jax.random.key_data(leaf) if _is_key(leaf) else leaf for path, leaf in leaves}


def unflatten_into(template: Any, tensors: Mapping[str, Any]) -> Any:
    """Puts arrays in the places of a template, so that named tuples and whole numbers as keys stay what they are.

    They stay where they are, but for keys of random numbers: what is spread over devices need not fit on one of them.

    Args:
        template: a tree of whatever has shape and dtype, as `jax.eval_shape` gives it.
        tensors: by path, as `flatten` or `by_path` gives them.

    Raises:
        CheckpointUnusable: with a line for each path that is missing, unexpected or differing.
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(template)
    lines = diff_specs(specs(template), {name: (str(a.dtype), a.shape) for name, a in tensors.items()})
    if lines:
        raise CheckpointUnusable("\n".join(["the arrays do not fit:", *lines]))
    arrays = [tensors[path_name(path)] for path, _ in leaves]
    keyed = [
        jax.random.wrap_key_data(jax.numpy.asarray(array), impl=_impl(leaf)) if _is_key(leaf) else array
        for (_, leaf), array in zip(leaves, arrays, strict=True)
    ]
    return jax.tree.unflatten(structure, keyed)


def specs(tree: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Type and shape of each array of a tree, by path, as `flatten` would give it.

    >>> specs({"w": np.ones((2, 3), np.float32)})
    {'w': ('float32', (2, 3))}
    """
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    data = [(path, jax.eval_shape(jax.random.key_data, leaf) if _is_key(leaf) else leaf) for path, leaf in leaves]
    return {path_name(path): (str(leaf.dtype), tuple(leaf.shape)) for path, leaf in data}


def diff_specs(wanted: Mapping[str, tuple], found: Mapping[str, tuple]) -> list[str]:
    """A line for each array that one of two descriptions lacks, or that differs in type or shape."""
    lines = [f"  missing     {name} {_shown(wanted[name])}" for name in wanted if name not in found]
    lines += [f"  unexpected  {name} {_shown(found[name])}" for name in found if name not in wanted]
    return lines + [
        f"  differing   {name}: {_shown(found[name])}, wanted {_shown(wanted[name])}"
        for name in wanted
        if name in found and found[name] != wanted[name]
    ]


def digest(tensors: Mapping[str, np.ndarray], more: str = "") -> str:
    """The SHA-256 of arrays, with their names, types and shapes, and of a text."""
    whole = hashlib.sha256(more.encode())
    for name in sorted(tensors):
        whole.update(f"{name} {tensors[name].dtype} {tensors[name].shape}\n".encode())
        whole.update(np.ascontiguousarray(tensors[name]).reshape(-1).view(np.uint8).data)
    return whole.hexdigest()


def path_name(path: Any) -> str:
    """The name of a leaf in every file: its keys, joined by slashes."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _is_key(leaf: Any) -> bool:
    return jax.numpy.issubdtype(getattr(leaf, "dtype", None) or np.result_type(leaf), jax.dtypes.prng_key)


def _impl(leaf: Any) -> Any:
    """What kind of key it is; asked inside a trace, where a template passes for an array."""
    found = []
    jax.eval_shape(lambda key: found.append(jax.random.key_impl(key)), leaf)
    return found[0]


def _shown(kind: tuple) -> str:
    return f"{kind[0]}{list(kind[1])}"
