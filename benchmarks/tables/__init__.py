"""Measures training on a table of one's own: scores beside scikit-learn's, time and memory of a large table."""
