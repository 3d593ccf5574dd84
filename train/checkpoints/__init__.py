"""Checkpoints: format, writer, manifest and shares of several processes."""
