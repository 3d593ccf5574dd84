"""Evaluates a trained model on test examples, its own or those of another data set."""

from collections.abc import Sequence
from typing import Any

from ..config.schema import Option, data_flags, run_flags
from ..data.dataset import Place, source
from ..errors import CheckpointUnusable
from ..trained.file import header, locate
from ..trained.origin import check_origin
from .model_args import JSON, MODEL, ModelArgs, note, parse_model_args, print_json
from .parser import Parser
from .shorthands import as_typed, expand_shorthands

__all__ = ["main"]

_DATASET = Option("dataset", str, None, "name of a data set (default: that of the training)", "data")
_ALL = Option("all", bool, False, "score all examples, not only the test split", "data")
_PLACE = tuple(flag for flag in run_flags() if flag.name in ("data_dir", "offline"))
_TEXT = """\
Evaluates a trained model on the test examples of its data set, with the metrics of the run, or on those of another data
set with inputs and targets of the same form. Options of the data set: --d.fold 1; files of your own: --text FILE,
--csv FILE --column NAME."""


def main(words: Sequence[str], prog: str = "python -m zoo evaluate") -> int:
    """Prints the metrics of a trained model; returns the exit code."""
    as_given, words = words, expand_shorthands(words, _trained_on(words))
    asked = parse_model_args(words, prog, _flags(words), _TEXT, "[--dataset NAME] [--json]")
    if asked is None:
        return 0
    from ..inference.memory import explain_out_of_memory

    explain_out_of_memory(asked.run, lambda: _evaluate(asked, as_given))
    return 0


def _evaluate(asked: ModelArgs, words: Sequence[str]) -> None:
    from ..evaluation.saved_model import evaluate

    given, trained = asked.given, asked.load()
    place = Place(given["data_dir"], given["offline"])
    typed = {name[2:]: given[name] for name in asked.typed if name.startswith("d.")}
    result = evaluate(trained, given["dataset"] or "", place, typed, given["all"])
    note(as_typed(each, words) for each in result.notes)
    if given["json"]:
        print_json(_json(asked.run, trained, result))
    else:
        _show(asked.run, trained, result, "" if given["all"] else "test ")


def _trained_on(words: Sequence[str]) -> str:
    """Returns the data set of the model that the words name; "" if they name none."""
    return "" if not words or words[0].startswith("-") else str(header(locate(words[0])).get("dataset", ""))


def _flags(words: Sequence[str]) -> list[Option]:
    """Returns the flags, among them the options of the data set that the words or the model file name."""
    common = [_DATASET, _ALL, *_PLACE, JSON]
    found, _ = Parser([_DATASET, MODEL]).read_known(words[1:])
    if not words or words[0].startswith("-"):
        return common
    path = locate(words[0])
    about = header(path)
    check_origin(path, about, found.get("model"))
    try:
        own, options = about["dataset"], about["recipe"]["d"]
    except (KeyError, TypeError) as error:
        raise CheckpointUnusable(f"{words[0]} does not state the data set that it was trained on") from error
    name = found.get("dataset") or own
    return [*common, *data_flags(source(name), options if name == own else {})]


def _json(run: str, trained: Any, result: Any) -> dict[str, Any]:
    return {
        "run": run,
        "model": trained.about["model"],
        "trained_on": trained.about["dataset"],
        "dataset": result.dataset,
        "examples": result.examples,
        "metrics": dict(result.metrics),
        "class_names": list(trained.classes),
        **result.details,
        **({"baseline": dict(result.baseline)} if result.baseline else {}),
        "notes": list(result.notes),
    }


def _show(run: str, trained: Any, result: Any, split: str) -> None:
    from ..reporting.console_stream import terminal
    from ..reporting.tables import class_table, metric_table

    print_ = terminal().print
    print_(
        f"{run}: {trained.about['model']} trained on {trained.about['dataset']}, "
        f"evaluated on the {result.examples:,} {split}{trained.task.counted} of {result.dataset}",
        soft_wrap=True,
    )
    baseline = result.baseline
    measures = result.details.get("measures", {})
    beside = baseline.get("metrics", {}) | baseline.get("measures", {})
    label = f"baseline: {baseline['name']}" if baseline else ""
    print_(metric_table(dict(result.metrics) | measures, beside if baseline else None, label))
    if "classes" in result.details:
        print_(class_table(result.details["classes"], trained.classes))
