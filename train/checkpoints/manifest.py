"""The manifest of a checkpoint: a JSON file with its own SHA-256, read as plain values only."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CheckpointUnusable
from ..files import irregular

__all__ = ["FORMAT", "KINDS", "MANIFEST", "digest", "read_manifest", "serialize", "states_step"]

MANIFEST = "manifest.json"
FORMAT = 2
_LARGEST = 64 << 20  # bytes of a manifest; that of a thousand layers is a hundredth of it
# Keys and types; `metrics` is the part of metrics.jsonl that belongs to the checkpoint.
KINDS: Mapping[str, type] = {
    "format": int, "step": int, "since": int, "seconds": float, "recipe": dict, "plan": dict, "options": dict,
    "data": str, "versions": dict, "devices": list, "metrics": dict, "callbacks": dict, "tree": dict, "files": dict,
}  # fmt: skip
# Format 1 kept the state of callbacks under the names of their classes.
_KINDS_1 = {name: kind for name, kind in KINDS.items() if name != "callbacks"} | {"listeners": dict}
_KINDS: Mapping[int, Mapping[str, type]] = {1: _KINDS_1, FORMAT: KINDS}
_READABLE = " and ".join(f"format {number}" for number in _KINDS)


def serialize(manifest: Mapping[str, Any]) -> bytes:
    """Returns the text of a manifest with its digest."""
    whole = json.loads(json.dumps({**manifest, "format": FORMAT}, default=str))
    return json.dumps({"manifest": whole, "sha256": digest(whole)}, indent=1).encode()


def read_manifest(path: Path) -> dict[str, Any]:
    """Reads the values of a manifest.

    Raises:
        CheckpointUnusable: If it is no manifest, damaged, or of an unknown version of the format.
    """
    try:
        if found := irregular(path):
            raise CheckpointUnusable(f"{path} is no manifest of a checkpoint, but {found}")
        if path.stat().st_size > _LARGEST:
            raise CheckpointUnusable(f"{path} is no manifest of a checkpoint: it has {path.stat().st_size:,} bytes")
        found = json.loads(path.read_text(encoding="utf-8"))
        manifest, expected = found["manifest"], found["sha256"]
    except OSError as error:
        raise CheckpointUnusable(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointUnusable(f"{path} is damaged, or no manifest of a checkpoint: {error!r}") from error
    if not isinstance(manifest, dict) or expected != digest(manifest):
        raise CheckpointUnusable(f"{path} is damaged: its SHA-256 does not agree with its content")
    if manifest.get("format") not in tuple(_KINDS):
        raise CheckpointUnusable(
            f"{path} has format {manifest.get('format')!r}, this version of the zoo reads {_READABLE}. "
            "Resume it with the version that wrote it, or take its weights alone with --init-from"
        )
    _check_kinds(path, manifest)
    return manifest


def states_step(path: Path, step: int) -> bool:
    """Returns whether a file has the form of the manifest of a step, whatever else is right or wrong in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= _LARGEST else {}
        return set(found) == {"manifest", "sha256"} and found["manifest"]["step"] == step
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _check_kinds(path: Path, manifest: Mapping[str, Any]) -> None:
    wrong = [name for name, kind in _KINDS[manifest["format"]].items() if type(manifest.get(name)) is not kind]
    wrong += [name for name in ("step", "since") if name not in wrong and manifest[name] < 0]
    if not wrong:
        leaves = [isinstance(leaf, list) and len(leaf) == 2 for leaf in manifest["tree"].values()]
        kinds = all(leaves) and all(isinstance(leaf[1], list) for leaf in manifest["tree"].values())
        files = all(
            isinstance(proof, dict) and {"size", "sha256"} <= set(proof) for proof in manifest["files"].values()
        )
        wrong = ["tree"] * (not kinds) + ["files"] * (not files)
    if wrong:
        invalid = f"the values of {', '.join(wrong)} are missing or invalid"
        raise CheckpointUnusable(f"{path} is no manifest of a checkpoint: {invalid}")


def digest(manifest: Mapping[str, Any]) -> str:
    """Returns the SHA-256 of a manifest's values."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
