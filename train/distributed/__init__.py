"""Devices and processes: sharding, start and end of a run over several."""
