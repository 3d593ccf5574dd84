"""Going on with a run that was ended: finds its checkpoint, makes sure that it is the same run, puts it back."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax

from zoo import _catalogue

from ..callback import Callback, Journal, metrics_until
from ..checkpoints.checkpoint import FOLDER, Checkpoint, list_steps, newest, prune, read
from ..checkpoints.sharded import read_shares
from ..checkpoints.writer import named
from ..config.mesh import spread
from ..config.recipe import Recipe
from ..config.schema import data_flags, model_flags, trainer_flags
from ..data.dataset import Dataset, source
from ..data.on_disk import sample
from ..engine.loop import LoopState, Plan
from ..errors import CheckpointUnusable, warn
from ..files import MODEL_FILE, atomic, sync
from ..runtime.processes import allgather_json, broadcast_from_first, device_put, is_first
from ..tree import diff_specs, digest, specs, unflatten_into
from .environment import devices, versions
from .folder import locate_run
from .setup import Setup

__all__ = ["check_plan", "facts", "find", "fingerprint", "moment", "not_bitwise", "recall", "rewind"]

_MAY_DIFFER = ("epochs", "steps", "expect")  # how long it goes on is the user's choice
_DECIDE = ("on_nan", "matmul_precision", "remat")  # the options of a run that reach into its numbers


def find(path: Path, recipe: Recipe) -> Checkpoint | None:
    """The checkpoint to go on from, None if none was written yet; only its manifest is read, its files are checked.

    Of several processes each checks a part of the files, and all find the same.

    Args:
        path: the folder of a run, for its newest whole checkpoint, or of a checkpoint.
        recipe: what is to be trained; but for its length it must be what was trained.

    Raises:
        CheckpointUnusable: if there is none, or it is of another recipe, with a table of what differs.
    """
    run, step = locate_run(path)
    there = broadcast_from_first(lambda: list_steps(run))
    if step is None and not there:
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        _check_same(run, config["recipe"], recipe)
        if (run / "result.json").exists() or config.get("options", {}).get("ckpt_every") == "off":
            raise CheckpointUnusable(f"{run} cannot be resumed: it has no checkpoint. --overwrite starts it anew")
        return None
    if step is None:
        checkpoint = newest(run, warn if is_first() else lambda text: None, _proved, there)
    else:
        checkpoint = _proved(run / FOLDER / str(step))
    _check_same(checkpoint.path, checkpoint.manifest["recipe"], recipe)
    return checkpoint


def _proved(path: Path) -> Checkpoint:
    """A checkpoint that is of use, as every process says of its part of the files; asked by all together."""
    found, wrong = None, None
    try:
        found = read(path, jax.process_index(), jax.process_count())
        metrics_until(found.run / "metrics.jsonl", found.manifest["metrics"])
    except CheckpointUnusable as error:
        wrong = str(error)
    told = next((each for each in allgather_json(wrong) if each), None)
    if told is not None or found is None:
        raise CheckpointUnusable(told)
    return found


def moment(checkpoint: Checkpoint, setup: Setup) -> LoopState:
    """Where the run stood, in the places of a fit that its recipe makes.

    Raises:
        CheckpointUnusable: if data, length, shapes or types are not what they were, with a table of what differs.
    """
    if checkpoint.manifest["data"] != fingerprint(setup.data):
        name = setup.data.name
        raise _other(checkpoint.path, [f"  {'data':<20} {name} does not have the same examples as when the run began"])
    check_plan(checkpoint, setup.plan)
    template = setup.advance.template(setup.key)
    if not any(name.startswith("totals/") for name in checkpoint.tree):
        del template["totals"]
    rows = diff_specs(specs(template), checkpoint.tree)
    if rows:
        raise _other(checkpoint.path, rows)
    places = setup.advance.placement.of(template)
    try:
        arrays = read_shares(checkpoint.path, template, places) if checkpoint.shared else checkpoint.tensors()
        tree = device_put(unflatten_into(template, arrays), places)
    except CheckpointUnusable as error:
        raise CheckpointUnusable(f"{checkpoint.path}: {error}") from None
    return LoopState(tree["fit"], checkpoint.step, tree.get("totals"), checkpoint.manifest["since"])


def check_plan(checkpoint: Checkpoint, plan: Plan) -> None:
    """Raises CheckpointUnusable if the run would be shorter than it was meant to be, or its epochs were others."""
    was = checkpoint.manifest["plan"]
    if was.get("steps_per_epoch") != plan.steps_per_epoch:
        row = f"  {'steps an epoch':<20} {was.get('steps_per_epoch')} in the run, {plan.steps_per_epoch} now"
        raise _other(checkpoint.path, [row])
    if type(was.get("steps")) is not int or plan.steps < was["steps"]:
        row = f"  {'length':<20} {was.get('steps')} steps in the run, {plan.steps} now: it can only be lengthened"
        raise _other(checkpoint.path, [row])


def rewind(checkpoint: Checkpoint, keep: int) -> None:
    """Makes the folder what it was when the checkpoint was written, but for the rows, which are the journal's.

    Safe to be ended anywhere: until the first step, the checkpoint stays the newest of use.

    Args:
        checkpoint: that the run goes on from.
        keep: how many stay; a run that was killed behind a new one may have left one more.
    """
    run = checkpoint.run
    prune(run, keep, newer_than=checkpoint.step)
    (run / "result.json").unlink(missing_ok=True)
    if checkpoint.model is None:
        (run / MODEL_FILE).unlink(missing_ok=True)
    else:
        with checkpoint.model.open("rb") as model, atomic(run / MODEL_FILE) as file:
            shutil.copyfileobj(model, file)
    sync(run)


def recall(checkpoint: Checkpoint, journal: Journal, listeners: Sequence[Callback]) -> None:
    """Lets every listener know again what it knew when the checkpoint was written."""
    journal.recall(checkpoint.manifest["metrics"])
    memories = checkpoint.manifest["listeners"]
    for name, listener in named(listeners):
        if name in memories:
            listener.recall(memories[name])


def facts(setup: Setup, recipe: Recipe, options: Mapping[str, Any]) -> dict[str, Any]:
    """What every manifest of a run says besides where it stands."""
    return {
        "recipe": asdict(recipe),
        "plan": asdict(setup.plan),
        "options": {name: options[name] for name in _DECIDE},
        "spread": _spread(options),
        "data": fingerprint(setup.data),
        "versions": versions(),
        "devices": devices(),
    }


def fingerprint(data: Dataset) -> str:
    """The SHA-256 of all examples, and of the names of classes and tokens; of arrays beyond 64 MiB, of a sample."""
    arrays = {
        f"{part}/{name}": array
        for part, split in (("train", data.train), ("test", data.test))
        for name, array in split._asdict().items()
        if array is not None
    }
    samples = {name: sample(array) for name, array in arrays.items()}
    lengths = {name: len(array) for name, array in arrays.items() if len(array) > len(samples[name])}
    said = [data.classes, data.vocabulary, *([lengths] if lengths else [])]
    return digest(samples, json.dumps(said))


def not_bitwise(checkpoint: Checkpoint, options: Mapping[str, Any]) -> list[str]:
    """What differs from the run so far and reaches into its last bits: versions, devices, their mesh, precision."""
    manifest, now = checkpoint.manifest, {"versions": versions(), "devices": devices(), "options": options}
    told = [
        f"{name} {manifest['versions'].get(name)} then, {now['versions'][name]} now"
        for name in ("zoo", "jax", "jaxlib", "optax", "numpy")
        if manifest["versions"].get(name) != now["versions"][name]
    ]
    if manifest["devices"] != now["devices"]:
        was, here = (f"{len(each)} x {each[0]}" if each else "none" for each in (manifest["devices"], now["devices"]))
        told.append(f"{was} then, {here} now")
    then, spread_now = manifest.get("spread", _spread({})), _spread(options)
    if then != spread_now:
        told.append(f"{then} then, {spread_now} now")
    return told + [
        f"{name.replace('_', '-')} {manifest['options'].get(name)} then, {options[name]} now"
        for name in _DECIDE
        if manifest["options"].get(name, False) != options[name]  # remat came later: without
    ]


def _spread(options: Mapping[str, Any]) -> str:
    given = options.get("mesh"), options.get("shard", ()), options.get("fsdp", False)
    return spread(*given) or "no mesh"


def _check_same(path: Path, recipe: Mapping[str, Any], now: Recipe) -> None:
    was, wanted = _flat(recipe if isinstance(recipe, dict) else {}), _flat(asdict(now))
    rows = [
        f"  {name:<20} {_told(was, name)} in the run, {_told(wanted, name)} now"
        for name in sorted(was.keys() | wanted.keys())
        if was.get(name) != wanted.get(name)
    ]
    if rows:
        raise _other(path, rows)


def _other(path: Path, rows: Sequence[str]) -> CheckpointUnusable:
    advice = f"Resume it as it was, or begin a new run with its weights: --init-from {path}"
    return CheckpointUnusable("\n".join([f"{path} belongs to another run:", *rows, advice]))


def _flat(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as it is written, its options spelled out, for two that mean the same may say it in other words."""
    plain = json.loads(json.dumps(recipe, default=str))
    tables: dict[str, Any] = {}
    try:
        card, name = _catalogue.card(plain["model"]), plain["dataset"]
        asked = trainer_flags(plain["trainer"], plain.get("t", {}))
        data = () if name == "stream" else data_flags(source(name), plain["d"])
        for flag in (*model_flags(card, plain["m"]), *data, *asked):
            tables[flag.name] = json.loads(json.dumps(flag.default, default=str))
    except (KeyError, TypeError, ValueError, AttributeError):
        tables = {"recipe": plain}  # of another version, or no recipe at all: it will differ
    usual = json.loads(json.dumps(asdict(Recipe("", ""))))  # of fields that came into the zoo after the run
    own = {name: value for name, value in (usual | plain).items() if name not in (*_MAY_DIFFER, "m", "d", "t")}
    return own | tables


def _told(flat: Mapping[str, Any], name: str) -> str:
    return repr(flat[name]) if name in flat else "absent"
