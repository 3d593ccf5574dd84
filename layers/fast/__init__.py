"""Faster implementations of cells over time, with results equal to the plain form."""
