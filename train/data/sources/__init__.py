"""Data sets, one file a family; the folder is the list."""
