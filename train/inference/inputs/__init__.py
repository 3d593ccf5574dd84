"""Inputs for a saved model, read from the user's files: images, arrays, tables, texts."""
