"""Searches settings one after another, each from the results of those before it, by Optuna.

Without a storage the search is a function of its flags: finished runs are logged in `sweep.jsonl`, and the same command
proposes the same settings again, takes their results from the log, and continues with the run that was interrupted.
With a storage several workers share its trials, and the settings depend on the order in which these end.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..callback import Callback
from ..config.run_options import RunOptions
from .grid import folder_name
from .programs import Programs, numbers_of, program_of
from .results import ResultLog, Setting, SettingResult, identity
from .study import check_optuna, decode, open_study, space
from .sweep import LOG, open_folder, options_of

__all__ = ["Search", "search"]

_TRIES = 20  # proposals per setting, after which all different ones are taken to be found
_EARLY = 5  # a run is not pruned in its first fifth


@dataclass(frozen=True)
class Search:
    """Space and rules of a search.

    Attributes:
        values: candidates of each value that varies, several or one range.
        setting: makes the setting of values, by name.
        trials: number of different settings.
        prune: end runs that are worse than the median of the others at the same epoch.
        storage: URL or file that several workers share; "": none.
        name: name of the study in the storage.
    """

    values: Mapping[str, Sequence[Any]]
    setting: Callable[[Mapping[str, Any]], Setting]
    trials: int
    prune: bool = False
    storage: str = ""
    name: str = "sweep"


def search(
    wanted: Search,
    seeds: Sequence[int],
    folder: Path,
    options: RunOptions,
    on_setting: Callable[[SettingResult, bool], None] = lambda result, new: None,
    *,
    on_run: Callable[[Setting, int, Mapping[str, Any]], None] = lambda setting, seed, entry: None,
) -> list[SettingResult]:
    """Trains the settings that Optuna proposes, with every seed, except for runs that are finished.

    Args:
        wanted: space and rules of the search.
        seeds: seeds of each setting; the first one is also that of the search.
        folder: folder of the sweep; each run has a folder below it.
        options: options of every run, except for its folder.
        on_setting: called with the result of every setting, and whether any of its runs was trained now.
        on_run: called after every trained run with its setting, seed and logged entry.

    Returns:
        The results of the settings, of all workers, in their order.

    Raises:
        Stopped: by a signal; finished runs are kept.
        BadInput, DataUnavailable: as a run does.
    """
    distributions = space(wanted.values)
    with open_folder(folder, shared=bool(wanted.storage)):
        log = None if wanted.storage else ResultLog(folder / LOG)
        study = open_study(wanted.name, wanted.storage, seeds[0])
        worker, results = _Worker(wanted, seeds, folder, options, log, on_run), _Results(study, wanted)
        while len(results.read()) < wanted.trials and len(study.trials) < _TRIES * wanted.trials:
            trial = study.ask(distributions)
            try:
                runs, place, new = worker.runs(trial, {} if log else _logged(study))
            except BaseException:
                study.tell(trial, state=_states().FAIL)  # of no use to other workers
                raise
            known = results.found.get(runs[0]["recipe"])
            _tell(study, trial, runs, len(seeds), place)
            if known is None:
                on_setting(results.read()[runs[0]["recipe"]], new)
        return list(results.read().values())


class _Worker:
    """Trains the runs of a trial."""

    def __init__(
        self,
        wanted: Search,
        seeds: Sequence[int],
        folder: Path,
        options: RunOptions,
        log: ResultLog | None,
        on_run: Callable[[Setting, int, Mapping[str, Any]], None],
    ):
        self.wanted, self.seeds, self.folder, self.options = wanted, seeds, folder, options
        self.log, self.on_run, self.programs = log, on_run, Programs()

    def runs(self, trial: Any, done: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], Path, bool]:
        """Returns the entries of a trial's runs, up to one that failed or was pruned, their folder, and if any is new.

        Args:
            trial: the trial of Optuna.
            done: entries of finished runs by the identity of their recipes, besides those of the log.
        """
        setting = self.wanted.setting(decode(self.wanted.values, trial.params))
        done = self.log.done if self.log else done
        own = "" if self.log else f"-trial-{trial.number}"  # workers may train a setting at the same time
        place = self.folder / (folder_name(setting.given, identity(replace(setting.recipe, seed=0))) + own)
        reports, found, new = _Reports(trial, self.wanted.prune), [], False
        for seed in self.seeds:
            recipe = replace(setting.recipe, seed=seed)
            entry = done.get(identity(recipe))
            if entry is None:
                entry, new = self._train(setting, seed, place, reports), True
            else:
                reports.repeat(entry)
            found.append(entry)
            if entry["failed"] or entry.get("pruned"):
                break
        return found, place, new

    def _train(self, setting: Setting, seed: int, place: Path, reports: "_Reports") -> dict[str, Any]:
        recipe, options = replace(setting.recipe, seed=seed), options_of(self.options, place / f"seed-{seed}")
        entry = self.programs.train(program_of(setting), recipe, options, numbers_of(setting), [reports])
        entry |= {"curve": reports.curve, "higher": reports.higher, "pruned": reports.pruned}
        if self.log:
            self.log.write(entry)
        self.on_run(setting, seed, entry)
        return entry


class _Reports(Callback):
    """Callback that reports the scores of evaluations to Optuna, and ends a run that is to be pruned."""

    def __init__(self, trial: Any, prune: bool):
        self.trial, self.prune, self.count = trial, prune, 0
        self.curve: list[float] = []
        self.higher, self.pruned = True, False

    def on_start(self, setup: Any, folder: Path | None) -> None:
        """Takes the names of the scores."""
        self.parts, self.higher, self.curve, self.pruned = setup, setup.task.higher_is_better, [], False

    def on_metrics(self, row: dict, fit: dict) -> bool | None:
        """Reports the score of an evaluation; True ends the run."""
        task, plan = self.parts.task, self.parts.plan
        if row["split"] != ("val" if "val" in self.parts.evaluations else "test"):
            return None
        self.curve.append(row[task.headline])
        self._report(row[task.headline])
        middle = plan.steps <= _EARLY * row["step"] and row["step"] < plan.steps
        self.pruned = self.prune and middle and bool(self.trial.should_prune())
        return self.pruned

    def repeat(self, entry: Mapping[str, Any]) -> None:
        """Reports the scores of a run that is finished."""
        self.higher = entry.get("higher", True)
        for score in entry.get("curve", ()):
            self._report(score)

    def _report(self, score: float) -> None:
        self.trial.report(score if self.higher else -score, self.count)
        self.count += 1


def _tell(study: Any, trial: Any, runs: Sequence[Mapping[str, Any]], count: int, place: Path) -> None:
    """Finishes a trial with the mean of its runs, as pruned, or as failed."""
    trial.set_user_attr("runs", list(runs))
    trial.set_user_attr("folder", str(place))
    if runs[-1].get("pruned"):
        study.tell(trial, state=_states().PRUNED)
    elif runs[-1]["failed"] or len(runs) < count or not math.isfinite(runs[-1]["score"]):
        study.tell(trial, state=_states().FAIL)
    else:
        mean = math.fsum(run["score"] for run in runs) / count
        study.tell(trial, mean if runs[0]["higher"] else -mean)


class _Results:
    """Results of the finished trials of a study, by the identity of their first run."""

    def __init__(self, study: Any, wanted: Search):
        self._study, self._wanted, self._seen = study, wanted, set[int]()
        self.found: dict[str, SettingResult] = {}

    def read(self) -> dict[str, SettingResult]:
        """Returns the results, those of other workers as well; of equal settings the first one."""
        for trial in self._study.get_trials(deepcopy=False):
            if trial.number in self._seen or not trial.state.is_finished():
                continue
            self._seen.add(trial.number)
            runs = trial.user_attrs.get("runs")
            if runs and runs[0]["recipe"] not in self.found:
                setting = self._wanted.setting(decode(self._wanted.values, trial.params))
                self.found[runs[0]["recipe"]] = SettingResult(setting, runs, Path(trial.user_attrs["folder"]))
        return self.found


def _logged(study: Any) -> dict[str, Mapping[str, Any]]:
    """Returns the entries of all finished runs in a storage, by the identity of their recipes."""
    trials = study.get_trials(deepcopy=False)
    return {run["recipe"]: run for trial in trials for run in trial.user_attrs.get("runs", ())}


def _states() -> Any:
    return check_optuna("--search").trial.TrialState
