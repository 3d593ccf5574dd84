"""Batches: from data in memory, on disk, from an iterator or a text to the device."""
