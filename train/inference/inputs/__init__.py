"""Inputs of a user's own for a saved model: pictures, arrays, tables, texts, read from files."""
