"""Data: one file a source, and what every source shares (download, normalisation, augmentation)."""
