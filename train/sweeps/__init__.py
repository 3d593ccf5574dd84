"""Sweeps: grids of settings, runs side by side, ranked results."""
