"""Recipes: one file an animal, mirroring `zoo/`; each ends with its BOOK."""
