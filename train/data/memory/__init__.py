"""Arrays, lists and frames in memory as the examples and targets of a data set."""
