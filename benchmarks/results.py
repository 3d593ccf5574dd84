"""Measures the results of docs/results.md and writes its table and the README's: `python -m benchmarks.results`.

Each value is a complete run of the command line in its own process. The data sets of scikit-learn are small: their five
values are five folds with different seeds, so that every example is in a test set once. Values are stored in
results.json beside this file; `--only` measures some of them again.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from zoo._catalogue import card, names
from zoo.train.cli.train_args import Command, read
from zoo.train.config.recipe import book, recipe_for
from zoo.train.runs.folder import is_run, read_config, read_result

from .page import DOCS, HERE, README, measured_on, publish, where

KEPT = HERE / "results.json"
MODELS, PAGE = DOCS / "models.md", DOCS / "results.md"


_NAMES = {
    "bpc": "bits per character",
    "nats": "nats per character",
    "r2": "R2",
    "mse": "mean squared error",
    "rmse": "RMSE",
    "frechet": "Frechet distance in classifier features",
    "classifier_score": "classifier score",
    "gain": "PSNR gain in dB",
    "scaled_sse": "squared error of an image (pixels from 0 to 1)",
    "activation": "mean activation of hidden units",
    "quantisation_error": "quantisation error",
    "free_nrmse": "normalised error after 84 free steps",
    "log_likelihood": "log-likelihood in nats",
    "elbo": "evidence lower bound in nats",
    "psnr": "PSNR in dB",
    "own_r2": "R2 of the factor found worst",
    "wrong_bits": "wrong bits of a sequence",
}
_SHARES = {
    "accuracy": "",
    "bit_accuracy": " of the bits",
    "exact": " recalled without an error",
    "exact_match": " of sequences without an error",
    "good": " good samples",
    "agreement": " in the requested class",
}


@dataclass(frozen=True)
class Claim:
    """Result shown in docs/results.md; without bounds of its own it has those of its recipe."""

    name: str
    flags: str  # of python -m zoo.train
    runs: int = 1
    folds: bool = False  # each run uses another fifth as its test set
    best: bool = False  # use the best epoch, as the cited source does
    metric: str = "accuracy"
    at_least: float = 0.0
    at_most: float = float("inf")
    source: str = ""  # remark on the bound
    also: str = ""  # a second metric to show
    reference: str = ""  # what the result stands beside: a published, an exact or another program's result


CLAIMS = (
    Claim("cnn-digits", "--model cnn", 5, folds=True, at_least=0.985),
    Claim(
        "resnet-digits", "--model resnet", 5, folds=True, at_least=0.98, reference="He et al. 2015: 91.25 % on CIFAR-10"
    ),
    Claim("mlp-digits", "--model mlp", 5, folds=True, at_least=0.975),
    Claim("logistic-digits", "--model logistic", 5, folds=True, at_least=0.96),
    Claim(
        "perceptron-digits",
        "--model perceptron",
        5,
        folds=True,
        at_least=0.93,
        reference="Perceptron of scikit-learn: 93.9 %, of training examples",
    ),
    Claim("elm-digits", "--model elm", 5, folds=True, at_least=0.98),
    Claim("rbf-digits", "--model rbf", 5, folds=True, at_least=0.988),
    Claim("svm-digits", "--model svm", 5, folds=True, at_least=0.988),
    Claim("svm-digits-linear", "--model svm --recipe linear", 5, folds=True, at_least=0.975, source="without a kernel"),
    Claim(
        "kohonen-iris",
        "--model kohonen",
        5,
        folds=True,
        metric="quantisation_error",
        at_most=0.45,
        source="on unseen flowers",
        reference="MiniSom: 0.31, of training flowers",
    ),
    Claim(
        "lsm-spike_templates",
        "--model lsm",
        5,
        at_least=0.95,
        also="raw_accuracy",
        source="without the liquid: raw_accuracy",
        reference="chance: 50 %",
    ),
    Claim(
        "lsm-spike_digits",
        "--model lsm --dataset spike_digits",
        5,
        folds=True,
        at_least=0.9,
        also="raw_accuracy",
        source="without the liquid: raw_accuracy",
        reference="chance: 10 %",
    ),
    Claim(
        "hopfield-digits",
        "--model hopfield",
        5,
        metric="exact",
        at_least=0.95,
        source="15 % of the pixels flipped",
        reference="Hopfield 1982: recall up to 0.15 patterns per unit",
    ),
    Claim(
        "hopfield-digits-half",
        "--model hopfield --t.hide lower",
        5,
        metric="exact",
        at_least=0.95,
        source="lower half hidden",
    ),
    Claim(
        "hopfield-digits-modern",
        "--model hopfield --recipe modern",
        5,
        metric="exact",
        at_least=0.99,
        source="100 digits, 15 % of the pixels flipped",
    ),
    Claim(
        "boltzmann-encoder",
        "--model boltzmann",
        5,
        metric="log_likelihood",
        at_least=-1.8,
        reference="the best possible: -1.386",
    ),
    Claim("ntm-copy_bits", "--model ntm", 3, metric="wrong_bits", at_most=0.1, reference="a guess: 42"),
    Claim("dnc-copy_bits", "--model dnc", metric="bit_accuracy", at_least=0.98, reference="a guess: 50 %"),
    Claim(
        "dnc-associative_recall",
        "--model dnc --dataset associative_recall",
        metric="exact_match",
        at_least=0.98,
    ),
    Claim("rbm-digits", "--model rbm", 5, folds=True, metric="log_likelihood", at_least=-19),
    Claim(
        "rbm-bars_and_stripes",
        "--model rbm --dataset bars_and_stripes",
        5,
        metric="log_likelihood",
        at_least=-3.7,
        reference="the best possible: -3.401",
    ),
    Claim(
        "vae-digits",
        "--model vae",
        5,
        folds=True,
        metric="log_likelihood",
        at_least=-94,
        also="active_latents",
        reference="independent pixels: -107.7",
    ),
    Claim(
        "vae-mnist", "--model vae --dataset mnist", metric="elbo", at_least=-104, reference="Flax's example: about -104"
    ),
    Claim(
        "vae-mnist-binary",
        "--model vae --dataset mnist --recipe binary",
        metric="log_likelihood",
        at_least=-88,
        also="classifier_score",
        source="importance-weighted bound; 7.5 of 10 for the classifier score of samples",
    ),
    Claim(
        "deconvolutional-shape_attributes",
        "--model deconvolutional",
        metric="psnr",
        at_least=25,
        source="pairs of form and colour that no training image has",
        reference="the mean image: 16.15",
    ),
    Claim(
        "dcign-shape_factors",
        "--model dcign",
        metric="own_r2",
        at_least=0.9,
        also="other_r2",
        source="from its own latents; from all others: other_r2",
        reference="a perfect code: 1",
    ),
    Claim(
        "dbn-digits",
        "--model dbn",
        5,
        folds=True,
        at_least=0.965,
        reference="Hinton, Osindero & Teh 2006: 98.75 % on MNIST",
    ),
    Claim(
        "dbn-mnist",
        "--model dbn --dataset mnist",
        at_least=0.9875,
        reference="Hinton, Osindero & Teh 2006: 98.75 %, without shifted images",
    ),
    Claim(
        "autoencoder-digits",
        "--model autoencoder",
        5,
        folds=True,
        metric="scaled_sse",
        at_most=0.9,
        reference="10 principal components: 1.27",
    ),
    Claim(
        "autoencoder-mnist",
        "--model autoencoder --dataset mnist",
        metric="scaled_sse",
        at_most=4.62,
        reference="30 principal components: 13.87",
    ),
    Claim(
        "dae-digits",
        "--model dae",
        5,
        folds=True,
        metric="gain",
        at_least=6,
        source="Gaussian noise",
        reference="the damaged image: 0",
    ),
    Claim("dae-digits-masking", "--model dae --m.noise masking", 5, folds=True, metric="gain", at_least=6),
    Claim("dae-digits-salt", "--model dae --m.noise salt_and_pepper", 5, folds=True, metric="gain", at_least=6),
    Claim("dae-mnist", "--model dae --dataset mnist", metric="gain", at_least=6, source="half of the pixels masked"),
    Claim("sae-patches", "--model sae", 3, metric="activation", reference="target: 0.05"),
    Claim(
        "mlp-iris",
        "--model mlp --dataset iris",
        5,
        folds=True,
        at_least=0.95,
        reference="MLPClassifier of scikit-learn: 96 %",
    ),
    Claim("mlp-spiral", "--model mlp --dataset spiral", at_least=0.97),
    Claim("linear-diabetes", "--model linear", 1, metric="r2", reference="least squares: {exact:.4f}"),
    Claim("lstm-digits", "--model lstm", 5, folds=True, at_least=0.97),
    Claim("rnn-digits", "--model rnn", 5, folds=True, at_least=0.95, reference="logistic regression: 96.33 %"),
    Claim("gru-digits", "--model gru", 5, folds=True, at_least=0.97),
    Claim("bigru-future", "--model bigru", at_least=0.99, reference="one direction: 50 %"),
    Claim("birnn-future", "--model birnn", at_least=0.99, reference="one direction: 50 %"),
    Claim("bilstm-future", "--model bilstm", at_least=0.99, reference="one direction: 50 %"),
    Claim("markov-text", "--model markov", metric="bpc", at_most=2.4, reference="shares of the characters alone: 4.61"),
    Claim("lstm-text", "--model lstm --dataset text", metric="bpc", at_most=2.32, reference="markov, n = 5: 2.322"),
    Claim(
        "lstm-tinyshakespeare",
        "--model lstm --dataset tinyshakespeare",
        metric="nats",
        at_most=1.65,
        reference="nanoGPT on a laptop: 1.88",
    ),
    Claim("lstm-adding", "--model lstm --dataset adding", metric="mse", at_most=0.01, reference="constant 1: 0.167"),
    Claim("gru-adding", "--model gru --dataset adding", metric="mse", at_most=0.01, reference="constant 1: 0.167"),
    Claim(
        "rnn-adding",
        "--model rnn --dataset adding",
        metric="mse",
        at_least=0.1,
        source="as expected",
        reference="constant 1: 0.167",
    ),
    Claim("lstm-copy", "--model lstm --dataset copy", at_least=0.6, reference="chance: 12.5 %"),
    Claim("lstm-future", "--model lstm --dataset future", at_most=0.55, reference="chance, as expected: 50 %"),
    Claim(
        "gru-mackey_glass",
        "--model gru --dataset mackey_glass",
        metric="rmse",
        at_most=0.02,
        reference="persistence: 0.325, linear: 0.095",
    ),
    Claim(
        "esn-mackey_glass",
        "--model esn",
        10,
        metric="free_nrmse",
        at_most=0.001,
        reference="Jaeger 2001: 0.00028, 400 units",
    ),
    Claim("lstm-permuted", "--model lstm --recipe permuted", 5, folds=True, at_least=0.9),
    Claim("gru-permuted", "--model gru --recipe permuted", 5, folds=True, at_least=0.9),
    Claim("mlp-mnist", "--model mlp --dataset mnist", at_least=0.983),
    Claim(
        "mlp-mnist-nielsen",
        "--model mlp --dataset mnist --recipe nielsen",
        runs=3,
        best=True,
        at_least=0.9472,
        at_most=0.9612,
        reference="Nielsen: 95.42, within 0.7",
    ),
    Claim(
        "elm-mnist",
        "--model elm --dataset mnist",
        at_least=0.97,
        reference="McDonnell et al. 2015: above 99 %, with more units",
    ),
    Claim("rbf-mnist", "--model rbf --dataset mnist", at_least=0.964, reference="LeCun 1998: 96.4 %"),
    Claim(
        "svm-mnist-10000",
        "--model svm --dataset mnist --d.train-examples 10000",
        at_least=0.967,
        reference="SVC of scikit-learn: 96.84 %",
    ),
    Claim("transformer-digits", "--model transformer", 5, folds=True, at_least=0.97),
    Claim(
        "transformer-text",
        "--model transformer --dataset text",
        metric="bpc",
        at_most=2.32,
        reference="markov, n = 5: 2.322",
    ),
    Claim(
        "transformer-tinyshakespeare",
        "--model transformer --dataset tinyshakespeare",
        metric="nats",
        at_most=1.65,
        reference="nanoGPT on a laptop: 1.88",
    ),
    Claim("transformer-reverse", "--model transformer --dataset reverse", at_least=1.0, source="of letters"),
    Claim("transformer-sort", "--model transformer --dataset sort", at_least=1.0, source="of letters"),
    Claim(
        "attention-dates",
        "--model attention",
        3,
        metric="exact_match",
        at_least=0.99,
        reference="the best possible: 100 %",
    ),
    Claim(
        "capsule-digits",
        "--model capsule",
        5,
        folds=True,
        at_least=0.988,
        reference="Sabour et al. 2017: 99.75 % on MNIST",
    ),
    Claim("capsule-multi_digits", "--model capsule --dataset multi_digits", at_least=0.9, source="both digits found"),
    Claim("capsule-mnist", "--model capsule --dataset mnist", at_least=0.994, reference="Sabour et al. 2017: 99.75 %"),
    Claim("lstm-mnist", "--model lstm --dataset mnist", at_least=0.987),
    Claim(
        "gan-ring",
        "--model gan",
        5,
        metric="good",
        at_least=0.9,
        also="modes",
        source="of 8 modes",
        reference="Metz et al. 2017: a plain GAN holds one mode at a time",
    ),
    Claim(
        "wgan_gp-grid",
        "--model wgan_gp --dataset grid",
        metric="good",
        at_least=0.75,
        also="modes",
        source="of 25 modes",
    ),
    Claim("dcgan-digits", "--model dcgan", 5, metric="frechet", at_most=0.1),
    Claim("cgan-digits", "--model cgan", metric="agreement", at_least=0.95),
    Claim("denoise-shapes", "--model denoise", metric="gain", at_least=6, source="over the noisy image"),
    Claim("colorize-shapes", "--model colorize", metric="gain", at_least=7, source="over the grey image"),
    Claim("dcgan-mnist", "--model dcgan --dataset mnist", metric="classifier_score", at_least=8.5, source="of 10"),
    Claim("cgan-mnist", "--model cgan --dataset mnist", metric="agreement", at_least=0.95),
    Claim("cnn-mnist", "--model cnn --dataset mnist", 3, at_least=0.9925, reference="Flax's example: 99.17 to 99.25 %"),
    Claim("cnn-svhn", "--model cnn --dataset svhn", at_least=0.906, reference="Netzer et al. 2011: 90.6 %"),
    Claim("resnet-cifar10", "--model resnet --dataset cifar10", at_least=0.9125, reference="He et al. 2015: 91.25 %"),
    Claim(
        "resnet-cifar10-fast",
        "--model resnet --dataset cifar10 --recipe fast",
        at_least=0.94,
        reference="airbench 2024, with a network of its own: 94 %",
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and writes it into docs/results.md, and what stands for each row into the README."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=[claim.name for claim in CLAIMS], help="measure only these")
    parser.add_argument("--data-dir", help="folder that holds the downloaded data sets")
    parser.add_argument("--table", action="store_true", help="write the table from stored values, without measuring")
    parser.add_argument("--runs", type=Path, help="folder that keeps runs; finished ones are read")
    args = parser.parse_args(argv)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for claim in CLAIMS:
        if not args.table and (args.only is None or claim.name in args.only):
            kept[claim.name] = measured(claim, args.data_dir, args.runs)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    text = table(kept)
    print(text)
    from . import chart_results, pages  # need this module

    publish(MODELS, animals=animals())
    publish(PAGE, results=text)
    publish(README, rows=chart_results.table(kept))
    pages.write()
    return 0 if all(reached(claim, kept[claim.name]) for claim in CLAIMS if claim.name in kept) else 1


def animals() -> str:
    """Makes the Markdown table of all models from their cards."""
    lines = ["| model | description | paper | data sets |", "|---|---|---|---|"]
    for name in names():
        text = card(name)
        paper = text.field("Paper")
        data = dict.fromkeys(recipe.dataset for recipe in book(name).recipes)
        lines.append(f"| `{name}` | {text.title.partition(': ')[2]} | {paper} | {', '.join(data)} |")
    return "\n".join(lines)


def measured(claim: Claim, data_dir: str | None, runs: Path | None = None) -> dict:
    """Runs the command of a claim, as many times as the claim requires.

    Args:
        claim: the claim.
        data_dir: folder that holds the downloaded data sets.
        runs: folder that keeps the runs, NAME-SEED; those that are finished are read, those that were cut off resumed,
            and then no time is known.

    Raises:
        SystemExit: if a run in that folder has another recipe.
    """
    values, seconds, also, measured_by = [], [], [], where()
    for run in range(claim.runs):
        with tempfile.TemporaryDirectory() as folder:
            out = (runs or Path(folder)) / f"{claim.name}-{run}"
            flags = _flags(claim, run)
            if is_run(out):
                _check(out, flags)
                measured_by["versions"] |= read_config(out)["versions"]
            else:
                seconds.append(_train([*flags, "--out", str(out)], data_dir))
            if read_result(out).get("stopped_by_signal") != 0:
                _train(["--resume", str(out)], data_dir)
            values.append(value(claim, out))
            if claim.also:
                also.append(value(replace(claim, metric=claim.also), out))
            print(f"{claim.name} seed {run}: {claim.metric} {values[-1]:.4f}", flush=True)
    return {
        "claim": asdict(claim),
        "values": values,
        "seconds": seconds if len(seconds) == claim.runs else [],
        "also": also,
        "exact": least_squares() if claim.metric == "r2" else None,
        **measured_by,
    }


def _flags(claim: Claim, run: int) -> list[str]:
    """Returns the flags of the run of one seed."""
    return [*claim.flags.split(), "--seed", str(run), *(["--d.fold", str(run)] if claim.folds else [])]


def _check(out: Path, flags: Sequence[str]) -> None:
    """Checks that a run has the recipe of the flags; what the recipe expects of its scores may have changed."""
    command = read(flags, "")
    assert isinstance(command, Command)
    wanted, found = (json.loads(json.dumps(each)) for each in (asdict(command.recipe), read_config(out)["recipe"]))
    if wanted | {"expect": None} != found | {"expect": None}:
        raise SystemExit(f"{out} is a run of another recipe than {' '.join(flags)}: remove it, or name another folder")


def _train(flags: Sequence[str], data_dir: str | None) -> float:
    """Runs the command of training, and returns the seconds."""
    began = time.perf_counter()
    place = ["--data-dir", data_dir] if data_dir else []
    subprocess.run([sys.executable, "-m", "zoo.train", *flags, *place, "--quiet"], check=True)
    return time.perf_counter() - began


def value(claim: Claim, run: Path) -> float:
    """Reads the last test score of a run, or the best one."""
    return max(scores_of(run, claim.metric)) if claim.best else scores_of(run, claim.metric)[-1]


def scores_of(run: Path, metric: str, split: str = "test") -> list[float]:
    """Reads the scores of a run on a split, one for each evaluation, or that of its samples at the end."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found = [row[metric] for row in rows if row["split"] == split and metric in row]
    return found or [read_result(run)["images"][metric]["made"]]


def least_squares() -> float:
    """Computes the score of scikit-learn's closed-form solution on the data of `linear`."""
    from sklearn.linear_model import LinearRegression

    from zoo.train.data.dataset import load_data

    data = load_data("diabetes")
    return float(LinearRegression().fit(*data.train[:2]).score(*data.test[:2]))


def reached(claim: Claim, kept: dict) -> bool:
    """Returns whether the values reach the target."""
    mean = statistics.mean(kept["values"])
    least, most = bounds(claim)
    return abs(mean - kept["exact"]) <= 1e-3 if kept["exact"] is not None else least <= mean <= most


def bounds(claim: Claim) -> tuple[float, float]:
    """Returns the least and the largest value of a claim, its own or those that its recipe expects."""
    if claim.at_least or claim.at_most < math.inf:
        return claim.at_least or -math.inf, claim.at_most
    flags = dict(zip(*[iter(claim.flags.split())] * 2, strict=True))
    expect = recipe_for(flags["--model"], flags.get("--dataset"), flags.get("--recipe", "")).expect
    if expect is None or expect.metric != claim.metric:
        raise ValueError(f"the claim {claim.name} has no bound, and its recipe expects no {claim.metric}: add one")
    return expect.bounds


def table(kept: dict) -> str:
    """Makes the Markdown table, followed by machine, versions and date."""
    lines = ["| command `python -m zoo.train ...` | result | target | time |", "|---|---|---|---|"]
    lines += [row(claim, kept.get(claim.name)) for claim in CLAIMS]
    return "\n".join([*lines, "", measured_on(list(kept.values()))])


def row(claim: Claim, kept: dict | None) -> str:
    """Makes a row of the table; of a claim without stored values only its target."""
    if kept is None:
        return f"| `{claim.flags}` | not measured | {target(claim)} | |"
    # Without seconds: the machine did other work at the same time.
    took = f"{statistics.median(kept['seconds']):.1f} s " if kept["seconds"] else ""
    missed = "" if reached(claim, kept) else "missed: "
    return f"| `{claim.flags}` | {measurement(claim, kept)} | {missed}{target(claim, kept['exact'])} | {took}|"


def measurement(claim: Claim, kept: dict, spread: bool = True) -> str:
    """Formats the mean of the values of a claim.

    Args:
        claim: the claim.
        kept: its stored values.
        spread: also show number, least and greatest of the values, and the second metric.
    """
    values, share = kept["values"], claim.metric in _SHARES
    text = figure(statistics.mean(values), share) + f" %{_SHARES.get(claim.metric, '')}" * share
    text = text if share else f"{_NAMES.get(claim.metric, claim.metric)} {text}"
    if not spread:
        return text + " at the best epoch" * claim.best
    if len(values) > 1:
        what = "folds" if claim.folds else "seeds"
        text += f", mean of {len(values)} {what} ({figure(min(values), share)} to {figure(max(values), share)})"
    text += " at the best epoch" * claim.best
    if claim.also:
        text += f"; {claim.also} {statistics.mean(kept['also']):.3g}" + " on average" * (len(set(kept["also"])) > 1)
    return text


def target(claim: Claim, exact: float | None = None) -> str:
    """Formats the bound that a result must reach, and its source."""
    text = held(*bounds(claim), claim.metric in _SHARES) if exact is None else "within 0.001 of the exact solution"
    notes = "; ".join(each for each in (claim.source, beside(claim, exact)) if each)
    return text + (f" ({notes})" if notes else "")


def beside(claim: Claim, exact: float | None = None) -> str:
    """Formats what a result stands beside."""
    return claim.reference.format(exact=exact or 0)


def held(least: float, most: float, share: bool = False) -> str:
    """Formats bounds for the table.

    >>> held(0.985, math.inf, share=True), held(0.045, 0.055)
    ('98.5 % or more', '0.045 to 0.055')
    """
    low, high = (f"{100 * bound if share else bound:g}{' %' * share}" for bound in (least, most))
    if math.isinf(most):
        return f"{low} or more"
    return f"{high} or less" if math.isinf(least) else f"{low} to {high}"


def figure(value: float, share: bool) -> str:
    """Formats a value for the table; shares in per cent."""
    if share:
        return f"{100 * value:.2f}"
    return f"{value:.4f}" if abs(value) >= 0.01 else f"{value:.2g}"


if __name__ == "__main__":
    sys.exit(main())
