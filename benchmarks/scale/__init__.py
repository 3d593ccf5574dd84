"""Limits of training on many devices: collectives counted in compiled programs, and calculations."""
