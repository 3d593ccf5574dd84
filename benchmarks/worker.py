"""Trains one library on one workload: `python -m benchmarks.worker flax rows --seconds 10` prints a JSON line."""

import time

_BEGAN = time.perf_counter()

import argparse  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402

from .clock import Clock, Steps, Turns  # noqa: E402
from .peers import TIMED  # noqa: E402
from .workloads import LARGE, WORKLOADS, Data, make_data, tiny  # noqa: E402


def main() -> int:
    """Trains, and prints the measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("peer", choices=[*TIMED, "limit"])
    parser.add_argument("workload", choices=WORKLOADS | LARGE, nargs="?", default="mlp")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--turns", action="store_true", help="says what each turn took, waits for a line to go on")
    parser.add_argument("--data-dir", help="folder that holds MNIST: trains one epoch of it, whatever the time")
    parser.add_argument("--precision", choices=["default", "float32", "bf16"], default="default")
    parser.add_argument("--tiny", action="store_true", help="few examples and a small model")
    args = parser.parse_args()
    print(json.dumps(limit(args.seconds) if args.peer == "limit" else measured(args)))
    return 0


def measured(args: argparse.Namespace) -> dict:
    """Trains for a number of seconds."""
    work, peer = replace((WORKLOADS | LARGE)[args.workload], precision=args.precision), TIMED[args.peer]
    work = tiny(work) if args.tiny else work
    if args.precision == "float32":
        os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"  # read when jax is imported
    # Before the clock starts: reading data is not what is compared.
    data = mnist(args.data_dir) if args.data_dir else make_data(work)
    began = time.perf_counter()
    module = importlib.import_module(f".{peer.module}", __package__)
    imported = time.perf_counter() - began
    training = module.build(work, data, *peer.arguments)
    training.go(clock := _clock(args, len(data.x) // work.batch, began))
    return {
        "ms": 1000 * clock.per_step if len(clock.turns) > 1 else float("nan"),
        "whole": time.perf_counter() - began,
        "import": imported,
        "first": clock.first,  # import, compiling and the first step
        "parameters": training.parameters,
        "loss": clock.loss,
        "last": clock.last,
        "steps": sum(steps for steps, _ in clock.turns),
        "gflop": work.gflop,
        "units": work.batch * (1 if work.shape else work.window),  # examples or tokens of a step
        **_device(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10)),
    }


def _device() -> dict:
    """Returns the platform that was used and, of an accelerator, the megabytes of its memory at the peak."""
    torch, jax = (sys.modules.get(name) for name in ("torch", "jax"))
    if torch and hasattr(torch, "cuda"):  # a peer that is not PyTorch does not import it
        gpu = torch.cuda.is_available()
        return {"platform": "gpu" if gpu else "cpu"} | (
            {"device_mb": torch.cuda.max_memory_allocated() / 2**20} if gpu else {}
        )
    assert jax
    device = jax.local_devices()[0]
    peak = (device.memory_stats() or {}).get("peak_bytes_in_use")
    return {"platform": device.platform} | ({} if peak is None else {"device_mb": peak / 2**20})


def _clock(args: argparse.Namespace, per_epoch: int, began: float) -> Clock:
    if args.turns:
        return Turns(began, sys.stdout, sys.stdin)
    return Steps(per_epoch, began) if args.data_dir else Clock(args.seconds, began)


def mnist(folder: str) -> Data:
    """Loads the 60,000 training images."""
    from pathlib import Path

    from zoo.train.data.dataset import Place, load_data

    train = load_data("mnist", Place(Path(folder), offline=True)).train
    return Data(train.x, train.y.astype("int32"))


def limit(seconds: float) -> dict:
    """Measures the speed of XLA's matrix product on this machine, in GFLOP/s."""
    import jax
    import jax.numpy as jnp

    n, rates = 2048, []
    a = jnp.ones((n, n), jnp.float32)
    product = jax.jit(lambda a, b: a @ b)
    product(a, a).block_until_ready()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rates) < 3:
        began = time.perf_counter()
        product(a, a).block_until_ready()
        rates.append(2e-9 * n**3 / (time.perf_counter() - began))
    return {"gflops": sorted(rates)[len(rates) // 2]}


if __name__ == "__main__":
    sys.exit(main())
