"""Registers the models of this folder for some tests, as an installed package would: by entry points."""

import sys
from contextlib import contextmanager
from importlib import import_module

ENTRY_POINTS = """\
[zoo.models]
linear_autoencoder = tests.train.tasks.models.linear_autoencoder
mixture = tests.train.tasks.models.mixture
kmeans = tests.train.tasks.models.kmeans

[zoo.trainers]
expectation_maximisation = tests.train.tasks.models.mixture
lloyd = tests.train.tasks.models.kmeans

[zoo.tasks]
worst_feature = tests.train.tasks.models.linear_autoencoder

[zoo.datasets]
patterns = tests.train.tasks.models.patterns
"""
_REGISTRIES = ("zoo._plugins", "zoo._catalogue", "zoo.train.trainers", "zoo.train.tasks", "zoo.train.data.sources")


@contextmanager
def registered(folder):
    """Puts the metadata of a package into a folder on the search path, for the length of the block."""
    metadata = folder / "zoo_task_models-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-task-models\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _forget()


def _forget():
    for name in _REGISTRIES:
        for value in vars(import_module(name)).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
