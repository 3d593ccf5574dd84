"""Evaluates a trained model on test examples, its own or those of another data set."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from ..config.schema import Option, data_flags, run_flags
from ..data.dataset import Place, source
from ..errors import BadInput, CheckpointUnusable
from ..option_types import Bounds
from ..strict_json import strict
from ..trained.file import check_origin, header, locate
from .model_args import JSON, MODEL, THRESHOLD, ModelArgs, note, parse_model_args, print_json
from .parser import Parser
from .shorthands import as_typed, expand_shorthands

__all__ = ["main"]

_DATASET = Option("dataset", str, None, "name of a data set (default: that of the training)", "data")
_ALL = Option("all", bool, False, "score all examples, not only the test split", "data")
_IMPORTANCE = Option(
    "importance",
    bool,
    False,
    "importance of the columns of a table: the fall of the score by permutation of one",
    "scores",
)
_REPEATS = Option("repeats", Annotated[int, Bounds(1)], 10, "permutations of each column, with --importance", "scores")
_OUT = Option("out", Path, None, "folder for evaluation.json and pictures of the scores (default: none)", "output")
_FILE = "evaluation.json"
_SHOWN = 20  # columns in the table of importance
_PLACE = tuple(flag for flag in run_flags() if flag.name in ("data_dir", "offline"))
_TEXT = """\
Evaluates a trained model on the test examples of its data set, with the metrics of the run, or on those of another data
set with inputs and targets of the same form. Options of the data set: --d.fold 1; files of your own: --text FILE,
--csv FILE."""


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
    if "repeats" in asked.typed and not given["importance"]:
        raise BadInput(f"--repeats {given['repeats']} has no effect without --importance")
    folder = _folder(given["out"])
    result = evaluate(trained, given["dataset"] or "", place, typed, given["all"])
    note(as_typed(each, words) for each in result.notes)
    found, content = None, _json(asked.run, trained, result)
    if given["importance"]:
        from ..inference.importance import importance

        assert result.data is not None, "evaluate gives the data that it scored"
        found = importance(trained, source(result.dataset), result.data, given["repeats"], place=place)
        content["importance"] = found._asdict()
    if given["json"]:
        print_json(content)
    else:
        _show(asked.run, trained, result, "" if given["all"] else "test ")
        _show_importance(found)
    if folder is not None:
        _write(folder, trained, result, found, content, quiet=given["json"])


def _folder(out: Path | None) -> Path | None:
    """Returns the folder of --out, which is new, empty or holds an earlier evaluation."""
    if out is None:
        return None
    folder = out.expanduser()
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / _FILE).is_file())):
        raise BadInput(f"--out {out} is not empty and holds no evaluation: name a new or an empty folder")
    return folder


def _write(folder: Path, trained: Any, result: Any, found: Any, content: dict[str, Any], *, quiet: bool) -> None:
    """Writes what was found, and its pictures."""
    from ..evaluation.pictures import draw_evaluation
    from ..files import write_output

    folder.mkdir(parents=True, exist_ok=True)
    draw_evaluation(trained, source(result.dataset), result.data, result.details, folder)
    if found is not None:
        from ..inference.importance import importance_csv
        from ..plots.importance import importance

        importance(found.columns, found.metric, folder / "importance.png")
        write_output(folder / "importance.csv", importance_csv(found))
    write_output(folder / _FILE, json.dumps(strict(content), indent=1, allow_nan=False).encode())
    if not quiet:
        print(f"{', '.join(sorted(path.name for path in folder.iterdir()))} in {folder}")


def _trained_on(words: Sequence[str]) -> str:
    """Returns the data set of the model that the words name; "" if they name none."""
    return "" if not words or words[0].startswith("-") else str(header(locate(words[0])).get("dataset", ""))


def _flags(words: Sequence[str]) -> list[Option]:
    """Returns the flags, among them the options of the data set that the words or the model file name."""
    common = [_DATASET, _ALL, *_PLACE, THRESHOLD, _IMPORTANCE, _REPEATS, JSON, _OUT]
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


def _show_importance(found: Any) -> None:
    """Prints the table of the importance of columns."""
    if found is None:
        return
    from ..reporting.console_stream import terminal
    from ..reporting.tables import importance_table

    print_ = terminal().print
    print_(importance_table(found.columns[:_SHOWN], found.metric))
    left = len(found.columns) - _SHOWN
    rest = f"; {left} more columns fall less" if left > 0 else ""
    print_(f"mean and spread of {found.repeats} permutations, {found.metric} {found.score:.4g}{rest}", soft_wrap=True)
