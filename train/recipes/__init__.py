"""Recipes of the models: one file per model, as in `zoo/`; each defines RECIPES."""
