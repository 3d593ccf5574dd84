"""Generates text or images with a trained model."""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..config.schema import Option
from ..data.vocabulary import Vocabulary
from ..errors import BadInput
from .model_args import parse_model_args

__all__ = ["main"]

_TEXT, _MADE, _BOTH = "what to write, of a language model", "what to make, of a generator", "of both"
_FLAGS = (
    Option("prompt", str, "\n", "what the text begins with", _TEXT),
    Option("length", int, 500, "how many characters, or words, to write after it", _TEXT),
    Option("temperature", float, 0.8, "below 1 it writes what is likelier, at 0 always the likeliest", _TEXT),
    Option("top_k", int, 0, "draw from the so many likeliest alone; 0 from all", _TEXT),
    Option("top_p", float, 1.0, "draw from the likeliest that together reach this share; 1 from all", _TEXT),
    Option("number", int | None, None, "how many samples (64), ways (8) or pairs (16)", _MADE, "-n"),
    Option("out", Path | None, None, "the PNG to write; none puts it into RUN", _MADE),
    Option("class", str | None, None, "the only class to make, by name; none makes all in turn", _MADE),
    Option("interpolate", bool, False, "draw the ways from samples to others, a row each", _MADE),
    Option("nearest", bool, False, "draw each sample with the training image that is nearest", _MADE),
    Option("data_dir", Path | None, None, "folder with data files, for --nearest", _MADE),
    Option("offline", bool, False, "open no socket for --nearest", _MADE),
    Option("seed", int, 0, "of all that is random: the same seed gives the same", _BOTH),
)
_BOUNDS = {
    "length": (1, 10_000_000),
    "temperature": (0, 100),
    "top_k": (0, 10_000_000),
    "top_p": (1e-6, 1),
    "number": (1, 10_000),
    "seed": (0, 2**32 - 1),
}


def main(words: Sequence[str], prog: str = "python -m zoo sample") -> int:
    """Generates samples with the model of a run; returns the exit code."""
    text = (
        "Lets the model of a run write on after a prompt, if it is a language model, or make samples, if it makes any."
    )
    asked = parse_model_args(words, prog, _FLAGS, text, '[--prompt "def "] [-n 64]')
    if asked is None:
        return 0
    given = asked.given
    for name, (low, high) in _BOUNDS.items():
        if given[name] is not None and not low <= given[name] <= high:
            raise BadInput(f"--{name.replace('_', '-')} must lie between {low} and {high}, got {given[name]}")
    from ..inference.memory import explain_out_of_memory

    explain_out_of_memory(asked.run, lambda: _sample(asked.run, given, asked.typed))
    return 0


def _sample(run: str, given: Mapping[str, Any], typed: Collection[str]) -> None:
    from ..trained.model import load

    trained = load(run)
    name, writes = trained.about["model"], trained.task.command == "sample" and bool(trained.about["vocabulary"])
    if not writes and not hasattr(trained.model, "given") and not hasattr(trained.model, "sample"):
        raise BadInput(f"{run} is no language model and no generator: {name} learned {trained.about['dataset']}")
    ours = _TEXT if writes else _MADE
    for flag in _FLAGS:
        if flag.name in typed and flag.group not in (ours, _BOTH):
            other = "images" if flag.group == _MADE else "a text"
            takes = ", ".join(each.flag for each in _FLAGS if each.group in (ours, _BOTH))
            raise BadInput(
                f"{flag.flag} is for models that make {other}; {run} is a {name}, for which there are {takes}"
            )
    if writes:
        _write(trained, given, "prompt" in typed)
    else:
        from ..inference.sample import write_samples

        write_samples(trained, Path(run), given)


def _write(trained: Any, given: Mapping[str, Any], asked: bool) -> None:
    import jax

    from ..trained.generate_text import generate_tokens

    vocabulary = Vocabulary(tuple(trained.about["vocabulary"]))
    prompt = given["prompt"] if asked or given["prompt"] in vocabulary.tokens else vocabulary.tokens[0]
    options = {name: given[name] for name in ("temperature", "top_k", "top_p")}
    key = jax.random.key(given["seed"])
    start = _start(vocabulary, prompt)
    for tokens in generate_tokens(trained.model, trained.params, trained.state, start, given["length"], key, **options):
        sys.stdout.write(prompt + vocabulary.decode(tokens.tolist()))
        sys.stdout.flush()
        prompt = ""
    sys.stdout.write("\n")


def _start(vocabulary: Vocabulary, prompt: str) -> Any:
    """The prompt's numbers; nothing of it may be unknown."""
    if not prompt:
        raise BadInput("--prompt is empty: give one character or more to begin with")
    try:
        unknown = vocabulary.unknown(prompt) if vocabulary.level == "words" else []
        if unknown:
            raise BadInput(f"{', '.join(map(repr, unknown))} is none of the {len(vocabulary.tokens)} words learned")
        return vocabulary.encode(prompt)
    except BadInput as error:
        raise BadInput(f"--prompt {prompt!r}: {error}") from None
