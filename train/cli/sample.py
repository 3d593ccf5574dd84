"""Generates text or images with a trained model."""

import sys
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from ..config.schema import Option
from ..data.vocabulary import Vocabulary
from ..errors import BadInput
from ..option_types import Bounds, Seed
from .model_args import ModelArgs, parse_model_args

__all__ = ["main"]

_Length = Annotated[int, Bounds(1, 10_000_000)]
_Number = Annotated[int, Bounds(1, 10_000)]
_Temperature = Annotated[float, Bounds(0, 100)]
_TopK = Annotated[int, Bounds(0, 10_000_000)]
_TopP = Annotated[float, Bounds(1e-6, 1)]
_TEXT, _MADE, _BOTH = "language models", "generators", "both"
_FLAGS = (
    Option("prompt", str, "\n", "start of the text (default: a line break)", _TEXT, metavar="TEXT"),
    Option("length", _Length, 500, "number of characters, or words, to generate", _TEXT),
    Option("temperature", _Temperature, 0.8, "sampling temperature; 0 is greedy", _TEXT),
    Option("top_k", _TopK, 0, "number of most probable tokens to sample from; 0 is all", _TEXT),
    Option("top_p", _TopP, 1.0, "probability mass of the tokens to sample from; 1 is all", _TEXT),
    Option(
        "number",
        _Number | None,
        None,
        "number of samples (default: 64; 8 interpolations, 16 nearest pairs)",
        _MADE,
        "-n",
    ),
    Option("class", str | None, None, "name of the class to generate (default: all classes in turn)", _MADE),
    Option("interpolate", bool, False, "interpolations between samples, one row each", _MADE),
    Option("nearest", bool, False, "each sample beside its nearest training image", _MADE),
    Option(
        "data_dir",
        Path | None,
        None,
        "folder with data files, for --nearest (default: ZOO_DATA, else the user's cache)",
        _MADE,
    ),
    Option("offline", bool, False, "no network access for --nearest", _MADE),
    Option(
        "out",
        Path | None,
        None,
        "PNG file, or file of the text in UTF-8 (default: PNG in the folder of the run, text printed)",
        _BOTH,
    ),
    Option("seed", Seed, 0, "random seed", _BOTH),
)


def main(words: Sequence[str], prog: str = "python -m zoo sample") -> int:
    """Generates samples with the model of a run; returns the exit code."""
    text = "Generates text from a prompt with a language model, or images and points with a generative model."
    asked = parse_model_args(words, prog, _FLAGS, text, '[--prompt "def "] [-n 64]')
    if asked is None:
        return 0
    from ..inference.memory import explain_out_of_memory

    explain_out_of_memory(asked.run, lambda: _sample(asked))
    return 0


def _sample(asked: ModelArgs) -> None:
    run, given, trained = asked.run, asked.given, asked.load()
    name, writes = trained.about["model"], trained.task.command == "sample" and bool(trained.about["vocabulary"])
    if not writes and not hasattr(trained.model, "given") and not hasattr(trained.model, "sample"):
        raise BadInput(
            f"{run} is neither a language model nor a generator: {name} trained on {trained.about['dataset']}"
        )
    ours = _TEXT if writes else _MADE
    for flag in _FLAGS:
        if flag.name in asked.typed and flag.group not in (ours, _BOTH):
            takes = ", ".join(each.flag for each in _FLAGS if each.group in (ours, _BOTH))
            raise BadInput(f"{flag.flag} is for {flag.group}; {run} is a {name}, which accepts {takes}")
    if writes:
        _write(trained, given, "prompt" in asked.typed)
    else:
        from ..inference.sample import write_samples

        write_samples(trained, Path(run), given)


def _write(trained: Any, given: Mapping[str, Any], asked: bool) -> None:
    import jax

    from ..files import write_output
    from ..trained.generate_text import generate_tokens

    vocabulary = Vocabulary(tuple(trained.about["vocabulary"]))
    prompt = given["prompt"] if asked or given["prompt"] in vocabulary.tokens else vocabulary.tokens[0]
    options = {name: given[name] for name in ("temperature", "top_k", "top_p")}
    key = jax.random.key(given["seed"])
    start = _start(vocabulary, prompt)
    found = generate_tokens(trained.model, trained.params, trained.state, start, given["length"], key, **options)
    texts = chain((prompt,), (vocabulary.decode(tokens.tolist()) for tokens in found), ("\n",))
    if given["out"] is not None:
        write_output(given["out"], "".join(texts).encode())
        return
    for text in texts:
        sys.stdout.write(text)
        sys.stdout.flush()


def _start(vocabulary: Vocabulary, prompt: str) -> Any:
    """Encodes the prompt; raises BadInput if a part of it is not in the vocabulary."""
    if not prompt:
        raise BadInput("--prompt is empty: give at least one character")
    try:
        unknown = vocabulary.unknown(prompt) if vocabulary.level == "words" else []
        if unknown:
            raise BadInput(
                f"{', '.join(map(repr, unknown))} is not among the {len(vocabulary.tokens)} words of the vocabulary"
            )
        return vocabulary.encode(prompt)
    except BadInput as error:
        raise BadInput(f"--prompt {prompt!r}: {error}") from None
