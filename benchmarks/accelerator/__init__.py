"""Measures an accelerator in a few minutes: `python -m benchmarks.accelerator`."""
