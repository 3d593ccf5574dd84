"""The command `python -m zoo sample RUN`: a trained language model writes, to the terminal, as it goes."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .data.vocabulary import Vocabulary
from .errors import BadInput
from .exits import guarded
from .flags import Flag
from .parser import Parser

__all__ = ["main"]

_FLAGS = (
    Flag("prompt", str, "\n", "what the text begins with", "what to write"),
    Flag("length", int, 500, "how many characters, or words, to write after it", "what to write"),
    Flag("temperature", float, 0.8, "below 1 it writes what is likelier, at 0 always the likeliest", "what to write"),
    Flag("top_k", int, 0, "draw from the so many likeliest alone; 0 from all", "what to write"),
    Flag("top_p", float, 1.0, "draw from the likeliest that together reach this share; 1 from all", "what to write"),
    Flag("seed", int, 0, "of all that is random: the same seed writes the same text", "what to write"),
    Flag("help", bool, False, "print this page", "help", "-h"),
)
_BOUNDS = {
    "length": (1, 10_000_000),
    "temperature": (0, 100),
    "top_k": (0, 10_000_000),
    "top_p": (1e-6, 1),
    "seed": (0, 2**32 - 1),
}


def main(words: Sequence[str], prog: str = "python -m zoo sample") -> int:
    """Writes what the model of a run draws; gives the exit code."""
    return guarded(lambda: _main(words, prog))


def _main(words: Sequence[str], prog: str) -> int:
    run, *rest = words if words and not words[0].startswith("-") else ("", *words)
    parser = Parser(_FLAGS, prog, "RUN [--flag value ...]", "Writes on after a prompt, by the language model of a run.")
    typed = parser.read(rest)
    given = {flag.name: flag.default for flag in _FLAGS} | typed
    if given["help"]:
        print(parser.format_help().rstrip())
        return 0
    if not run:
        raise BadInput(f'which run? usage: {prog} RUN [--prompt "def "] [--length 500], RUN being a folder runs/...')
    for name, (low, high) in _BOUNDS.items():
        if not low <= given[name] <= high:
            raise BadInput(f"--{name.replace('_', '-')} must lie between {low} and {high}, got {given[name]}")
    _write(run, given, "prompt" in typed)
    return 0


def _write(run: str, given: Mapping[str, Any], asked: bool) -> None:
    import jax

    from .sample import written
    from .saved import load

    trained = load(Path(run))
    if trained.about["task"] != "language":
        raise BadInput(f"{run} is no language model: {trained.about['model']} learned {trained.about['dataset']}")
    vocabulary = Vocabulary(tuple(trained.about["vocabulary"]))
    prompt = given["prompt"] if asked or given["prompt"] in vocabulary.tokens else vocabulary.tokens[0]
    options = {name: given[name] for name in ("temperature", "top_k", "top_p")}
    key = jax.random.key(given["seed"])
    start = _start(vocabulary, prompt)
    for tokens in written(trained.model, trained.params, trained.state, start, given["length"], key, **options):
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
