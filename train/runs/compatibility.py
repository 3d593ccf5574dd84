"""Compares a checkpoint with the run that resumes it: recipe, plan, data, versions and devices."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zoo import _catalogue

from ..checkpoints.checkpoint import Checkpoint
from ..config.mesh import spread
from ..config.recipe import Recipe
from ..config.schema import data_flags, model_flags, trainer_flags
from ..data.dataset import GIVEN, source
from ..engine.plan import Plan
from ..errors import CheckpointUnusable
from ..tasks import options as task_options
from ..trainers import options as trainer_options
from .environment import devices, versions
from .setup import Setup

__all__ = ["check_plan", "check_recipe", "facts", "not_bitwise", "other_run"]

_MAY_DIFFER = ("epochs", "steps", "expect")  # a resumed run may be lengthened
_PATHS = ("d.folder", "d.file")  # data may move: their fingerprint decides
_NUMERIC = ("on_nan", "matmul_precision", "remat")  # the run options that change results
_PACKAGES = ("zoo", "jax", "jaxlib", "optax", "numpy")


def facts(setup: Setup, recipe: Recipe, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that every manifest of a run holds, besides the state of the loop."""
    return {
        "recipe": asdict(recipe),
        "plan": asdict(setup.plan),
        "options": {name: options[name] for name in _NUMERIC},
        "spread": _spread(options),
        "data": setup.fingerprint,
        "versions": versions(),
        "devices": devices(),
    }


def check_recipe(path: Path, recipe: Any, now: Recipe) -> None:
    """Checks that a recipe is the one of the run, but for its length and the place of its data.

    Args:
        path: Run or checkpoint, named by the error.
        recipe: Recipe of the run, as config.json or a manifest holds it.
        now: Recipe of the run that resumes it.

    Raises:
        CheckpointUnusable: If they differ, with a table of the differences.
    """
    was, wanted = _flat(recipe if isinstance(recipe, dict) else {}), _flat(asdict(now))
    rows = [
        f"  {name:<20} {_format(was, name)} in the run, {_format(wanted, name)} now"
        for name in sorted(was.keys() | wanted.keys())
        if name not in _PATHS and was.get(name) != wanted.get(name)
    ]
    if rows:
        raise other_run(path, rows)


def check_plan(checkpoint: Checkpoint, plan: Plan) -> None:
    """Raises CheckpointUnusable if the run would become shorter, or its epochs have another length."""
    was = checkpoint.manifest["plan"]
    if was.get("steps_per_epoch") != plan.steps_per_epoch:
        row = f"  {'steps an epoch':<20} {was.get('steps_per_epoch')} in the run, {plan.steps_per_epoch} now"
        raise other_run(checkpoint.path, [row])
    if type(was.get("steps")) is not int or plan.steps < was["steps"]:
        row = f"  {'length':<20} {was.get('steps')} steps in the run, {plan.steps} now: it can only be lengthened"
        raise other_run(checkpoint.path, [row])


def not_bitwise(checkpoint: Checkpoint, options: Mapping[str, Any]) -> list[str]:
    """Lists what differs from the run so far and may change the last bits of its results.

    Args:
        checkpoint: Checkpoint that the run is resumed from.
        options: Options of the run that resumes it.

    Returns:
        Differences in versions, devices, their mesh and numeric options.
    """
    manifest, here_versions, here_devices = checkpoint.manifest, versions(), devices()
    found = [
        f"{name} {manifest['versions'].get(name)} then, {here_versions[name]} now"
        for name in _PACKAGES
        if manifest["versions"].get(name) != here_versions[name]
    ]
    if manifest["devices"] != here_devices:
        was, here = (f"{len(each)} x {each[0]}" if each else "none" for each in (manifest["devices"], here_devices))
        found.append(f"{was} then, {here} now")
    then, now = manifest.get("spread", _spread({})), _spread(options)
    if then != now:
        found.append(f"{then} then, {now} now")
    return found + [
        f"{name.replace('_', '-')} {manifest['options'].get(name)} then, {options[name]} now"
        for name in _NUMERIC
        if manifest["options"].get(name, False) != options[name]  # older manifests have no remat: it was off
    ]


def other_run(path: Path, rows: Sequence[str]) -> CheckpointUnusable:
    """Returns the error for a checkpoint that belongs to another run, with a table of what differs."""
    advice = f"Resume it with its own settings, or start a new run with its weights: --init-from {path}"
    return CheckpointUnusable("\n".join([f"{path} belongs to another run:", *rows, advice]))


def _spread(options: Mapping[str, Any]) -> str:
    given = options.get("mesh"), options.get("shard", ()), options.get("fsdp", False)
    return spread(*given) or "no mesh"


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a recipe as plain values, with defaults filled in, so that equal recipes compare equal."""
    plain = json.loads(json.dumps(recipe, default=str))
    tables: dict[str, Any] = {}
    try:
        card, name = _catalogue.card(plain["model"]), plain["dataset"]
        known = trainer_flags(
            plain["trainer"],
            (*trainer_options(plain["trainer"]), *task_options(plain.get("task", ""))),
            plain.get("t", {}),
        )
        data = () if name in GIVEN else data_flags(source(name), plain["d"])
        for flag in (*model_flags(card, plain["m"]), *data, *known):
            tables[flag.name] = json.loads(json.dumps(flag.default, default=str))
    except (KeyError, TypeError, ValueError, AttributeError):
        tables = {"recipe": plain}  # of another version, or no recipe: it will differ
    defaults = json.loads(json.dumps(asdict(Recipe("", ""))))  # for fields that are newer than the run
    own = {name: value for name, value in (defaults | plain).items() if name not in (*_MAY_DIFFER, "m", "d", "t")}
    return own | tables


def _format(flat: Mapping[str, Any], name: str) -> str:
    return repr(flat[name]) if name in flat else "absent"
