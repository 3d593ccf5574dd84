"""The library's own training step, compiled for fake devices and never run.

A process has as many devices as its flags said when jax began, so each number of devices is a process of its own:
`XLA_FLAGS=--xla_force_host_platform_device_count=8 python -m benchmarks.scale.compiled mlp data 8` prints its JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

__all__ = ["CASES", "PLACEMENTS", "RUNS", "compiled", "counted", "main"]


class Case(NamedTuple):
    """A model, its data, and how `--shard` cuts its parameters.

    Attributes:
        model: the animal.
        dataset: what it learns from; that it is small changes nothing, for a step sees a batch of it.
        batch: examples on each device.
        options: of the animal.
        shard: rules, tensor parallel.
    """

    model: str
    dataset: str
    batch: int
    options: Mapping[str, Any]
    shard: tuple[str, ...] = ()


# By columns and by rows in turn, so that what stands between two layers is cut, too.
_DENSE = (r"body/\d*[02468]/w=None,model", r"body/\d*[13579]/w=model,None")

CASES = {
    "mlp-1e9": Case("mlp", "spiral", 1024, {"hidden": (8192,) * 16}, _DENSE),  # what the plan is made for
    "mlp": Case("mlp", "digits", 64, {"hidden": (512,) * 2}, _DENSE),
    "cnn": Case("cnn", "digits", 64, {}),
    "resnet": Case("resnet", "digits", 64, {}),
    "lstm": Case("lstm", "digits", 64, {"width": 512}, (r"body/0/w_.=None,model",)),
    "rnn": Case("rnn", "digits", 64, {"width": 512}),
}

PLACEMENTS = ("data", "fsdp", "model")

RUNS = (
    *(("mlp-1e9", placement, devices) for placement in PLACEMENTS for devices in (8, 64)),
    ("mlp-1e9", "data", 256),
    *(("cnn", placement, 8) for placement in ("data", "fsdp")),
    *(("lstm", placement, 8) for placement in PLACEMENTS),
    ("rnn", "data", 8),
    ("resnet", "data", 8),
)


def compiled(case: str, placement: str, devices: int) -> dict[str, Any]:
    """Compiles a step in a process with so many fake devices, and counts its collectives.

    Args:
        case: of CASES.
        placement: of PLACEMENTS.
        devices: fake ones.

    Raises:
        subprocess.CalledProcessError: if the step does not compile; what it said is in `stderr`.
    """
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    words = [sys.executable, "-m", __name__, case, placement, str(devices)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def counted(case: str, placement: str, devices: int, *, timed: bool = True) -> dict[str, Any]:
    """As `compiled`, in this process, which must have the devices.

    Args:
        case: of CASES.
        placement: of PLACEMENTS.
        devices: as many as jax has here.
        timed: compile a second time, from jax's cache.

    Raises:
        ValueError: if jax has another number of devices.
    """
    import jax

    from zoo.train import recipe_for
    from zoo.train.runs.setup import setup

    from .collectives import collectives

    if jax.device_count() != devices:
        flag = f"XLA_FLAGS=--xla_force_host_platform_device_count={devices}"
        raise ValueError(f"jax has {jax.device_count()} devices here, not {devices}: begin with {flag}")
    what = CASES[case]
    lies = _placement(placement, what)
    batch = what.batch * devices
    data = {"examples": 2 * batch} if what.dataset == "spiral" else {}  # half of them are to train on
    recipe = recipe_for(what.model, what.dataset)
    recipe = replace(recipe, batch_size=batch, m=what.options, d=data, expect=None)
    advance, key = (parts := setup(recipe, sharding=lies, score_samples=False)).advance, parts.key
    template = advance.template(key)
    fit = _placed(template["fit"], lies.fit(template["fit"]))
    totals = _placed(template["totals"], jax.tree.map(lambda leaf: lies.replicated, template["totals"]))
    order = _placed(jax.eval_shape(advance.order, key), lies.replicated)
    seconds, program = _timed(lambda: advance.trace(fit, totals, order, key).lower().compile(), again=timed)
    memory = program.memory_analysis()
    found = collectives(program.as_text(), devices)
    return {
        "case": case,
        "placement": placement,
        "devices": devices,
        "batch": what.batch,
        "shares": lies.data_parallelism,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(template["fit"]["params"])),
        "checkpoint": sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(template)),
        "arguments": memory.argument_size_in_bytes,
        "temporary": memory.temp_size_in_bytes,
        "collectives": [each._asdict() for each in found],
        "wire": sum(each.wire for each in found),
        "seconds": seconds,
    }


def _placement(name: str, case: Case) -> Any:
    """As `--fsdp`, or `--mesh model=4` with the case's `--shard`, would place it."""
    from zoo.train import RunOptions
    from zoo.train.distributed.sharding import sharding_for

    options = {"data": {}, "fsdp": {"fsdp": True}, "model": {"mesh": "model=4", "shard": case.shard}}
    return sharding_for(RunOptions(**options[name]))


def _placed(tree: Any, shardings: Any) -> Any:
    """Shapes that say where they lie."""
    import jax

    def place(leaf, sharding):
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)

    if isinstance(shardings, jax.sharding.Sharding):
        return jax.tree.map(lambda leaf: place(leaf, shardings), tree)
    return jax.tree.map(place, tree, shardings)


def _timed(compile_step: Callable[[], Any], *, again: bool) -> tuple[dict[str, float], Any]:
    """Seconds from Python to the program, anew and with jax's cache on disk; and the program."""
    import jax

    with tempfile.TemporaryDirectory() as folder:
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        seconds, program = {}, None
        for name in ("new", "cached") if again else ("new",):
            jax.clear_caches()
            began = time.perf_counter()
            program = compile_step()
            seconds[name] = time.perf_counter() - began
        jax.config.update("jax_compilation_cache_dir", None)
    return seconds, program


def main(words: Sequence[str]) -> int:
    """Prints the count of one case."""
    case, placement, devices = words
    print(json.dumps(counted(case, placement, int(devices))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
