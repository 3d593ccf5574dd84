"""Trees of arrays: flattened to dictionaries by path, restored into templates, compared."""

import hashlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from .errors import CheckpointUnusable

__all__ = ["by_path", "diff_specs", "digest", "flatten", "path_name", "specs", "unflatten_into"]


def flatten(tree: Any) -> dict[str, np.ndarray]:
    """Flattens a tree to arrays on the host by path; random keys become their data.

    >>> list(flatten({"head": {"w": np.ones(2), "b": np.ones(1)}}))
    ['head/b', 'head/w']
    """
    # safetensors silently writes arrays that are not contiguous incorrectly.
    host = jax.device_get(by_path(tree))
    return {name: np.ascontiguousarray(leaf).reshape(np.shape(leaf)) for name, leaf in host.items()}


def by_path(tree: Any) -> dict[str, Any]:
    """Flattens a tree to arrays by path without moving them; random keys become their data."""
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {path_name(path): jax.random.key_data(leaf) if _is_key(leaf) else leaf for path, leaf in leaves}


def unflatten_into(template: Any, tensors: Mapping[str, Any]) -> Any:
    """Builds a tree of a template's structure, with its named tuples and integer keys, from arrays by path.

    Arrays stay on their devices, except for random keys: sharded arrays need not fit on one device.

    Args:
        template: tree of leaves with shape and dtype, as `jax.eval_shape` returns it.
        tensors: arrays by path, as `flatten` or `by_path` returns them.

    Raises:
        CheckpointUnusable: if a path is missing or unexpected, or an array differs; the message has a line for each.
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
    """Returns type and shape of each array of a tree by path, as `flatten` would return it.

    >>> specs({"w": np.ones((2, 3), np.float32)})
    {'w': ('float32', (2, 3))}
    """
    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    data = [(path, jax.eval_shape(jax.random.key_data, leaf) if _is_key(leaf) else leaf) for path, leaf in leaves]
    return {path_name(path): (str(leaf.dtype), tuple(leaf.shape)) for path, leaf in data}


def diff_specs(expected: Mapping[str, tuple], found: Mapping[str, tuple]) -> list[str]:
    """Returns a line for each array that is missing in one of two specs or differs in type or shape."""
    lines = [f"  missing     {name} {_shown(expected[name])}" for name in expected if name not in found]
    lines += [f"  unexpected  {name} {_shown(found[name])}" for name in found if name not in expected]
    return lines + [
        f"  differing   {name}: {_shown(found[name])}, expected {_shown(expected[name])}"
        for name in expected
        if name in found and found[name] != expected[name]
    ]


def digest(tensors: Mapping[str, np.ndarray], more: str = "") -> str:
    """Computes the SHA-256 of arrays with their names, types and shapes, and of a text."""
    whole = hashlib.sha256(more.encode())
    for name in sorted(tensors):
        whole.update(f"{name} {tensors[name].dtype} {tensors[name].shape}\n".encode())
        whole.update(np.ascontiguousarray(tensors[name]).reshape(-1).view(np.uint8).data)
    return whole.hexdigest()


def path_name(path: Any) -> str:
    """Returns the name of a leaf in files: its keys, joined by slashes."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _is_key(leaf: Any) -> bool:
    return jax.numpy.issubdtype(getattr(leaf, "dtype", None) or np.result_type(leaf), jax.dtypes.prng_key)


def _impl(leaf: Any) -> Any:
    """Returns the implementation of a random key, inside a trace, where a template is accepted as an array."""
    found = []
    jax.eval_shape(lambda key: found.append(jax.random.key_impl(key)), leaf)
    return found[0]


def _shown(kind: tuple) -> str:
    return f"{kind[0]}{list(kind[1])}"
