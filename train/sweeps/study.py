"""The study of Optuna behind a search: its space, its sampler and its storage.

Sampler: tree-structured Parzen estimator, Bergstra, Bardenet, Bengio and Kegl, "Algorithms for hyper-parameter
optimization", 2011. Pruning: the median rule of Golovin et al., "Google Vizier", 2017.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BadInput
from .grid import Range, format_value

__all__ = ["check_optuna", "decode", "open_study", "space"]

_STARTUP = 5  # settings before the first one can be pruned


def check_optuna(flag: str) -> Any:
    """Returns the module of Optuna.

    Raises:
        BadInput: if it is not installed; the message names the flag that needs it.
    """
    try:
        import optuna  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise BadInput(f"{flag} needs optuna, not installed here: pip install 'neural-network-zoo[sweep]'") from error
    return optuna


def space(values: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Returns the distribution of each value: that of its range, or its choices as they are typed.

    Raises:
        BadInput: if a range is one of several values.
    """
    distributions = check_optuna("--search").distributions
    found = {}
    for name, some in values.items():
        ranges = [each for each in some if isinstance(each, Range)]
        if ranges and len(some) > 1:
            flag = f"--{name.replace('_', '-')} {','.join(map(format_value, some))}"
            raise BadInput(f"{flag}: --search takes one range or several values, not both")
        if not ranges:
            found[name] = distributions.CategoricalDistribution([format_value(each) for each in some])
            continue
        low, high, whole = ranges[0]
        kind = distributions.IntDistribution if whole else distributions.FloatDistribution
        found[name] = kind(low, high, log=low > 0)
    return found


def decode(values: Mapping[str, Sequence[Any]], params: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values that parameters of a trial stand for; numbers of a range have three digits."""
    return {
        name: some[0].rounded(params[name])
        if isinstance(some[0], Range)
        else next(each for each in some if format_value(each) == params[name])
        for name, some in values.items()
    }


def open_study(name: str, storage: str, seed: int) -> Any:
    """Opens the study of a name, to be maximised, or creates it.

    Args:
        name: name of the study in the storage.
        storage: URL of a database, or path of a file that all workers can write to; "": memory.
        seed: seed of the samples.

    Raises:
        BadInput: if the storage cannot be opened.
    """
    optuna = check_optuna("--search")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=_STARTUP)
    kept: Any = storage or None
    try:
        if storage and "://" not in storage:
            kept = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(storage))
        return optuna.create_study(
            study_name=name, storage=kept, sampler=_sampler(optuna, seed), pruner=pruner, direction="maximize",
            load_if_exists=True,
        )  # fmt: skip
    except Exception as error:  # of a storage Optuna, SQLAlchemy and database drivers raise errors of many types
        raise BadInput(
            f"--storage {storage} cannot be opened: {error}. Give the URL of a database, such as sqlite:///sweep.db or "
            "postgresql://USER:PASSWORD@HOST/NAME, whose driver is installed, or the path of a file"
        ) from error


def _sampler(optuna: Any, seed: int) -> Any:
    """Returns a sampler whose samples depend on the seed, the number of a trial and the finished trials alone.

    That of Optuna continues one stream of random numbers, which a process that continues a search does not know.
    """

    def of(trial: Any, what: str = "") -> Any:
        return optuna.samplers.TPESampler(seed=zlib.crc32(f"{seed} {trial.number} {what}".encode()))

    class Sampler(optuna.samplers.BaseSampler):
        def infer_relative_search_space(self, study, trial):
            return of(trial).infer_relative_search_space(study, trial)

        def sample_relative(self, study, trial, search_space):
            return of(trial).sample_relative(study, trial, search_space)

        def sample_independent(self, study, trial, param_name, param_distribution):
            return of(trial, param_name).sample_independent(study, trial, param_name, param_distribution)

    return Sampler()
