"""Lowerings that are faster than the plain form and equal to it, one file each beside its plain form's name."""
