"""Trains models by their first recipes and keeps a picture of what each gave: `python -m benchmarks.gallery`.

The pictures lie in docs/animals, NAME-result.png, and stand on the pages of `python -m benchmarks.pages`.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import zoo

from .page import DOCS

__all__ = ["CAPTIONS", "chosen", "main"]

CAPTIONS = {  # by name of a plot, the most telling first
    "recalled": "Damaged patterns, recalled ones and the energy after each sweep.",
    "code": "Patterns, the code of the hidden units, and the weights.",
    "net": "The map among the examples.",
    "map": "The units of the map, by the class of most of their examples.",
    "raster": "Spikes of the inputs and of the units by time.",
    "alignment": "Which part of the input each written token attended to.",
    "attention": "Attention of each step (row) to the steps of one test example (columns).",
    "memory": "Input, answer, where the heads wrote and read, and the memory after the last step.",
    "dimensions": "What each number of the capsule of a class changes.",
    "factors": "Images in which one factor varies, and one of them with the latents of that factor of the others.",
    "next_tokens": "The most likely tokens at each place of a test text, framed where they are right.",
    "before_after": "Input, output and original of test images.",
    "samples": "Generated samples.",
    "traversals": "Samples as one latent changes.",
    "rendered": "Test images, and what was rendered from their attributes.",
    "completion": "Lower halves of test images, completed from the upper ones.",
    "chains": "Chains of samples that begin at test images.",
    "reconstructions": "Test examples and their reconstructions.",
    "filters": "Filters of the hidden units.",
    "margins": "Margins and support vectors.",
    "forecast": "Forecast beside the truth.",
    "lags": "Gradient of the last output by the steps before it.",
    "centres": "Centres of the hidden units.",
    "regression": "Predicted beside true values.",
    "mistakes": "Misclassified test examples with the highest confidence.",
    "confusion": "Predicted by true classes.",
}
_PREFERRED = {"sae": "filters"}  # what the model was made for


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, and keeps a picture of each model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gallery", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=zoo.list_models(), help="only these models")
    parser.add_argument("--runs", nargs="+", type=Path, default=[], help="finished runs, in place of training")
    args = parser.parse_args(argv)
    if args.runs and args.only:
        parser.error("--runs takes the pictures of runs, --only trains models: give one of them")
    for run in args.runs:
        keep(zoo.load(run).about["model"], run)
    for name in [] if args.runs else args.only or zoo.list_models():
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            subprocess.run(
                [sys.executable, "-m", "zoo.train", "--model", name, "--out", str(run), "--quiet"], check=True
            )
            keep(name, run)
    return 0


def keep(name: str, run: Path) -> None:
    """Copies the most telling picture of a run to docs/animals, in place of the one of an earlier run."""
    kept = chosen(run / "plots", _PREFERRED.get(name, ""))
    if kept is not None:
        for old in (DOCS / "animals").glob(f"{name}-result-*.png"):
            old.unlink()
        (DOCS / "animals" / f"{name}-result-{kept.stem}.png").write_bytes(kept.read_bytes())
    print(f"{name}: {kept.name if kept else 'no picture'}", flush=True)


def chosen(plots: Path, preferred: str = "") -> Path | None:
    """Returns the most telling picture of a folder; None if there is none.

    Args:
        plots: folder of the plots of a run.
        preferred: name of a plot that comes before all others.
    """
    there = {path.stem: path for path in plots.glob("*.png")}
    return next((there[name] for name in (preferred, *CAPTIONS) if name in there), None)


if __name__ == "__main__":
    sys.exit(main())
