"""Readers and writers of file formats, one file a format."""
