"""Data: data sets and their sources, file formats, splits, normalization, augmentation and reading from the disk."""
