"""Recipes: one file an animal, mirroring `zoo/`; each defines RECIPES."""
