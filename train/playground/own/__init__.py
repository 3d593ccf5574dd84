"""Data that a user makes on the page: their checks, and the data sets that they become."""
