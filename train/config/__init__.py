"""Recipes, run options, configuration files and their checks. Needs no jax."""
