"""Measures an accelerator in a few minutes: `python -m benchmarks.accelerator --minutes 8 [--data-dir DIR]`.

Checks first that every model computes on the device what it computes on the CPU, then measures training steps, the time
from the command to the score on MNIST, the same steps in PyTorch and Flax where they are installed, the kernels of what
is slow, other forms of the steps, and the time to the first step. The most valuable comes first. Every row is written
at once into results.json and results.md of the folder --out: a measurement that was ended is continued by the same
command. On a CPU the sizes are tiny and the times say nothing. Exit code 1: a check of correctness failed.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo.train.cli.exit import end_process, run_command
from zoo.train.errors import BadInput, RunFailed, warn
from zoo.train.runtime.accelerators import advice, detect

from .measure import measure
from .plan import SECTIONS, WORKER, Asked
from .process import Ended, lines
from .publish import publish_results
from .record import PAGE, Record

_CHECKS = ("losses", "forms", "resume")  # tables of correctness


def main(argv: Sequence[str] | None = None) -> int:
    """Measures; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accelerator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [section.name for section in SECTIONS]
    parser.add_argument("--minutes", type=float, default=8.0, help="minutes that it may take (8)")
    parser.add_argument("--data-dir", help="folder that holds MNIST, for the time to the score")
    parser.add_argument("--platform", choices=["cpu", "gpu", "tpu"], help="platform that jax must have (any)")
    parser.add_argument("--sizes", choices=["full", "tiny"], help="sizes of the workloads (tiny on the CPU, else full)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SECTION", help=", ".join(names))
    parser.add_argument("--out", type=Path, default=Path("accelerator"), help="folder of the results (accelerator)")
    parser.add_argument("--overwrite", action="store_true", help="begin anew where --out has results")
    parser.add_argument(
        "--publish", nargs="*", metavar="FILE", help="add results to docs/accelerators.md, no measuring"
    )
    args = parser.parse_args(argv)
    return run_command(lambda: _main(args))


def _main(args: argparse.Namespace) -> int:
    if args.publish is not None:
        return publish_results([Path(file) for file in args.publish])
    if not args.minutes > 0:
        raise BadInput(f"--minutes {args.minutes:g} must be above 0")
    if args.data_dir and not Path(args.data_dir).is_dir():
        raise BadInput(f"--data-dir {args.data_dir} is no folder")
    end = time.monotonic() + 60 * args.minutes
    environment = {"JAX_PLATFORMS": "cpu"} if args.platform == "cpu" else {}
    record = Record(args.out, args.overwrite)
    about = _device(environment, end)
    _check_platform(args.platform, about)
    tiny = (args.sizes or ("tiny" if about["platform"] == "cpu" else "full")) == "tiny"
    there = record.begin({**about, "sizes": "tiny" if tiny else "full", "minutes": args.minutes})
    _say(f"device   {', '.join(about['devices'])} ({about['platform']})" + "; tiny sizes" * tiny)
    _say(f"results  {record.folder / PAGE}" + f", {there} rows measured before" * bool(there))
    asked = Asked(about["platform"], tiny, args.data_dir and os.path.abspath(args.data_dir), record.rows)
    measure([each for each in SECTIONS if each.name in args.only], asked, record, end, environment, _say)
    wrong = [
        f"{table}: {name}" for table, rows in record.rows.items() for name, row in rows.items() if _is_wrong(table, row)
    ]
    if wrong:
        raise RunFailed(f"{len(wrong)} checks of correctness failed: {'; '.join(wrong)}")
    return 0


def _is_wrong(table: str, row: dict[str, Any]) -> bool:
    """Returns whether a check exceeds its bound, or could not be made.

    >>> _is_wrong("losses", {"fine": False}), _is_wrong("losses", {"failed": "why"}), _is_wrong("steps", {"failed": ""})
    (True, True, False)
    """
    return row.get("fine") is False or (table in _CHECKS and "failed" in row)


def _device(environment: dict[str, str], end: float) -> dict[str, Any]:
    """Asks a process for the devices: this one leaves them to the processes that measure."""
    try:
        row = next(lines((WORKER, "limits", "device"), end - time.monotonic(), environment))
    except (Ended, StopIteration) as error:
        late = "; give more --minutes" if time.monotonic() >= end else ""
        raise RunFailed(f"jax cannot start on its devices: the process {error}{late}") from None
    if "failed" in row:
        raise RunFailed(f"jax cannot start on its devices: {row['failed']}")
    return row


def _check_platform(wanted: str | None, about: dict[str, Any]) -> None:
    here = about["platform"]
    if wanted and wanted != here:
        raise BadInput(f"--platform {wanted}: jax finds no {wanted} here, only {here}. {advice()}")
    if here == "cpu" and not wanted:
        warn(
            f"jax finds no accelerator and measures the CPU. {advice()}" if detect() else "there is no accelerator here"
        )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what it started is ended as well
    end_process(main())
