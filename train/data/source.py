"""Former place of `zoo.train.data.dataset`; imports from here still work in release 0.2."""

from .dataset import Dataset, Place, Source, Split, load_data, source

__all__ = ["Dataset", "Place", "Source", "Split", "load_data", "source"]
