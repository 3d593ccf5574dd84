"""Loss functions: arrays in, one loss per example out."""
