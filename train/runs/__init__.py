"""Runs: setup, start, resume, folder and result."""
